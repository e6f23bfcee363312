//! Whoever may edit a `ConfigMap` must not decide where a client secret is sent.

use serde_json::json;

use super::{
    OAUTH, SourceData, SourceKind, config_map, method, oauth, secret, select_by_default, source,
};
use crate::{provider::Refusal, reason::Reason};

const ENDPOINT: (&str, &str) = ("token-endpoint", "https://login.example.com/token");

fn client() -> SourceData {
    secret("client", &[("client-id", "id"), ("client-secret", "x")])
}

fn endpoint_with(sources: &[SourceData]) -> Result<Option<String>, Refusal> {
    let method = oauth();
    let candidate = select_by_default(&method, OAUTH, sources)?;
    Ok(candidate
        .material
        .auxiliary("TokenEndpoint")
        .map(str::to_owned))
}

#[test]
fn an_address_elsewhere_is_refused_by_name() {
    for elsewhere in [
        config_map("settings", &[ENDPOINT]),
        config_map("settings", &[("tokenUrl", ENDPOINT.1)]),
        source(SourceKind::Values, "settings", &[ENDPOINT]),
        secret("settings", &[ENDPOINT]),
    ] {
        let sources = [elsewhere, client()];
        let refusal = endpoint_with(&sources).unwrap_err();
        assert_eq!(refusal.reason, Reason::InsecureSource);
        assert!(
            refusal.detail.contains("TokenEndpoint"),
            "{}",
            refusal.detail
        );
        assert!(refusal.detail.contains("settings"), "{}", refusal.detail);
        assert!(refusal.detail.contains("move it to Secret client"));
        assert!(!refusal.detail.contains("login.example.com"));
    }
}

#[test]
fn the_secret_of_the_credential_may_say_where_and_wins() {
    let together = secret(
        "client",
        &[("client-id", "id"), ("client-secret", "x"), ENDPOINT],
    );
    let sources = [
        config_map("settings", &[("TokenEndpoint", "https://evil.example/")]),
        together,
    ];
    assert_eq!(endpoint_with(&sources), Ok(Some(ENDPOINT.1.to_owned())));
}

#[test]
fn the_secret_of_the_credential_counts_not_the_one_of_the_principal() {
    let sources = [
        secret("id", &[("client-id", "id"), ENDPOINT]),
        secret("secret", &[("client-secret", "x")]),
    ];
    let refusal = endpoint_with(&sources).unwrap_err();
    assert_eq!(refusal.reason, Reason::InsecureSource);
    assert!(refusal.detail.contains("Secret secret"));
}

#[test]
fn without_a_credential_the_source_of_the_principal_counts() {
    let public = method(json!({"oauth2": {"clientAuth": "None"}}));
    let select = |sources: &[SourceData]| {
        select_by_default(&public, OAUTH, sources).map(|candidate| candidate.fields.len())
    };
    assert_eq!(
        select(&[secret("s", &[("client-id", "id"), ENDPOINT])]),
        Ok(2)
    );
    assert_eq!(
        select(&[
            config_map("id", &[("client-id", "id")]),
            secret("s", &[ENDPOINT])
        ]),
        Ok(2)
    );
    let refusal = select(&[config_map("id", &[("client-id", "id"), ENDPOINT])]).unwrap_err();
    assert_eq!(refusal.reason, Reason::InsecureSource);
}

#[test]
fn the_spec_may_pin_the_source() {
    let pinned = method(json!({"oauth2": {}, "fields": [
        {"name": "ClientId", "role": "principal"},
        {"name": "ClientSecret", "role": "credential"},
        {"name": "TokenEndpoint", "sensitive": false, "from": {"source": "settings"}},
    ]}));
    let sources = [client(), config_map("settings", &[ENDPOINT])];
    let candidate = select_by_default(&pinned, OAUTH, &sources).unwrap();
    assert_eq!(candidate.fields[2].source, "settings");
}

#[test]
fn a_key_without_a_source_pins_nothing() {
    let loose = method(json!({"oauth2": {}, "fields": [
        {"name": "ClientId", "role": "principal"},
        {"name": "ClientSecret", "role": "credential"},
        {"name": "TokenEndpoint", "sensitive": false, "from": {"key": "token-endpoint"}},
    ]}));
    let sources = [client(), config_map("settings", &[ENDPOINT])];
    let refusal = select_by_default(&loose, OAUTH, &sources).unwrap_err();
    assert_eq!(refusal.reason, Reason::InsecureSource);
}

#[test]
fn secrets_do_not_come_from_config_maps_or_literals() {
    for kind in [SourceKind::ConfigMap, SourceKind::Values] {
        let sources = [source(
            kind,
            "settings",
            &[("client-id", "id"), ("client-secret", "x")],
        )];
        let refusal = endpoint_with(&sources).unwrap_err();
        assert_eq!(refusal.reason, Reason::InsecureSource);
        assert!(refusal.detail.contains("ClientSecret"));
    }
    let sources = [
        config_map("settings", &[("client-id", "id"), ("scope", "read")]),
        secret("s", &[("client-secret", "x")]),
    ];
    assert_eq!(endpoint_with(&sources), Ok(None), "an identifier may");
}

#[test]
fn declared_fields_are_sensitive_unless_they_say_otherwise() {
    let declared = |sensitive: serde_json::Value| {
        method(json!({"apiKey": {}, "fields": [
            {"name": "ApiKey", "role": "principal", "sensitive": sensitive},
        ]}))
    };
    let sources = [config_map("settings", &[("ApiKey", "x")])];
    let by_default = declared(serde_json::Value::Null);
    let refusal = super::select_one(&by_default, &sources).unwrap_err();
    assert_eq!(refusal.reason, Reason::InsecureSource);
    assert!(super::select_one(&declared(json!(false)), &sources).is_ok());
}
