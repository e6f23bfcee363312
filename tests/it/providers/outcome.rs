//! Compares what came of a case with what was expected of it.

use authkeeper::{
    provider::{Credential, Expiry, Refusal},
    sensitive::SecretText,
};
use jiff::Timestamp;

use super::case::{Expect, ExpectedCredential, ExpectedRefusal};

pub(super) struct Shown<'a> {
    outcome: &'a Result<Credential, Refusal>,
    now: Timestamp,
}

/// Differences, in words.
#[derive(Default)]
struct Differences(Vec<String>);

// === impl Shown ===

impl<'a> Shown<'a> {
    pub(super) fn of(outcome: &'a Result<Credential, Refusal>, now: Timestamp) -> Self {
        Self { outcome, now }
    }

    pub(super) fn differences(&self, expect: &Expect) -> Vec<String> {
        let mut found = Differences::default();
        match (self.outcome, &expect.credential, &expect.refusal) {
            (Ok(credential), Some(expected), None) => {
                self.credential(credential, expected, &mut found);
            }
            (Err(refusal), None, Some(expected)) => compare_refusal(refusal, expected, &mut found),
            (outcome, _, _) => found.0.push(format!("ended as {outcome:?}")),
        }
        found.0
    }

    fn credential(
        &self,
        credential: &Credential,
        expected: &ExpectedCredential,
        found: &mut Differences,
    ) {
        if let Some(scheme) = &expected.scheme {
            found.compare("scheme", &credential.scheme.to_owned(), scheme);
        }
        for (name, value) in &expected.values {
            let is = credential.values.get(name).map(SecretText::expose);
            found.compare(name, &is, &Some(value.as_str()));
        }
        if expected.exact_values {
            let names = |keys: Vec<&String>| format!("{keys:?}");
            found.compare(
                "names of values",
                &names(credential.values.keys().collect()),
                &names(expected.values.keys().collect()),
            );
            let header = credential
                .header
                .as_ref()
                .map(|(name, value)| format!("{name}: {}", value.expose()));
            found.compare("header", &header, &expected.header);
        }
        if let Some(expiry) = &expected.expiry {
            found.compare("expiry", &self.expiry(&credential.expiry), expiry);
        }
        found.compare(
            "missing scopes",
            &credential.missing_scopes,
            &expected.missing_scopes,
        );
        if expected.learned.is_some() {
            found.compare(
                "learned",
                &credential.learned_client_auth,
                &expected.learned,
            );
        }
    }

    fn expiry(&self, expiry: &Expiry) -> String {
        match expiry {
            Expiry::Never => "never".into(),
            Expiry::Unstated => "unstated".into(),
            Expiry::At(end, source) => {
                let seconds = end.duration_since(self.now).as_secs();
                format!("{seconds} {}", source.as_str())
            }
        }
    }
}

fn compare_refusal(refusal: &Refusal, expected: &ExpectedRefusal, found: &mut Differences) {
    found.compare("reason", &refusal.reason.to_string(), &expected.reason);
    for part in &expected.detail {
        if !refusal.detail.contains(part) {
            found
                .0
                .push(format!("detail is {:?}, without {part:?}", refusal.detail));
        }
    }
    found.compare("oauth error", &refusal.oauth_error, &expected.oauth_error);
    found.compare(
        "provider code",
        &refusal.provider_code,
        &expected.provider_code,
    );
    found.compare(
        "correlation id",
        &refusal.correlation_id,
        &expected.correlation_id,
    );
    found.compare(
        "retry after",
        &refusal.retry_after.map(|pause| pause.as_secs()),
        &expected.retry_after,
    );
    if expected.status.is_some() {
        found.compare("status", &refusal.http_status, &expected.status);
    }
    if expected.endpoint.is_some() {
        found.compare("endpoint", &refusal.endpoint, &expected.endpoint);
    }
}

// === impl Differences ===

impl Differences {
    fn compare<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, is: &T, should_be: &T) {
        if is != should_be {
            self.0.push(format!("{what} is {is:?}, not {should_be:?}"));
        }
    }
}
