use serde_json::{Value, json};

use super::*;
use crate::{
    reason::Reason,
    target::fixture::{basic, bearer, fixed, method},
};

const OBJECT: (&str, &str) = ("shop", "orders");

fn probe(json: Value) -> Probe {
    serde_json::from_value(json).unwrap()
}

fn verdict(stated: Value, methods: &[Value]) -> Result<(), String> {
    let methods: Vec<_> = methods.iter().cloned().map(method).collect();
    let methods: Vec<_> = methods.iter().collect();
    validate(&probe(stated), &methods, OBJECT).map_err(|refusal| {
        assert_eq!(refusal.reason, Reason::InvalidSpec);
        refusal.detail
    })
}

#[test]
fn what_no_credential_could_be_probed_with_is_named_at_its_place() {
    let url = "https://api.test/me";
    for (wrong, expected) in [
        (
            json!({"url": url, "refreshOn": {"body": "("}}),
            "probe.refreshOn.body: is not a regular expression",
        ),
        (
            json!({"url": url, "headers": {"X-Key": "{{ credential.key }}"}}),
            "probe.headers[\"X-Key\"]: line 1: undefined variable credential.key (method OAuthClientCredentials)",
        ),
        (
            json!({"url": url, "headers": {"X-Key": "{{"}}),
            "probe.headers[\"X-Key\"]: line 1: syntax error",
        ),
        (
            json!({"url": "https://api.test/{{ source.Name }}"}),
            "probe.url: line 1: undefined variable source",
        ),
        (
            json!({"url": "https://{{ credential.access_token }}/"}),
            "probe.url: is not an absolute URL whose host is written out",
        ),
        (
            json!({"url": "https://api.test{{ credential.access_token }}"}),
            "probe.url: is not an absolute URL whose host is written out",
        ),
        (
            json!({"url": "https://api.test/a b"}),
            "probe.url: has white space",
        ),
        (
            json!({"url": "api.test"}),
            "probe.url: is not an absolute URL",
        ),
    ] {
        let said = verdict(wrong.clone(), &[json!({"oauth2": {}})]).unwrap_err();
        assert!(said.starts_with(expected), "{wrong}: {said}");
    }
}

#[test]
fn every_alternative_must_be_able_to_be_probed() {
    let account = json!({"url": "https://api.test/{{ credential.username }}"});
    assert_eq!(verdict(account.clone(), &[json!({"basic": {}})]), Ok(()));
    let both = [json!({"basic": {}}), json!({"apiKey": {}})];
    assert!(
        verdict(account, &both)
            .unwrap_err()
            .contains("(method ApiKey)")
    );
    let either =
        json!({"url": "https://api.test/{{ credential.username | default('me') | urlenc }}"});
    assert_eq!(verdict(either, &both), Ok(()));
}

#[test]
fn the_address_is_filled_in_and_its_host_stays() {
    let credential = basic();
    let stated = probe(
        json!({"url": "https://api.test/users/{{ credential.username | urlenc }}?x={{ credential.password | urlenc }}"}),
    );
    let request = request(&stated, &fixed(&credential), OBJECT).unwrap();
    assert_eq!(
        request.url.as_str(),
        "https://api.test/users/Aladdin?x=open%20sesame"
    );
    assert!(request.headers["authorization"].is_sensitive());

    let raw = probe(json!({"url": "https://api.test/{{ credential.password }}"}));
    let refusal = super::request(&raw, &fixed(&credential), OBJECT).unwrap_err();
    assert!(!refusal.detail.contains("sesame"), "{}", refusal.detail);
}

#[test]
fn death_needs_the_status_and_where_stated_the_body() {
    let by_default = probe(json!({"url": "https://api.test/"}));
    assert!(means_death(&by_default, 401, b""));
    assert!(!means_death(&by_default, 403, b""));
    let stated = probe(
        json!({"url": "https://api.test/", "refreshOn": {"status": [200, 403], "body": "\"code\":\"60[12]\""}}),
    );
    assert!(means_death(&stated, 200, br#"{"code":"602"}"#));
    assert!(!means_death(&stated, 200, br#"{"code":"0"}"#));
    assert!(!means_death(&stated, 401, br#"{"code":"602"}"#));
}

#[test]
fn own_headers_take_the_place_of_the_one_of_the_credential() {
    let credential = bearer();
    let stated = probe(
        json!({"url": "https://api.test/", "method": "HEAD", "headers": {"X-Token": "{{ credential.access_token }}"}}),
    );
    let request = request(&stated, &fixed(&credential), OBJECT).unwrap();
    assert_eq!(request.method, Method::HEAD);
    assert_eq!(request.headers.len(), 1);
    assert!(request.headers.contains_key("x-token"));
}
