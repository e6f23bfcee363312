//! The few things of a server's answer that may be shown: codes of a fixed form that name a failure to its vendor.

use http::HeaderMap;

use super::{Reading, body::Members};

/// Members and headers that hold an identifier of the request.
const CORRELATION_MEMBERS: &[&str] = &["correlation_id", "trace_id", "request_id"];
const CORRELATION_HEADERS: &[&str] = &[
    "x-request-id",
    "x-ms-request-id",
    "request-id",
    "x-correlation-id",
    "client-request-id",
];

// === impl Reading ===

impl Reading<'_> {
    /// Would the word show what was sent, or a good part of it?
    pub(super) fn echoes(&self, word: &str) -> bool {
        let telling = word.len() >= 8;
        [&self.material.principal, &self.material.credential]
            .into_iter()
            .flatten()
            .map(|input| input.value.expose())
            .any(|secret| {
                !secret.is_empty() && (word.contains(secret) || telling && secret.contains(word))
            })
    }
}

/// `error` of RFC 6749 section 5.2.
pub(super) fn oauth_error(members: &Members, reading: Reading<'_>) -> Option<String> {
    let word = members.text("error")?;
    let fits = (1..=64).contains(&word.len())
        && word
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    (fits && !reading.echoes(word)).then(|| word.to_owned())
}

/// Number of Microsoft's directory, as in `AADSTS7000215`.
pub(super) fn directory_code(sentence: &str) -> Option<&str> {
    const PREFIX: &str = "AADSTS";
    let start = sentence.find(PREFIX)?;
    let digits = sentence[start + PREFIX.len()..]
        .bytes()
        .take_while(u8::is_ascii_digit)
        .count();
    (4..=7)
        .contains(&digits)
        .then(|| &sentence[start..start + PREFIX.len() + digits])
}

/// A UUID that names the request, from the body or the headers.
pub(super) fn correlation_id(
    members: Option<&Members>,
    headers: &HeaderMap,
    reading: Reading<'_>,
) -> Option<String> {
    let from_body = CORRELATION_MEMBERS
        .iter()
        .filter_map(|name| members?.text(name));
    let from_headers = CORRELATION_HEADERS
        .iter()
        .filter_map(|name| headers.get(*name)?.to_str().ok());
    from_body
        .chain(from_headers)
        .map(str::trim)
        .find(|text| is_uuid(text) && !reading.echoes(text))
        .map(str::to_ascii_lowercase)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Names of members, at most eight, so that a person recognises what answered. Names only.
pub(super) fn member_names(members: &Members, reading: Reading<'_>) -> String {
    let names: Vec<&str> = members
        .names()
        .filter(|name| is_a_name(name) && !reading.echoes(name))
        .take(8)
        .collect();
    names.join(", ")
}

/// Made of words that are known to be none of anybody's secret: a server may use a token as a name, and a bare token in
/// base64 reads as a form.
fn is_a_name(text: &str) -> bool {
    let mut words = vec![String::new()];
    for letter in text.chars() {
        if !letter.is_ascii_lowercase() && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (letter != '_' && letter != '-', words.last_mut()) {
            word.push(letter.to_ascii_lowercase());
        }
    }
    words.iter().all(|word| WORDS.contains(&word.as_str()))
}

/// What names of members are made of, in answers of token endpoints and of what is mistaken for one.
const WORDS: &[&str] = &[
    "access",
    "account",
    "active",
    "api",
    "application",
    "at",
    "auth",
    "authorization",
    "body",
    "claims",
    "client",
    "code",
    "content",
    "count",
    "created",
    "data",
    "date",
    "description",
    "detail",
    "details",
    "device",
    "document",
    "email",
    "endpoint",
    "endpoints",
    "errcode",
    "errmsg",
    "error",
    "errors",
    "exp",
    "expiration",
    "expires",
    "expiry",
    "grant",
    "groups",
    "health",
    "host",
    "iat",
    "id",
    "in",
    "info",
    "interval",
    "is",
    "issued",
    "issuer",
    "items",
    "jwks",
    "jwt",
    "key",
    "keys",
    "kind",
    "lifetime",
    "link",
    "links",
    "login",
    "message",
    "messages",
    "meta",
    "metadata",
    "method",
    "msg",
    "name",
    "now",
    "object",
    "ok",
    "organization",
    "other",
    "page",
    "path",
    "payload",
    "reason",
    "refresh",
    "request",
    "response",
    "result",
    "results",
    "roles",
    "scope",
    "scopes",
    "server",
    "service",
    "session",
    "sso",
    "state",
    "status",
    "sub",
    "subject",
    "success",
    "tenant",
    "time",
    "timestamp",
    "title",
    "token",
    "tokens",
    "total",
    "trace",
    "ttl",
    "type",
    "types",
    "uri",
    "url",
    "user",
    "username",
    "valid",
    "value",
    "version",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directory_code_is_cut_out_of_its_sentence() {
        for (sentence, code) in [
            (
                "AADSTS7000215: Invalid client secret",
                Some("AADSTS7000215"),
            ),
            ("x (AADSTS50196)", Some("AADSTS50196")),
            ("AADSTS12", None),
            ("AADSTS12345678", None),
            ("nothing", None),
        ] {
            assert_eq!(directory_code(sentence), code);
        }
    }

    #[test]
    fn a_token_is_no_name() {
        for name in ["access_token", "expiresIn", "_links", "trace-id"] {
            assert!(is_a_name(name), "{name}");
        }
        for token in [
            "dGhpcyBpcyBhIHRva2Vu",
            "9f86d081884c7d65",
            "sk_live_4eC39HqLyjWD",
            "orwqncQDkionTahk",
            "token1",
            "token.",
            "",
        ] {
            assert!(!is_a_name(token), "{token}");
        }
    }

    #[test]
    fn only_a_uuid_is_one() {
        assert!(is_uuid("6f1a2b3c-0000-4000-8000-0123456789ab"));
        assert!(!is_uuid("6f1a2b3c-0000-4000-8000-0123456789a£"));
        assert!(!is_uuid("6f1a2b3c00004000800000123456789ab"));
    }
}
