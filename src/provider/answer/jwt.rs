//! The end inside a token. Nothing is verified: it may only shorten a life.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::Value;

use super::number;

/// The claim `exp` (RFC 7519 section 4.1.4) of a signed JWT. Zero is how some servers write "never".
pub(in super::super) fn end(token: &str) -> Option<Timestamp> {
    let mut parts = token.split('.');
    let (header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    object(header)?;
    let exp = number::of(object(claims)?.get("exp")?)?;
    (exp != 0.0).then(|| number::epoch(exp))
}

fn object(part: &str) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok().filter(Value::is_object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, claims: &str) -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.c2lnbmF0dXJl", part(header), part(claims))
    }

    #[test]
    fn exp_of_a_jwt_is_found() {
        for claims in [r#"{"exp":1764040000}"#, r#"{"exp":1764040000.5}"#] {
            let end = end(&token(r#"{"alg":"RS256"}"#, claims)).unwrap();
            assert_eq!(end.as_second(), 1_764_040_000);
        }
    }

    #[test]
    fn anything_else_has_no_end() {
        for token in [
            token(r#"{"alg":"RS256"}"#, r#"{"sub":"a"}"#),
            token(r#"{"alg":"RS256"}"#, r#"{"exp":0}"#),
            token(r#"{"alg":"RS256"}"#, "[]"),
            token("x", r#"{"exp":1764040000}"#),
            "opaque".to_owned(),
            "a.b.c".to_owned(),
            "a.b.c.d.e".to_owned(),
        ] {
            assert_eq!(end(&token), None, "{token}");
        }
    }
}
