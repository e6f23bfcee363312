//! Bad input gets a clear error at the earliest place that can know: nobody is asked, and the last good token stays.

use authkeeper_testbed::idp::Answer;
use serde_json::{Value, json};

use crate::stage::{Play, condition, source};

/// A spoilt source or spec, and what is said of it.
struct Spoilt {
    name: &'static str,
    /// Data of the source; none: as it was.
    data: Option<Vec<(&'static str, &'static [u8])>>,
    /// Merged into the spec.
    spec: Value,
    condition: &'static str,
    reason: &'static str,
    culprits: &'static [&'static str],
}

fn of_source(
    name: &'static str,
    data: &[(&'static str, &'static [u8])],
    reason: &'static str,
    culprits: &'static [&'static str],
) -> Spoilt {
    Spoilt {
        name,
        data: Some(data.to_vec()),
        spec: json!({}),
        condition: "SourcesResolved",
        reason,
        culprits,
    }
}

fn of_spec(
    name: &'static str,
    spec: Value,
    (condition, reason): (&'static str, &'static str),
    culprits: &'static [&'static str],
) -> Spoilt {
    Spoilt {
        name,
        data: None,
        spec,
        condition,
        reason,
        culprits,
    }
}

const ID: (&str, &[u8]) = ("client_id", b"example-client");
const INVALID: (&str, &str) = ("Accepted", "InvalidSpec");

fn spoilt_sources() -> Vec<Spoilt> {
    vec![
        of_source(
            "no-key",
            &[ID],
            "NoMethodSatisfied",
            &["client-secret", "Secret no-key-source"],
        ),
        of_source(
            "blank",
            &[ID, ("client_secret", b" \n")],
            "NoMethodSatisfied",
            &["client-secret", "Secret blank-source"],
        ),
        of_source(
            "bytes",
            &[ID, ("client_secret", &[0xff, 0xfe, b'a'])],
            "SourceSecretInvalid",
            &["Secret bytes-source", "client_secret", "not UTF-8"],
        ),
        of_source(
            "injection",
            &[ID, ("client_secret", b"example\r\nX-Other: 1")],
            "SourceSecretInvalid",
            &["injection-source", "client_secret", "U+000D", "byte 7"],
        ),
        of_source(
            "two-keys",
            &[ID, ("client-secret", b"one"), ("CLIENT_SECRET", b"two")],
            "AmbiguousKey",
            &["Secret two-keys-source", "client-secret", "CLIENT_SECRET"],
        ),
        of_spec(
            "nowhere",
            json!({ "sources": [{ "secretRef": { "name": "nowhere-at-all" } }] }),
            ("SourcesResolved", "SourceNotFound"),
            &["Secret nowhere-at-all", "does not exist"],
        ),
        of_spec(
            "pinned",
            json!({ "method": { "fields": [
                { "name": "ClientId", "role": "principal", "sensitive": false },
                { "name": "ClientSecret", "role": "credential", "from": { "source": "pinned-source", "key": "nothing" } },
            ] } }),
            ("SourcesResolved", "NoMethodSatisfied"),
            &["key nothing", "Secret pinned-source"],
        ),
        of_spec(
            "pattern",
            json!({ "method": { "fields": [
                { "name": "ClientId", "role": "principal", "sensitive": false, "pattern": "(" },
                { "name": "ClientSecret", "role": "credential" },
            ] } }),
            INVALID,
            &["field ClientId", "not a regular expression"],
        ),
    ]
}

fn spoilt_specs() -> Vec<Spoilt> {
    let target = |name: &str, more: Value| {
        let mut target = json!({ "name": name });
        crate::stage::merge(&mut target, more);
        json!({ "targets": [target] })
    };
    vec![
        of_spec(
            "half",
            target(
                "half",
                json!({ "template": { "conf": "{{ credential.access_token" } }),
            ),
            INVALID,
            &["targets[0].template[\"conf\"]", "syntax error"],
        ),
        of_spec(
            "unknown",
            target(
                "unknown",
                json!({ "template": { "conf": "a\n{{ credential.tokem }}" } }),
            ),
            INVALID,
            &[
                "targets[0].template[\"conf\"]",
                "line 2",
                "credential.tokem",
            ],
        ),
        of_spec(
            "no-template",
            target(
                "no-template",
                json!({ "templateFrom": [{ "configMap": "missing-map", "key": "a" }] }),
            ),
            ("SourcesResolved", "SourceNotFound"),
            &["ConfigMap missing-map"],
        ),
        of_spec(
            "renamed",
            target("renamed", json!({ "data": { "TOKEN": "acces_token" } })),
            INVALID,
            &[
                "targets[0].data[\"TOKEN\"]",
                "acces_token",
                "it has access_token",
            ],
        ),
        of_spec(
            "typed",
            target("typed", json!({ "type": "kubernetes.io/tls" })),
            INVALID,
            &["targets[0].type", "tls.crt"],
        ),
        of_spec(
            "regex",
            json!({ "probe": { "url": "https://api.example.com/me", "refreshOn": { "body": "(" } } }),
            INVALID,
            &["probe.refreshOn.body", "not a regular expression"],
        ),
        of_spec(
            "header",
            json!({ "probe": { "url": "https://api.example.com/me", "headers": { "X-Key": "{{ credential.key }}" } } }),
            INVALID,
            &["probe.headers[\"X-Key\"]", "credential.key"],
        ),
        of_spec(
            "url",
            json!({ "probe": { "url": "https://api.example.com/{{ source.Name }}" } }),
            INVALID,
            &["probe.url", "source"],
        ),
        of_spec(
            "bundle",
            json!({ "connection": { "caBundle": { "source": "bundle-source", "key": "ca.crt" } } }),
            ("SourcesResolved", "SourceSecretInvalid"),
            &["ca.crt", "Secret bundle-source"],
        ),
    ]
}

/// All are served first, then spoilt at once; each says its own.
async fn spoil(play: &Play, cases: Vec<Spoilt>) {
    for case in &cases {
        play.client(case.name, json!({})).await;
    }
    for case in &cases {
        play.served(case.name, "t1").await;
    }
    for case in &cases {
        if let Some(data) = &case.data {
            play.stage.secret_of_bytes(&source(case.name), data).await;
        } else {
            let spec = play.spec(case.name, case.spec.clone());
            play.stage.configure(case.name, spec).await;
        }
    }
    for case in &cases {
        play.says(
            case.name,
            case.condition,
            "False",
            case.reason,
            case.culprits,
        )
        .await;
        play.unharmed(case.name, "t1").await;
        assert_eq!(play.calls(case.name), 1, "{}", case.name);
    }
    play.ends_quietly().await;
    let output = play.operator.output();
    assert!(!output.contains("example-secret-value"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spoilt_source_is_named_with_its_key_and_nobody_is_asked() {
    let play = Play::new("bad-source").await;
    spoil(&play, spoilt_sources()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spoilt_spec_is_named_by_its_path_and_nobody_is_asked() {
    let play = Play::new("bad-spec").await;
    spoil(&play, spoilt_specs()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_spoilt_from_the_start_asks_nobody_and_heals_with_its_source() {
    let play = Play::new("bad-start").await;
    let spec = play.spec("late", json!({}));
    play.stage.configure("late", spec).await;
    play.says(
        "late",
        "SourcesResolved",
        "False",
        "SourceNotFound",
        &["Secret late-source"],
    )
    .await;
    play.says(
        "late",
        "Reconciling",
        "True",
        "WaitingForSource",
        &["late-source"],
    )
    .await;
    let status = play.stage.status("late").await;
    assert!(condition(&status, "Stalled").is_none());
    assert_eq!(condition(&status, "Ready").unwrap().status, "False");
    play.stage
        .secret("late-source", &[("client_id", "example-client")])
        .await;
    play.says(
        "late",
        "SourcesResolved",
        "False",
        "NoMethodSatisfied",
        &["client-secret", "late-source"],
    )
    .await;
    assert_eq!(play.calls("late"), 0);
    play.good_source("late").await;
    play.served("late", "t1").await;
    assert_eq!(play.calls("late"), 1);
    play.ends_quietly().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http_needs_the_consent_of_operator_and_resource_and_is_refused_before_a_byte_leaves() {
    let stage = crate::stage::Stage::new("bad-http").await;
    let options = stage.options_without_http();
    let operator = stage.start(&options).await;
    let idp = authkeeper_testbed::idp::ScriptedIdp::http().unwrap();
    idp.otherwise(|_| Answer::token("t1", 3600));
    stage
        .client_credentials("orders", &idp.url("/token"), json!({}))
        .await;
    let play = Play {
        stage,
        idp,
        operator,
    };
    play.says(
        "orders",
        "Ready",
        "False",
        "EndpointNotAllowed",
        &["only https", "127.0.0.1"],
    )
    .await;
    play.says(
        "orders",
        "Stalled",
        "True",
        "EndpointNotAllowed",
        &["allowHttp"],
    )
    .await;

    // Nor where the resource does not ask for it: the address comes out of a Secret, which no schema sees.
    let url = play.idp.url("/token");
    let data = [
        ("client_id", "example-client"),
        ("client_secret", "example-secret-value"),
        ("token_endpoint", url.as_str()),
    ];
    play.stage.secret("hidden-source", &data).await;
    let spec = json!({ "sources": [{ "secretRef": { "name": "hidden-source" } }], "method": { "oauth2": {} } });
    play.stage.configure("hidden", spec).await;
    play.says(
        "hidden",
        "Ready",
        "False",
        "EndpointNotAllowed",
        &["only https"],
    )
    .await;
    play.ends_quietly().await;
    assert_eq!(play.idp.requests().len(), 0);
}
