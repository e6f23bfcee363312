use serde_json::{Value, json};

use super::*;
use crate::{
    reason::Reason,
    target::fixture::{method, target},
};

fn verdict(targets: &[Value], methods: &[Value]) -> Result<(), String> {
    let targets: Vec<Target> = targets.iter().cloned().map(target).collect();
    let methods: Vec<Method> = methods.iter().cloned().map(method).collect();
    let methods: Vec<&Method> = methods.iter().collect();
    let sources = [serde_json::from_value(json!({"secretRef": {"name": "client"}})).unwrap()];
    validate(&Subject {
        targets: &targets,
        templates: &[],
        methods: &methods,
        sources: &sources,
        namespace: "shop",
        name: "orders",
    })
    .map_err(|refusal| {
        assert_eq!(refusal.reason, Reason::InvalidSpec);
        refusal.detail
    })
}

fn oauth() -> Value {
    json!({"oauth2": {}})
}

#[test]
fn ordinary_targets_pass() {
    let targets = [
        json!({"name": "a"}),
        json!({"name": "b", "data": {"TOKEN": "access_token", "END": "expires_at"}}),
        json!({"name": "c", "format": "Env", "labels": {"app.kubernetes.io/part-of": "shop"}}),
        json!({"name": "d", "format": "HttpHeader", "annotations": {"reloader.stakater.com/ignore": "false"}}),
        json!({"name": "e", "format": "DockerConfigJson", "hosts": ["ghcr.io"]}),
        json!({"name": "f", "format": "Netrc", "hosts": ["git.example.com"]}),
        json!({"name": "g", "format": "Template", "template": {"claims": "{{ credential.access_token | b64d }}"}}),
        json!({"name": "i", "data": {"a": "access_token"}, "template": {"b": "{{ credential.authorization | b64d }}"}}),
        json!({"name": "h", "type": "kubernetes.io/tls", "template": {"tls.crt": "a", "tls.key": "b"}}),
    ];
    assert_eq!(verdict(&targets, &[oauth()]), Ok(()));
    assert_eq!(verdict(&targets[..1], &[json!({"none": {}})]), Ok(()));
    for block in [
        json!({"apiKey": {}}),
        json!({"basic": {}}),
        json!({"bearer": {}}),
    ] {
        assert_eq!(verdict(&targets[2..4], &[block]), Ok(()));
    }
}

#[test]
fn every_mistake_is_named_at_its_place() {
    for (wrong, expected) in [
        (
            json!({"data": {"A": "token"}}),
            "data[\"A\"]: the credential has no key token; it has access_token,",
        ),
        (
            json!({"data": {"a/b": "access_token"}}),
            "data[\"a/b\"]: is not a valid key",
        ),
        (
            json!({"format": "Env", "data": {"A": "access_token"}}),
            "data: goes with format Default only",
        ),
        (
            json!({"format": "Template"}),
            "template: format Template needs a template",
        ),
        (
            json!({"template": {"a": "{{ credential.nope }}"}}),
            "template[\"a\"]: line 1: undefined variable credential.nope",
        ),
        (
            json!({"template": {"a": "{{ nope"}}),
            "template[\"a\"]: line 1: syntax error",
        ),
        (
            json!({"template": {"a": "{{ 1 | nope }}"}}),
            "template[\"a\"]: line 1: unknown filter nope",
        ),
        (
            json!({"template": {"a": "x".repeat(20_000)}}),
            "template[\"a\"]: the template is larger than 16 KiB",
        ),
        (
            json!({"template": {"..": "x"}}),
            "template[\"..\"]: is not a valid key",
        ),
        (
            json!({"template": {"a": "x"}, "templateFrom": [{"configMap": "c", "key": "a"}]}),
            "templateFrom[0]: key a is also in template",
        ),
        (
            json!({"labels": {"app.kubernetes.io/instance": "x"}}),
            "labels[\"app.kubernetes.io/instance\"]: is reserved",
        ),
        (
            json!({"labels": {"a": "b c"}}),
            "labels[\"a\"]: is not a valid label",
        ),
        (
            json!({"annotations": {"authkeeper.dev/owner": "x"}}),
            "annotations[\"authkeeper.dev/owner\"]: is reserved",
        ),
        (
            json!({"annotations": {"x.k8s.io/a": "x"}}),
            "annotations[\"x.k8s.io/a\"]: is reserved",
        ),
        (
            json!({"annotations": {"a b": "x"}}),
            "annotations[\"a b\"]: is not a valid annotation",
        ),
        (
            json!({"type": "kubernetes.io/service-account-token"}),
            "type: must be Opaque, ",
        ),
        (
            json!({"type": "kubernetes.io/tls"}),
            "type: kubernetes.io/tls needs the key tls.crt and tls.key",
        ),
        (
            json!({"format": "DockerConfigJson"}),
            "hosts: format DockerConfigJson needs a host",
        ),
        (
            json!({"format": "Netrc", "hosts": ["a", "b c"]}),
            "hosts[1]: is not a host",
        ),
        (json!({"name": "client"}), "name: Secret client is a source"),
        (
            json!({"name": "good"}),
            "name: good is the name of another target",
        ),
        (json!({"name": "Bad"}), "name: is not a valid name"),
        (
            json!({"name": "a.authkeeper-state"}),
            "name: must not end with",
        ),
    ] {
        let detail = verdict(&[json!({"name": "good"}), wrong.clone()], &[oauth()]).unwrap_err();
        let expected = format!("targets[1].{expected}");
        assert!(detail.starts_with(&expected), "{wrong}: {detail}");
    }
}

#[test]
fn every_alternative_must_fill_every_target() {
    let token = json!({"data": {"A": "access_token"}});
    let methods = [oauth(), json!({"name": "fallback", "basic": {}})];
    let detail = verdict(&[token], &methods).unwrap_err();
    assert!(detail.starts_with("targets[0].data[\"A\"]: "), "{detail}");
    assert!(detail.ends_with("(method fallback)"), "{detail}");
    let header = json!({"format": "HttpHeader"});
    let detail = verdict(&[header], &[json!({"none": {}})]).unwrap_err();
    assert!(detail.contains("has no header (method None)"), "{detail}");
}
