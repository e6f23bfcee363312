//! The token itself, and whether a consumer could use it as it is.

use serde_json::Value;

use super::body::Members;
use crate::reason::Reason;

/// Largest token that is published: Secrets end at 1 MiB, and header limits of servers far below.
const LONGEST_BYTES: usize = 64 * 1024;

/// Words for a bearer token, without case and punctuation: the standard's, Apigee's, and eBay's two.
const BEARER: &[&str] = &[
    "bearer",
    "bearertoken",
    "applicationaccesstoken",
    "useraccesstoken",
];

/// Words that are known to mean something else, and may be named.
const OTHERS: &[&str] = &["mac", "pop", "dpop", "n_a"];

/// The access token, none if the answer has no such member.
pub(super) fn access_token(members: &Members) -> Result<Option<&str>, (Reason, String)> {
    let Some(value) = members.get("access_token") else {
        return Ok(None);
    };
    let Value::String(token) = value else {
        return Err(invalid("access_token is not text"));
    };
    if token.trim().is_empty() {
        return Err(invalid("access_token is blank"));
    }
    if token.len() > LONGEST_BYTES {
        let detail = format!("access_token has {} bytes", token.len());
        return Err((Reason::TokenTooLarge, detail));
    }
    if token.starts_with(' ') || token.ends_with(' ') {
        return Err(invalid("access_token begins or ends with a space"));
    }
    match token.char_indices().find(|(_, c)| !matches!(c, ' '..='~')) {
        None => Ok(Some(token)),
        Some((offset, c)) => Err(invalid(&format!(
            "access_token has the character U+{:04X} at byte {offset}",
            u32::from(c)
        ))),
    }
}

fn invalid(detail: &str) -> (Reason, String) {
    (Reason::InvalidToken, detail.to_owned())
}

/// A consumer sends the token as a bearer token; other types need a proof with every request.
pub(super) fn check_type(members: &Members) -> Result<(), (Reason, String)> {
    let word = match members.get("token_type") {
        None => return Ok(()),
        Some(Value::String(word)) => word.trim().to_ascii_lowercase(),
        Some(_) => return Err(unsupported("something that is not text")),
    };
    let plain = word.replace([' ', '_', '-'], "");
    if word.is_empty() || BEARER.contains(&plain.as_str()) {
        return Ok(());
    }
    let named = OTHERS.iter().find(|other| **other == word);
    Err(unsupported(named.unwrap_or(&"an unknown word")))
}

fn unsupported(what: &str) -> (Reason, String) {
    let detail = format!("token_type is {what}, not bearer");
    (Reason::UnsupportedTokenType, detail)
}
