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

/// Looks like a name that a person gave, as `access_token` or `expiresIn` do. A server may use a token as a name, and a
/// bare token in base64 reads as a form.
fn is_a_name(text: &str) -> bool {
    let letters = text
        .bytes()
        .all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    let longest_word = text
        .split(|letter: char| letter == '_' || letter.is_ascii_uppercase())
        .map(str::len)
        .max();
    let capitals = text.bytes().filter(u8::is_ascii_uppercase).count();
    letters && (1..=32).contains(&text.len()) && capitals <= 3 && longest_word <= Some(14)
}

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
        for name in [
            "access_token",
            "expiresIn",
            "_links",
            "authentication_token_lifetime",
        ] {
            assert!(is_a_name(name), "{name}");
        }
        for token in [
            "dGhpcyBpcyBhIHRva2Vu",
            "9f86d081884c7d65",
            "sk_live_4eC39HqLyjWD",
            "abcdefghijklmnopqrstuvwxyz",
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
