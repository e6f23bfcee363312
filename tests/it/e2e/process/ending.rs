//! Beginning without an API server, watching some namespaces, and ending in the midst of work.

use std::time::{Duration, Instant};

use authkeeper_testbed::{
    Namespace, Operator,
    idp::{Answer, ScriptedIdp},
    shared_control_plane,
};
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api,
    api::{Patch, PatchParams, PostParams},
};
use serde_json::json;
use tokio::time::sleep;

use crate::{
    e2e::reactions::counting,
    stage::{Stage, eventually},
};

#[tokio::test(flavor = "multi_thread")]
async fn it_lives_without_an_api_server_and_is_ready_when_its_caches_are_filled() {
    let (stage, idp) = (Stage::new("late").await, counting(3600));
    stage
        .client_credentials("orders", &idp.url("/token"), json!({}))
        .await;
    let proxy = Stage::proxy();
    proxy.set_open(false).unwrap();
    let operator = Operator::start(&stage.options_through(&proxy)).unwrap();
    eventually("it lives", async || {
        operator.health("livez").await == Some(200)
    })
    .await;
    assert_eq!(operator.health("readyz").await, Some(503));
    operator
        .process()
        .wait_for_line(Duration::from_secs(5), |line| {
            line.contains("not ready") && line.contains("the API server is not reached")
        })
        .unwrap();
    assert!(operator.metrics().await.unwrap().ends_with("# EOF\n"));
    assert_eq!(operator.health("readyz").await, Some(503));
    let waiting = Operator::start(&stage.options_through(&proxy)).unwrap();
    eventually("the second lives", async || {
        waiting.health("livez").await == Some(200)
    })
    .await;
    let ended = waiting.terminate(Duration::from_secs(3)).unwrap();
    assert!(ended.success(), "it ends while it waits: {ended:?}");

    proxy.set_open(true).unwrap();
    operator.wait_ready().await.unwrap();
    stage
        .condition("orders", "Ready", "True", "TokenValid")
        .await;
    assert_eq!(idp.count("/token"), 1);
    proxy.set_open(false).unwrap();
    sleep(Duration::from_secs(1)).await;
    let health = (
        operator.health("livez").await,
        operator.health("readyz").await,
    );
    assert_eq!(health, (Some(200), Some(200)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_under_way_is_finished_before_the_process_ends() {
    let stage = Stage::new("ending").await;
    let idp = ScriptedIdp::http().unwrap();
    let slow = Duration::from_secs(3);
    idp.respond("/token", Answer::token("t1", 3600).after(slow));
    let operator = stage.operator().await;
    stage
        .client_credentials("orders", &idp.url("/token"), json!({}))
        .await;
    idp.wait_for("/token", 1, Duration::from_secs(20))
        .await
        .unwrap();
    let asked = Instant::now();
    operator.process().ask_to_stop().unwrap();
    sleep(Duration::from_millis(500)).await;
    // Impatience changes nothing: an answer that is on its way must not be lost.
    operator.process().ask_to_stop().unwrap();
    let ended = operator.process().wait(Duration::from_secs(10)).unwrap();
    assert!(ended.success(), "{ended:?}");
    assert!(asked.elapsed() > Duration::from_secs(2), "it waited");
    assert_eq!(
        stage.value("orders", "access_token").await.as_deref(),
        Some("t1")
    );
    let status = stage.status("orders").await;
    let ready = crate::stage::condition(&status, "Ready").unwrap();
    assert_eq!(ready.reason, "TokenValid");
    assert_eq!(idp.count("/token"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_grace_has_an_end() {
    let stage = Stage::new("grace").await;
    let idp = ScriptedIdp::http().unwrap();
    idp.respond("/token", Answer::hang());
    let options = stage.options().args(["--shutdown-seconds", "1"]);
    let operator = stage.start(&options).await;
    stage
        .client_credentials("orders", &idp.url("/token"), json!({}))
        .await;
    idp.wait_for("/token", 1, Duration::from_secs(20))
        .await
        .unwrap();
    let asked = Instant::now();
    operator.terminate(Duration::from_secs(5)).unwrap();
    assert!(asked.elapsed() < Duration::from_secs(3));
    assert!(
        operator
            .output()
            .contains("rounds in flight did not end in time")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_named_namespaces_are_served_once_each_and_no_other() {
    let (stage, idp) = (Stage::new("watched").await, counting(3600));
    let control_plane = shared_control_plane();
    let second = Namespace::create(control_plane, "watched-too")
        .await
        .unwrap();
    let third = Namespace::create(control_plane, "not-watched")
        .await
        .unwrap();
    let named = format!("{0},{1}, {0} ,", stage.namespace(), second.name());
    let operator = stage
        .start(&stage.options().args(["--watch-namespaces", &named]))
        .await;
    stage
        .client_credentials("orders", &idp.url("/first"), json!({}))
        .await;
    for (namespace, path) in [(&third, "/third"), (&second, "/second")] {
        configure_elsewhere(&stage, namespace.name(), &idp.url(path)).await;
    }
    idp.wait_for("/second", 1, Duration::from_secs(20))
        .await
        .unwrap();
    stage
        .condition("orders", "Ready", "True", "TokenValid")
        .await;
    sleep(Duration::from_secs(3)).await;
    let calls = ["/first", "/second", "/third"].map(|path| idp.count(path));
    assert_eq!(calls, [1, 1, 0]);
    let page = operator.metrics().await.unwrap();
    assert!(page.contains(second.name()) && !page.contains(third.name()));
}

async fn configure_elsewhere(stage: &Stage, namespace: &str, url: &str) {
    let secrets: Api<Secret> = Api::namespaced(stage.client.clone(), namespace);
    let secret = json!({
        "metadata": { "name": "client" },
        "stringData": { "client_id": "example-client", "client_secret": "example-secret-value" },
    });
    secrets
        .create(
            &PostParams::default(),
            &serde_json::from_value(secret).unwrap(),
        )
        .await
        .unwrap();
    let object = json!({
        "apiVersion": "authkeeper.dev/v1alpha1", "kind": "AuthenticationConfiguration",
        "metadata": { "name": "orders" },
        "spec": {
            "sources": [{ "secretRef": { "name": "client" } }],
            "method": { "oauth2": { "tokenEndpoint": url } }, "connection": { "allowHttp": true },
        },
    });
    let api: Api<authkeeper::api::v1alpha1::AuthenticationConfiguration> =
        Api::namespaced(stage.client.clone(), namespace);
    api.patch(
        "orders",
        &PatchParams::apply("tests").force(),
        &Patch::Apply(&object),
    )
    .await
    .unwrap();
}
