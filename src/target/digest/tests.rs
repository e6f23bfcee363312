use serde_json::json;

use super::*;
use crate::{
    api::v1alpha1::Method,
    sensitive::SecretText,
    target::fixture::{method, target},
};

fn key() -> DigestKey {
    DigestKey {
        id: "0a1b".into(),
        key: SecretBytes::new([7; 32]),
    }
}

fn input(field: &str, value: &str) -> Input {
    Input {
        field: field.to_owned(),
        source: "s".to_owned(),
        key: "k".to_owned(),
        value: SecretText::new(value),
    }
}

fn material(principal: (&str, &str), credential: Option<(&str, &str)>) -> Material {
    Material {
        principal: Some(input(principal.0, principal.1)),
        credential: credential.map(|(field, value)| input(field, value)),
        ..Material::default()
    }
}

fn oauth(json: &serde_json::Value) -> Method {
    method(json!({"oauth2": json}))
}

#[test]
fn a_digest_names_its_version_and_key_and_hides_the_rest() {
    let digest = content(
        &key(),
        &BTreeMap::from([("a".into(), SecretBytes::new("b"))]),
    );
    let parts: Vec<&str> = digest.split(':').collect();
    assert_eq!(parts[..2], ["v1", "0a1b"]);
    assert_eq!(parts[2].len(), 32);
    assert_eq!(
        digest, "v1:0a1b:d1faf38bc8128aa0ad22ce92ec5c4caf",
        "a stored digest must stay comparable"
    );
}

#[test]
fn only_the_same_version_and_key_can_be_compared() {
    let other = DigestKey {
        id: "ffff".into(),
        ..key()
    };
    let digest = publish(&key(), &target(json!({})), &BTreeMap::new());
    assert!(comparable(&digest, &key()));
    assert!(!comparable(&digest, &other));
    for unknown in ["", "v1", "v2:0a1b:00", "v10a1b", ":0a1b:"] {
        assert!(!comparable(unknown, &key()), "{unknown}");
    }
}

#[test]
fn a_grant_depends_on_block_and_values_and_not_on_names_for_people() {
    let found = || material(("ClientId", "id"), Some(("ClientSecret", "x")));
    let first = grant(&key(), &oauth(&json!({"scopes": ["a"]})), &found());
    assert_eq!(
        first, "v1:0a1b:cf8c6241c578ef0806dc1c880010af99",
        "a release that computes another digest must not replace every credential"
    );
    let named = method(
        json!({"name": "other", "scheme": "OAuthClientCredentials", "oauth2": {"scopes": ["a"]}}),
    );
    assert_eq!(first, grant(&key(), &named, &found()));
    let described = method(
        json!({"fields": [{"name": "ClientId", "displayName": "id"}], "oauth2": {"scopes": ["a"]}}),
    );
    assert_eq!(first, grant(&key(), &described, &found()));
    let mut moved = found();
    if let Some(input) = &mut moved.credential {
        input.source = "elsewhere".into();
        input.key = "other".into();
    }
    assert_eq!(
        first,
        grant(&key(), &oauth(&json!({"scopes": ["a"]})), &moved)
    );

    for (method, material) in [
        (oauth(&json!({"scopes": ["b"]})), found()),
        (
            oauth(&json!({"scopes": ["a"]})),
            material(("ClientId", "id"), Some(("ClientSecret", "y"))),
        ),
        (
            oauth(&json!({"scopes": ["a"]})),
            material(("ClientId", "id"), None),
        ),
        (method(json!({"basic": {}})), found()),
    ] {
        assert_ne!(first, grant(&key(), &method, &material));
    }
}

#[test]
fn parts_cannot_be_confused() {
    let block = oauth(&json!({}));
    let digest = |first: (&str, &str), second| grant(&key(), &block, &material(first, second));
    assert_ne!(
        digest(("A", "bC"), Some(("d", "e"))),
        digest(("Ab", "C"), Some(("d", "e")))
    );
    let data = |pairs: &[(&str, &str)]| {
        let data = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), SecretBytes::new(*value)))
            .collect();
        content(&key(), &data)
    };
    assert_ne!(data(&[("a", "b"), ("c", "d")]), data(&[("a", "bcd")]));
    assert_ne!(data(&[("a", "")]), data(&[]));
}

#[test]
fn absent_and_reordered_members_change_nothing() {
    let mut first = String::new();
    canonical(
        &json!({"b": [1, {"y": null, "x": true}], "a": "\"", "c": null}),
        &mut first,
    );
    assert_eq!(first, r#"{"a":"\"","b":[1,{"x":true}]}"#);
}

#[test]
fn stored_data_has_the_digest_of_the_rendered_data_whatever_others_added() {
    let rendered = BTreeMap::from([("a".to_owned(), SecretBytes::new("1"))]);
    let stored = BTreeMap::from([
        ("a".to_owned(), ByteString(b"1".to_vec())),
        ("foreign".to_owned(), ByteString(b"2".to_vec())),
    ]);
    let keys = ["a".to_owned()];
    assert_eq!(
        content(&key(), &rendered),
        stored_content(&key(), &stored, &keys)
    );
    let edited = BTreeMap::from([("a".to_owned(), ByteString(b"2".to_vec()))]);
    assert_ne!(
        content(&key(), &rendered),
        stored_content(&key(), &edited, &keys)
    );
}

#[test]
fn publish_and_spec_follow_what_they_are_about() {
    let templates = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
    let of =
        |target: &Target, templates: &BTreeMap<String, String>| publish(&key(), target, templates);
    let plain = target(json!({}));
    let first = of(&plain, &templates);
    assert_ne!(first, of(&plain, &BTreeMap::new()));
    let labelled = target(json!({"labels": {"a": "b"}}));
    assert_ne!(first, of(&labelled, &templates));
    let restarting = target(json!({"restart": [{"deployment": "a"}]}));
    assert_eq!(first, of(&restarting, &templates));

    let parse = |json| -> AuthenticationConfigurationSpec { serde_json::from_value(json).unwrap() };
    let one = parse(json!({"method": {"none": {}}}));
    let refreshed = parse(
        json!({"method": {"none": {}}, "refresh": {"before": "1m"}, "targets": [{"name": "a"}]}),
    );
    let sourced = parse(json!({"method": {"none": {}}, "sources": [{"secretRef": {"name": "a"}}]}));
    assert_eq!(spec(&key(), &one), spec(&key(), &refreshed));
    assert_ne!(spec(&key(), &one), spec(&key(), &sourced));
}
