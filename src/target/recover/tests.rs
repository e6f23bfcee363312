use serde_json::json;

use super::*;
use crate::{
    provider::Credential,
    target::{
        fixture::{api_key, basic, bearer, credential, expiring, target, texts},
        render,
    },
};

/// Renders as `from`, recovers, and renders as `to`.
fn through(
    credential: &Credential,
    from: serde_json::Value,
    to: serde_json::Value,
) -> Option<Vec<(String, String)>> {
    let (from, to) = (target(from), target(to));
    let nothing = BTreeMap::new();
    let published = expiring(credential);
    let rendered = render(&from, &nothing, &published, ("shop", "orders")).unwrap();
    let marks = Marks {
        keys: rendered.data.keys().cloned().collect(),
        expires_at: published.expires_at,
        ..Marks::default()
    };
    let stored: BTreeMap<String, ByteString> = rendered
        .data
        .iter()
        .map(|(key, value)| (key.clone(), ByteString(value.expose().to_vec())))
        .collect();
    let recovered = recover(&from, &stored, &marks)?;
    let again = render(&to, &nothing, &expiring(&recovered), ("shop", "orders")).ok()?;
    Some(
        texts(&again)
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
    )
}

#[test]
fn complete_formats_give_every_other_format() {
    for from in [json!({}), json!({"format": "Json"})] {
        for credential in [bearer(), basic()] {
            for to in [
                json!({}),
                json!({"format": "Env"}),
                json!({"format": "HttpHeader"}),
                json!({"format": "BasicAuth"}),
                json!({"format": "Json"}),
            ] {
                let recovered = through(&credential, from.clone(), to.clone());
                let direct = through(&credential, json!({}), to);
                assert!(recovered.is_some());
                assert_eq!(recovered, direct);
            }
        }
    }
}

#[test]
fn env_and_renamed_keys_give_what_follows_from_them() {
    let to = json!({"data": {"a": "authorization", "t": "token_type"}});
    let expected = Some(vec![
        ("a".to_owned(), "Bearer e30.e30.e30".to_owned()),
        ("t".to_owned(), "Bearer".to_owned()),
    ]);
    assert_eq!(
        through(&bearer(), json!({"format": "Env"}), to.clone()),
        expected
    );
    let renamed = json!({"data": {"TOKEN": "access_token", "KIND": "token_type"}});
    assert_eq!(through(&bearer(), renamed, to.clone()), expected);
    let only_token = json!({"data": {"TOKEN": "access_token"}});
    assert_eq!(
        through(&bearer(), only_token, to),
        None,
        "the kind is not known"
    );
    let login = json!({"data": {"u": "username", "p": "password"}});
    let line = Some(vec![(
        "a".to_owned(),
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==".to_owned(),
    )]);
    assert_eq!(
        through(&basic(), login, json!({"data": {"a": "authorization"}})),
        line
    );
}

#[test]
fn the_header_of_a_key_is_not_known() {
    assert_eq!(
        through(&api_key(), json!({}), json!({"format": "HttpHeader"})),
        None
    );
    assert!(through(&api_key(), json!({}), json!({"format": "Env"})).is_some());
}

#[test]
fn nothing_is_recovered_from_templates_and_lossy_formats() {
    for from in [
        json!({"format": "Template", "template": {"a": "{{ credential.access_token }}"}}),
        json!({"format": "HttpHeader"}),
        json!({"format": "BasicAuth"}),
        json!({"format": "Dotenv"}),
    ] {
        assert_eq!(through(&bearer(), from, json!({})), None);
    }
    let replaced = json!({"template": {"access_token": "something else"}});
    assert_eq!(through(&bearer(), replaced, json!({})), None);
}

#[test]
fn foreign_keys_and_bytes_that_are_not_text_are_left_out() {
    let stored = BTreeMap::from([
        ("access_token".to_owned(), ByteString(b"\xff".to_vec())),
        ("password".to_owned(), ByteString(b"x".to_vec())),
    ]);
    let marks = Marks {
        keys: vec!["access_token".to_owned()],
        ..Marks::default()
    };
    assert!(recover(&target(json!({})), &stored, &marks).is_none());
}

#[test]
fn no_credential_is_recovered_as_none() {
    let none = credential("None", &[], None);
    assert!(through(&none, json!({}), json!({"format": "Env"})).is_some());
}
