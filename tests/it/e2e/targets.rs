//! Targets: every shape from one token, and the templates of `ConfigMap`s.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::stage::{Play, text};

#[tokio::test(flavor = "multi_thread")]
async fn every_format_is_filled_from_one_token() {
    let play = Play::new("formats").await;
    let hosts = ["registry.example.com", "https://mirror.example.com:5000/"];
    let targets = json!({ "targets": [
        { "name": "orders" },
        { "name": "env", "format": "Env" },
        { "name": "header", "format": "HttpHeader" },
        { "name": "login", "format": "BasicAuth", "username": "robot" },
        { "name": "pull", "format": "DockerConfigJson", "hosts": hosts },
        { "name": "netrc", "format": "Netrc", "hosts": ["git.example.com"] },
        { "name": "dotenv", "format": "Dotenv" },
        { "name": "document", "format": "Json" },
    ] });
    play.client("orders", targets).await;
    play.served("orders", "t1").await;

    let all = play.stage.stored("orders").await;
    let keys = [
        "access_token",
        "authorization",
        "expires_at",
        "obtained_at",
        "scheme",
        "token_type",
    ];
    assert_eq!(play.stage.keys("orders").await, keys);
    assert_eq!(text(&all, "authorization"), "Bearer t1");
    let env = play.stage.stored("env").await;
    assert_eq!(
        play.stage.keys("env").await,
        ["ACCESS_TOKEN", "AUTHORIZATION", "EXPIRES_AT"]
    );
    assert_eq!(text(&env, "EXPIRES_AT"), text(&all, "expires_at"));
    let header = play.stage.stored("header").await;
    assert_eq!(text(&header, "headers"), "Authorization: Bearer t1\n");
    assert_eq!(text(&header, "Authorization"), "Bearer t1");
    let login = play.stage.stored("login").await;
    assert_eq!(login.type_.as_deref(), Some("kubernetes.io/basic-auth"));
    assert_eq!(
        (text(&login, "username"), text(&login, "password")),
        ("robot".into(), "t1".into())
    );
    let pull = play.stage.stored("pull").await;
    assert_eq!(
        pull.type_.as_deref(),
        Some("kubernetes.io/dockerconfigjson")
    );
    let auth =
        json!({ "username": "oauth2", "password": "t1", "auth": STANDARD.encode("oauth2:t1") });
    let config: Value = serde_json::from_str(&text(&pull, ".dockerconfigjson")).unwrap();
    assert_eq!(
        config,
        json!({ "auths": { "registry.example.com": auth, "mirror.example.com:5000": auth } })
    );
    let netrc = play.stage.stored("netrc").await;
    assert_eq!(
        text(&netrc, ".netrc"),
        "machine git.example.com login oauth2 password t1\n"
    );
    let dotenv = text(&play.stage.stored("dotenv").await, ".env");
    assert!(
        dotenv.starts_with("ACCESS_TOKEN='t1'\nAUTHORIZATION='Bearer t1'\n"),
        "{dotenv}"
    );
    let document: Value = serde_json::from_str(&text(
        &play.stage.stored("document").await,
        "credential.json",
    ))
    .unwrap();
    assert_eq!(document["access_token"], "t1");
    assert_eq!(document["expires_at"], text(&all, "expires_at"));
    play.ends_quietly().await;
    assert_eq!(play.calls("orders"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn k44_labels_and_annotations_of_the_object_stay_with_the_object() {
    let play = Play::new("labels").await;
    play.good_source("orders").await;
    let targets = json!({ "targets": [{
        "name": "orders", "type": "example.com/token",
        "labels": { "team": "shop" }, "annotations": { "example.com/note": "for the job" },
        "data": { "ORDERS_TOKEN": "access_token", "ENDS": "expires_at" },
        "template": { "line": "{{ metadata.namespace }}/{{ metadata.name }} {{ credential.token_type }}\n" },
    }] });
    let object = json!({
        "apiVersion": "authkeeper.dev/v1alpha1", "kind": "AuthenticationConfiguration",
        "metadata": {
            "name": "orders",
            "labels": { "app.kubernetes.io/instance": "shop", "argocd.argoproj.io/instance": "shop", "kustomize.toolkit.fluxcd.io/name": "shop" },
            "annotations": { "argocd.argoproj.io/tracking-id": "shop:authkeeper.dev/orders", "example.com/owner": "shop" },
        },
        "spec": play.spec("orders", targets),
    });
    let parameters = PatchParams::apply("tests").force();
    play.stage
        .configurations()
        .patch("orders", &parameters, &Patch::Apply(&object))
        .await
        .unwrap();
    play.stage
        .value_when("orders", "ORDERS_TOKEN", "t1", |token| token == "t1")
        .await;
    let secret = play.stage.stored("orders").await;
    assert_eq!(
        play.stage.keys("orders").await,
        ["ENDS", "ORDERS_TOKEN", "line"]
    );
    assert_eq!(
        text(&secret, "line"),
        format!("{}/orders Bearer\n", play.stage.namespace())
    );
    assert_eq!(secret.type_.as_deref(), Some("example.com/token"));
    let labels: Vec<_> = secret
        .metadata
        .labels
        .clone()
        .unwrap()
        .into_iter()
        .collect();
    let expected = [
        ("app.kubernetes.io/managed-by", "authkeeper"),
        ("team", "shop"),
    ];
    assert_eq!(
        labels,
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    let foreign: Vec<_> = secret
        .metadata
        .annotations
        .clone()
        .unwrap()
        .into_keys()
        .filter(|name| !name.starts_with("authkeeper.dev/"))
        .collect();
    assert_eq!(
        foreign,
        ["example.com/note", "reloader.stakater.com/ignore"]
    );

    // Further labels of the object and of hands are nobody's business here.
    let label = json!({ "metadata": { "labels": { "app.kubernetes.io/part-of": "shop" } } });
    play.stage
        .configurations()
        .patch("orders", &PatchParams::default(), &Patch::Merge(&label))
        .await
        .unwrap();
    play.ends_quietly().await;
    assert_eq!(
        play.stage.stored("orders").await.metadata.resource_version,
        secret.metadata.resource_version
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_template_of_a_config_map_is_rendered_again() {
    let play = Play::new("template").await;
    let from = json!([{ "configMap": "orders-map", "key": "agent.conf" }, { "configMap": "orders-map", "key": "agent.conf", "to": "copy" }]);
    let targets = json!({ "targets": [{ "name": "orders" }, { "name": "conf", "format": "Template", "templateFrom": from }] });
    play.stage
        .config_map(
            "orders-map",
            &[("agent.conf", "first {{ credential.access_token }}")],
        )
        .await;
    play.client("orders", targets).await;
    play.served("orders", "t1").await;
    let conf = play.stage.stored("conf").await;
    assert_eq!(
        (text(&conf, "agent.conf"), text(&conf, "copy")),
        ("first t1".into(), "first t1".into())
    );

    play.stage
        .config_map(
            "orders-map",
            &[("agent.conf", "second {{ credential.access_token | upper }}")],
        )
        .await;
    play.stage
        .value_when("conf", "agent.conf", "edited", |text| text == "second T1")
        .await;

    play.stage
        .config_map("orders-map", &[("agent.conf", "{{ credential.nothing }}")])
        .await;
    play.says(
        "orders",
        "Accepted",
        "False",
        "InvalidSpec",
        &[
            "targets[1].templateFrom[\"agent.conf\"]",
            "credential.nothing",
        ],
    )
    .await;
    play.unharmed("orders", "t1").await;
    assert_eq!(
        play.stage.value("conf", "agent.conf").await.as_deref(),
        Some("second T1")
    );

    play.stage.config_map("orders-map", &[("other", "x")]).await;
    play.says(
        "orders",
        "SourcesResolved",
        "False",
        "SourceNotFound",
        &["ConfigMap orders-map", "agent.conf"],
    )
    .await;
    play.unharmed("orders", "t1").await;

    play.stage
        .config_map(
            "orders-map",
            &[("agent.conf", "third {{ credential.access_token }}")],
        )
        .await;
    play.stage
        .value_when("conf", "agent.conf", "healed", |text| text == "third t1")
        .await;
    play.stage
        .condition("orders", "Ready", "True", "TokenValid")
        .await;
    play.ends_quietly().await;
    assert_eq!(play.calls("orders"), 1);
}
