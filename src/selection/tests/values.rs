//! What values are refused, and how that is said.

use serde_json::{Value, json};

use super::{SourceData, method, secret, select_one};
use crate::{provider::Refusal, reason::Reason, sensitive::SecretBytes};

fn value_of(field: Value, stored: &[u8]) -> Result<String, Refusal> {
    let mut field = field;
    field["name"] = json!("ClientSecret");
    field["role"] = json!("credential");
    let method = method(json!({"basic": {}, "fields": [field]}));
    let mut source: SourceData = secret("orders", &[]);
    source.values = Some([("client_secret".to_owned(), SecretBytes::new(stored))].into());
    let candidate = select_one(&method, &[source])?;
    Ok(candidate.material.credential().unwrap().to_owned())
}

fn problem(field: Value, stored: &[u8]) -> String {
    let refusal = value_of(field, stored).unwrap_err();
    assert_eq!(refusal.reason, Reason::SourceSecretInvalid);
    let place = "Secret orders, key client_secret (field ClientSecret): ";
    refusal.detail.strip_prefix(place).unwrap().to_owned()
}

#[test]
fn one_line_ending_is_stripped_and_white_space_is_kept() {
    for (stored, expected) in [
        ("svc\n", "svc"),
        ("s3\r\n", "s3"),
        (" lead and trail ", " lead and trail "),
        ("ab c", "ab c"),
    ] {
        assert_eq!(value_of(json!({}), stored.as_bytes()), Ok(expected.into()));
    }
}

#[test]
fn invisible_characters_are_named_with_their_place() {
    for (stored, character) in [
        ("abc\u{200b}", "U+200B at byte 3"),
        ("\u{feff}abc", "U+FEFF at byte 0"),
        ("a\u{e4}\u{200e}", "U+200E at byte 3"),
        ("a\nb", "U+000A at byte 1"),
        ("a\n\n", "U+000A at byte 1"),
        ("a\tb", "U+0009 at byte 1"),
        ("a\0", "U+0000 at byte 1"),
        ("a\u{7f}", "U+007F at byte 1"),
    ] {
        assert_eq!(
            problem(json!({}), stored.as_bytes()),
            format!("contains the invisible character {character}")
        );
    }
}

#[test]
fn text_must_be_utf8() {
    assert_eq!(problem(json!({}), b"a\xff"), "is not UTF-8");
}

#[test]
fn types_lists_and_patterns_are_held() {
    for (field, stored, expected) in [
        (json!({"type": "Integer"}), "x", "is not an integer"),
        (json!({"type": "Boolean"}), "x", "is not true or false"),
        (
            json!({"type": "Duration"}),
            "90",
            "is not a duration, as in 90s or 1h30m",
        ),
        (json!({"type": "Url"}), "x", "is not an https address"),
        (json!({"type": "Pem"}), "x", "is not PEM"),
        (
            json!({"allowedValues": ["a", "b"]}),
            "c",
            "is not one of allowedValues",
        ),
        (
            json!({"pattern": "SK[0-9]+"}),
            "xSK1",
            "does not match pattern",
        ),
    ] {
        assert_eq!(problem(field, stored.as_bytes()), expected);
    }
    let refusal = value_of(json!({"pattern": "("}), b"x").unwrap_err();
    assert_eq!(refusal.reason, Reason::InvalidSpec);
    assert!(value_of(json!({"pattern": "SK[0-9]+"}), b"SK12\n").is_ok());
    assert!(value_of(json!({"allowedValues": ["a"]}), b"a\n").is_ok());
}

#[test]
fn pem_and_bytes_keep_their_lines() {
    let pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    assert_eq!(
        value_of(json!({"type": "Pem"}), pem.replace('\n', "\\n").as_bytes()),
        Ok(pem.to_owned())
    );
    assert_eq!(
        value_of(json!({"type": "Bytes"}), b"a\tb\nc"),
        Ok("a\tb\nc".to_owned())
    );
}
