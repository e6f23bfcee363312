//! Where a field is found.

use serde_json::json;

use super::{
    OAUTH, config_map, method, oauth, pairs, resolved, secret, select_by_default, select_one,
};
use crate::{
    api::v1alpha1::{FieldSource, KeyMatching, KeyReference},
    reason::Reason,
    selection::{lookup, select},
};

fn key_of(sources: &[super::SourceData], field: &serde_json::Value) -> (String, String) {
    let method = method(json!({"apiKey": {}, "fields": [field]}));
    let candidate = select_one(&method, sources).unwrap();
    let FieldSource { source, key, .. } = candidate.fields[0].clone();
    (source, key)
}

#[test]
fn an_exact_key_of_any_source_goes_before_a_normalised_one() {
    let sources = [
        secret("first", &[("api_key", "x")]),
        secret("second", &[("ApiKey", "y")]),
    ];
    let found = key_of(&sources, &json!({"name": "ApiKey", "role": "principal"}));
    assert_eq!(found, ("second".into(), "ApiKey".into()));
}

#[test]
fn sources_are_searched_in_order_and_case_and_separators_do_not_matter() {
    for key in ["api-key", "API_KEY", "api.key", "ApiKEY"] {
        let sources = [
            secret("first", &[(key, "x")]),
            secret("second", &[("apikey", "y"), ("api-Key", "z")]),
        ];
        let found = key_of(&sources, &json!({"name": "ApiKey", "role": "principal"}));
        assert_eq!(found, ("first".into(), key.into()));
    }
}

#[test]
fn a_reference_pins_source_and_key() {
    let sources = [
        secret("first", &[("ApiKey", "x"), ("odd", "y")]),
        secret("second", &[("ApiKey", "z")]),
    ];
    for (from, expected) in [
        (json!({"source": "second"}), ("second", "ApiKey")),
        (json!({"key": "odd"}), ("first", "odd")),
        (json!({"source": "first", "key": "odd"}), ("first", "odd")),
    ] {
        let field = json!({"name": "ApiKey", "role": "principal", "from": from});
        let (source, key) = key_of(&sources, &field);
        assert_eq!((source.as_str(), key.as_str()), expected);
    }
    let unknown = method(json!({"apiKey": {}, "fields": [
        {"name": "ApiKey", "role": "principal", "from": {"source": "third"}},
    ]}));
    let refusal = select_one(&unknown, &sources).unwrap_err();
    assert_eq!(refusal.reason, Reason::InvalidSpec);
    assert_eq!(
        refusal.detail,
        "field ApiKey: from.source third is not among spec.sources"
    );
}

#[test]
fn aliases_are_tried_after_the_name_exactly_and_normalised() {
    let method = oauth();
    let sources = [secret(
        "s",
        &[
            ("client_id", "id"),
            ("client_secret", "x"),
            ("scopes", "read"),
            ("token-url", "https://login.example.com/token"),
        ],
    )];
    let candidate = select_by_default(&method, OAUTH, &sources).unwrap();
    assert_eq!(
        resolved(&candidate),
        pairs(&[
            ("ClientId", "id"),
            ("ClientSecret", "x"),
            ("Scope", "read"),
            ("TokenEndpoint", "https://login.example.com/token"),
        ])
    );
    let names: Vec<_> = candidate.fields.iter().map(|field| &field.name).collect();
    assert_eq!(
        names,
        ["ClientId", "ClientSecret", "Scope", "TokenEndpoint"]
    );
}

#[test]
fn declared_auxiliary_fields_keep_the_names_that_the_scheme_knows() {
    let method = method(json!({"oauth2": {}, "fields": [
        {"name": "id", "role": "principal"},
        {"name": "pw", "role": "credential"},
        {"name": "token_endpoint", "required": false},
    ]}));
    let sources = [secret(
        "s",
        &[
            ("id", "a"),
            ("pw", "b"),
            ("TokenUrl", "https://a.example/t"),
        ],
    )];
    let candidate = select_by_default(&method, OAUTH, &sources).unwrap();
    assert_eq!(
        candidate.material.auxiliary("TokenEndpoint"),
        Some("https://a.example/t")
    );
}

#[test]
fn exact_matching_knows_one_spelling() {
    let method = method(json!({"apiKey": {}, "fields": [{"name": "ApiKey", "role": "principal"}]}));
    let sources = [secret("s", &[("api-key", "x"), ("api_key", "y")])];
    let refusal = select(&[&method], &sources, KeyMatching::Exact).unwrap_err();
    assert_eq!(refusal.reason, Reason::NoMethodSatisfied);
    assert!(refusal.detail.contains("add key ApiKey "));
    let sources = [secret("s", &[("api-key", "x"), ("ApiKey", "y")])];
    let candidates = select(&[&method], &sources, KeyMatching::Exact).unwrap();
    assert_eq!(candidates[0].material.principal(), Some("y"));
}

#[test]
fn defaults_come_last_and_only_for_fields_that_are_not_sensitive() {
    let field = |sensitive: bool| {
        method(json!({"apiKey": {}, "fields": [
            {"name": "ApiKey", "role": "principal"},
            {"name": "Region", "default": "eu", "sensitive": sensitive},
        ]}))
    };
    let open = field(false);
    let sources = [secret("s", &[("ApiKey", "x")])];
    let candidate = select_one(&open, &sources).unwrap();
    assert_eq!(candidate.material.auxiliary("Region"), Some("eu"));
    assert_eq!(candidate.fields[1].source, "spec");
    let given = [secret("s", &[("ApiKey", "x"), ("region", "us")])];
    let candidate = select_one(&open, &given).unwrap();
    assert_eq!(candidate.material.auxiliary("Region"), Some("us"));
    let refusal = select_one(&field(true), &sources).unwrap_err();
    assert_eq!(refusal.reason, Reason::InvalidSpec);
}

#[test]
fn what_the_spec_states_is_not_looked_up() {
    let method = method(json!({"oauth2": {
        "clientId": "id",
        "tokenEndpoint": "https://login.example.com/token",
        "clientAuth": "None",
    }}));
    let sources = [config_map(
        "s",
        &[
            ("token-endpoint", "https://evil.example/t"),
            ("client_id", "x"),
        ],
    )];
    let candidate = select_by_default(&method, OAUTH, &sources).unwrap();
    assert!(candidate.fields.is_empty());
}

#[test]
fn the_tables_of_the_providers_are_used() {
    let oauth = oauth();
    let keys = [
        ("CLIENT_ID", "id"),
        ("CLIENT_SECRET", "x"),
        ("TOKEN_URL", "https://login.example.com/token"),
    ];
    let candidate = select_one(&oauth, &[secret("s", &keys)]).unwrap();
    assert_eq!(
        resolved(&candidate),
        pairs(&[
            ("ClientId", "id"),
            ("ClientSecret", "x"),
            ("TokenEndpoint", "https://login.example.com/token"),
        ])
    );
    let apart = [secret("s", &keys[..2]), config_map("c", &keys[2..])];
    assert_eq!(
        select_one(&oauth, &apart).unwrap_err().reason,
        Reason::InsecureSource
    );
    let key = method(json!({"apiKey": {}}));
    let open = [config_map("c", &[("api-key", "x")])];
    assert_eq!(
        select_one(&key, &open).unwrap_err().reason,
        Reason::InsecureSource
    );
}

#[test]
fn a_key_is_looked_up_by_reference() {
    let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let sources = [
        secret("s", &[("ca.crt", pem), ("other", "x\n")]),
        config_map("trust", &[("bundle", &pem.replace('\n', "\r\n"))]),
    ];
    let reference = |source: Option<&str>, key: Option<&str>| KeyReference {
        source: source.map(str::to_owned),
        key: key.map(str::to_owned),
    };
    let found = |source, key| {
        lookup(&reference(source, key), "ca.crt", &sources)
            .map(|text| text.expose().to_owned())
            .map_err(|refusal| refusal.reason)
    };
    assert_eq!(found(None, None), Ok(pem.to_owned()));
    assert_eq!(found(None, Some("other")), Ok("x".to_owned()));
    assert_eq!(found(Some("trust"), Some("bundle")), Ok(pem.to_owned()));
    assert_eq!(found(None, Some("bundle")), Err(Reason::InsecureSource));
    assert_eq!(
        found(Some("s"), Some("gone")),
        Err(Reason::SourceSecretInvalid)
    );
    assert_eq!(found(Some("nobody"), None), Err(Reason::InvalidSpec));
    let missing = lookup(&reference(None, None), "ca.crt", &[super::absent("gone")]).unwrap_err();
    assert_eq!(missing.reason, Reason::SourceNotFound);
}
