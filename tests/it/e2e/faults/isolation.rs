//! One broken object does not stop the others.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use authkeeper::{
    api::{self, v1alpha1::AuthenticationConfiguration},
    controller::{self, Cluster, Fleet, Settings},
    provider::{
        Refusal,
        http::{ConnectionSettings, Connections, Http},
    },
    runtime::{Exposition, SystemClock, http::HttpConnections},
};
use authkeeper_testbed::{ControlPlane, Operator, OperatorOptions, Options};
use k8s_openapi::{
    api::core::v1::Secret,
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, Client,
    api::{Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    e2e::reactions::{counting, stays_quiet},
    stage::{Stage, eventually},
};

/// The definition of a later release, or of a careless hand: it stores whatever the spec says.
fn loosened() -> CustomResourceDefinition {
    let strict = api::crds().into_iter().next().unwrap();
    let mut loose = serde_json::to_value(strict).unwrap();
    let version = &mut loose["spec"]["versions"][0];
    let schema = &mut version["schema"]["openAPIV3Schema"];
    schema["properties"]["spec"] =
        json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    schema
        .as_object_mut()
        .unwrap()
        .remove("x-kubernetes-validations");
    version.as_object_mut().unwrap().remove("selectableFields");
    serde_json::from_value(loose).unwrap()
}

async fn apply(client: &Client, name: &str, spec: Value) {
    let object = json!({
        "apiVersion": "authkeeper.dev/v1alpha1", "kind": "AuthenticationConfiguration",
        "metadata": { "name": name }, "spec": spec,
    });
    let resource = kube::core::ApiResource::erase::<AuthenticationConfiguration>(&());
    let api: Api<kube::core::DynamicObject> =
        Api::namespaced_with(client.clone(), "default", &resource);
    let parameters = PatchParams::apply("tests").force();
    eventually("the kind is served", async || {
        api.patch(name, &parameters, &Patch::Apply(&object))
            .await
            .is_ok()
    })
    .await;
}

/// A control plane of its own, since the definition is everybody's.
async fn loose_control_plane() -> (ControlPlane, Client) {
    let started = || ControlPlane::start(&Options::default()).unwrap();
    let control_plane = tokio::task::spawn_blocking(started).await.unwrap();
    let client = control_plane.client().await.unwrap();
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    let parameters = PostParams::default();
    definitions.create(&parameters, &loosened()).await.unwrap();
    let secret = json!({
        "metadata": { "name": "client" },
        "stringData": { "client_id": "example-client", "client_secret": "example-secret-value" },
    });
    let secret: Secret = serde_json::from_value(secret).unwrap();
    let secrets: Api<Secret> = Api::default_namespaced(client.clone());
    secrets.create(&parameters, &secret).await.unwrap();
    (control_plane, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_cannot_be_decoded_is_named_and_the_others_are_refreshed() {
    let (control_plane, client) = loose_control_plane().await;
    let idp = counting(6);
    let good = json!({
        "sources": [{ "secretRef": { "name": "client" } }],
        "method": { "oauth2": { "tokenEndpoint": idp.url("/token") } },
        "connection": { "allowHttp": true }, "refresh": { "minInterval": "1s" },
    });
    let two = json!({ "method": { "none": {}, "basic": {} } });
    apply(&client, "a-wrong-type", json!({ "sources": "client" })).await;
    apply(&client, "good", good).await;
    apply(&client, "two-blocks", two).await;
    let binary = env!("CARGO_BIN_EXE_authkeeper");
    let options = OperatorOptions::new(binary, control_plane.kubeconfig_path()).args([
        "--namespace",
        "default",
        "--allow-http",
    ]);
    let operator = Operator::start(&options).unwrap();
    operator.wait_ready().await.unwrap();
    let tokens = async |count| {
        let asked = idp.wait_for("/token", count, Duration::from_secs(20));
        asked.await.unwrap();
    };
    tokens(2).await;
    let unknown = json!({ "method": { "teleport": {} } });
    apply(&client, "z-unknown-block", unknown).await;
    tokens(4).await;
    let log = operator.output();
    for name in ["a-wrong-type", "two-blocks", "z-unknown-block"] {
        let named = log
            .lines()
            .any(|line| line.contains(name) && line.contains("cannot be decoded"));
        assert!(named, "{name}\n{log}");
    }
}

/// Panics for connections with a time-out of seven seconds.
#[derive(Debug)]
struct Panicking(HttpConnections);

impl Connections for Panicking {
    fn open(&self, settings: &ConnectionSettings) -> Result<Arc<dyn Http>, Refusal> {
        assert_ne!(settings.timeout_milliseconds, Some(7000), "on purpose");
        self.0.open(settings)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_one_round_does_not_reach_the_others() {
    let stage = Stage::new("panic").await;
    let idp = counting(6);
    let (clock, fleet) = (Arc::new(SystemClock), Fleet::default());
    let (exposition, metrics) = Exposition::new(fleet.clone(), clock.clone(), 10);
    let settings = Settings {
        cluster: Cluster::new(stage.client.clone(), Duration::from_secs(5)),
        connections: Arc::new(Panicking(HttpConnections::new(true))),
        clock,
        metrics,
        namespace: stage.namespace().to_owned(),
        instance: "test".to_owned(),
        watch_namespaces: vec![stage.namespace().to_owned()],
        concurrency: 2,
        routine_status_writes: true,
    };
    let (ready, _) = tokio::sync::watch::channel(false);
    let stop = std::future::pending();
    let shell = tokio::spawn(Box::pin(controller::run(settings, fleet, ready, stop)));
    let url = idp.url("/token");
    let broken = json!({ "connection": { "timeout": "7s" } });
    let short = json!({ "refresh": { "minInterval": "1s" } });
    for name in ["broken-1", "broken-2", "broken-3"] {
        stage.client_credentials(name, &url, broken.clone()).await;
    }
    stage.client_credentials("orders", &url, short).await;
    idp.wait_for("/token", 3, Duration::from_secs(20))
        .await
        .unwrap();
    stage
        .annotate("broken-1", "example.com/note", "again")
        .await;
    idp.wait_for("/token", 4, Duration::from_secs(20))
        .await
        .unwrap();
    assert!(!shell.is_finished());
    eventually(
        "each panics once, and once more after the event",
        async || {
            let page = exposition.page().unwrap();
            page.contains("authkeeper_reconcile_total{result=\"panic\"} 4")
                && page.contains("authkeeper_workers_busy 0")
        },
    )
    .await;
    shell.abort();
}

/// Annotations of a managed Secret.
const MARKS: [&str; 13] = [
    "issued-at",
    "expires-at",
    "expiry-source",
    "grant",
    "spec",
    "publish",
    "content",
    "credential",
    "keys",
    "sources",
    "method",
    "generation",
    "repeats",
];

/// What a careless hand may do to a managed Secret and to the object itself.
fn absurdities() -> Vec<(&'static str, Value)> {
    let long = "x".repeat(100_000);
    let marks = |value: &str| -> BTreeMap<String, String> {
        MARKS
            .iter()
            .map(|name| (format!("authkeeper.dev/{name}"), value.to_owned()))
            .collect()
    };
    let extreme = json!({
        "authkeeper.dev/issued-at": "9999-12-30T22:00:00.999999999Z",
        "authkeeper.dev/expires-at": "-009999-01-02T01:59:59Z",
        "authkeeper.dev/repeats": "255", "authkeeper.dev/generation": "-9223372036854775808",
    });
    vec![
        ("empty", json!(marks(""))),
        (
            "nonsense",
            json!(marks("\u{0}=,:@/v1:::=\u{1F980},,=,absent")),
        ),
        ("extreme", extreme),
        (
            "long",
            json!({ "authkeeper.dev/sources": long, "authkeeper.dev/grant": "v1:x:y" }),
        ),
        (
            "none",
            json!(
                marks("")
                    .into_keys()
                    .map(|key| (key, Value::Null))
                    .collect::<BTreeMap<_, _>>()
            ),
        ),
    ]
}

/// Three hundred labels, long annotations, a date long past, and a request longer than a Secret could echo.
async fn decorate(stage: &Stage) {
    let labels: BTreeMap<String, String> = (0..300)
        .map(|number| (format!("label-{number}"), "x".repeat(63)))
        .collect();
    let decorated = json!({ "metadata": { "labels": labels, "annotations": {
        "authkeeper.dev/suspend-until": "0001-01-01T00:00:00Z", "note": "y".repeat(50_000),
    } } });
    for name in ["empty", "long"] {
        let patch = Patch::Merge(&decorated);
        let parameters = PatchParams::default();
        let configurations = stage.configurations();
        configurations
            .patch(name, &parameters, &patch)
            .await
            .unwrap();
    }
    let asked = "z".repeat(150_000);
    stage
        .annotate("long", "authkeeper.dev/refresh-requested", &asked)
        .await;
    stage
        .status_when("long", "echoed", |status| {
            status.last_handled_refresh_request.is_some()
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_marks_and_absurd_metadata_stop_nobody() {
    let (stage, idp) = (Stage::new("absurd").await, counting(3600));
    let operator = stage.operator().await;
    let url = idp.url("/token");
    let absurdities = absurdities();
    for (name, _) in &absurdities {
        stage.client_credentials(name, &url, json!({})).await;
    }
    for (name, annotations) in &absurdities {
        stage.condition(name, "Ready", "True", "TokenValid").await;
        let patch = json!({ "metadata": { "annotations": annotations } });
        let patch = Patch::Merge(&patch);
        stage
            .secrets()
            .patch(name, &PatchParams::default(), &patch)
            .await
            .unwrap();
    }
    decorate(&stage).await;
    sleep(Duration::from_secs(2)).await;
    stays_quiet(&stage, &idp, "after the absurdities").await;
    for (name, _) in &absurdities {
        assert!(
            stage.value(name, "access_token").await.is_some(),
            "{name} holds a token"
        );
        stage.condition(name, "Ready", "True", "TokenValid").await;
    }
    stage.client_credentials("late", &url, json!({})).await;
    stage.condition("late", "Ready", "True", "TokenValid").await;
    let panics = operator
        .metric("authkeeper_reconcile_total{result=\"panic\"}")
        .await;
    assert_eq!(panics.unwrap(), Some(0.0));
}
