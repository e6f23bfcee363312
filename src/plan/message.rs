//! The sentences that people read. They hold absolute times only, so that an unchanged situation reads the same.

use jiff::Timestamp;

use crate::{api::v1alpha1::LastError, provider::Refusal, reason::Reason};

/// A time to the second.
pub(super) fn time(at: Timestamp) -> String {
    format!("{at:.0}")
}

/// `ClientAuthFailed: HTTP 401 invalid_client from login.example.com.` and what to do.
pub(super) fn refusal(refusal: &Refusal) -> String {
    let detail = match (refusal.detail.is_empty(), answer_of(refusal)) {
        (true, None) => String::new(),
        (true, Some(answer)) => format!(": {answer}"),
        (false, None) => format!(": {}", refusal.detail),
        (false, Some(answer)) => format!(": {} ({answer})", refusal.detail),
    };
    format!(
        "{}{}. {}",
        refusal.reason,
        detail.trim_end_matches('.'),
        refusal.reason.hint()
    )
}

fn answer_of(refusal: &Refusal) -> Option<String> {
    answer(
        refusal.http_status,
        refusal
            .oauth_error
            .as_deref()
            .or(refusal.provider_code.as_deref()),
        refusal.endpoint.as_deref(),
    )
}

/// `ProviderUnavailable: HTTP 503 from login.example.com`, out of what status remembers.
pub(super) fn last_error(error: &LastError) -> String {
    let answer = answer(
        error.http_status,
        error
            .oauth_error
            .as_deref()
            .or(error.provider_code.as_deref()),
        error.endpoint.as_deref(),
    );
    answer.map_or_else(
        || error.reason.clone(),
        |answer| format!("{}: {answer}", error.reason),
    )
}

fn answer(status: Option<u16>, code: Option<&str>, endpoint: Option<&str>) -> Option<String> {
    let words: Vec<String> = [
        status.map(|status| format!("HTTP {status}")),
        code.map(str::to_owned),
        endpoint.map(|endpoint| format!("from {endpoint}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// How a sentence of [`next_try`] begins.
const NEXT_TRY: [&str; 2] = [" Next try at ", " Not tried again before "];

pub(super) fn next_try(at: Option<Timestamp>) -> String {
    match at {
        Some(at) => format!("Next try at {}.", time(at)),
        None => "Not tried again before the source or the spec changes, or a refresh is requested."
            .to_owned(),
    }
}

pub(super) fn without_next_try(message: &str) -> &str {
    let ends = NEXT_TRY.iter().filter_map(|next| message.rfind(next));
    ends.min().map_or(message, |end| &message[..end])
}

/// Does the message begin with this reason?
pub(super) fn tells_of(message: &str, reason: &str) -> bool {
    message
        .strip_prefix(reason)
        .is_some_and(|rest| rest.starts_with([':', '.']))
}

pub(super) fn secrets(names: &[&str]) -> String {
    match names {
        [one] => format!("Secret {one}"),
        several => format!("Secrets {}", several.join(", ")),
    }
}

/// What a target that was lost again and again reads like.
pub(super) fn rationed(names: &[&str], count: u32, until: Timestamp) -> String {
    format!(
        "{}: {} credentials were needed outside the schedule within the hour; the next is obtained at {}. {}",
        secrets(names),
        count,
        time(until),
        Reason::TargetUnstable.hint()
    )
}
