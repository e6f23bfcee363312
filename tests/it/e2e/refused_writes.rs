//! What Kubernetes refuses, or somebody else owns, is found before a token is asked for.

use authkeeper_testbed::idp::Answer;
use k8s_openapi::api::core::v1::{Namespace, ResourceQuota};
use kube::{
    Api,
    api::{DeleteParams, ListParams, Patch, PatchParams},
};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::stage::{PATIENCE, Play};

/// What was under way when the namespace was deleted may still end.
const GRACE: std::time::Duration = std::time::Duration::from_millis(200);
const SOON: std::time::Duration = std::time::Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_somebody_else_is_never_touched_and_nobody_is_asked() {
    let play = Play::new("foreign").await;
    let theirs = play
        .stage
        .secret("orders", &[("password", "of-somebody-else")])
        .await;
    play.client("orders", json!({})).await;
    play.says(
        "orders",
        "Ready",
        "False",
        "TargetConflict",
        &["Secret orders"],
    )
    .await;
    play.says(
        "orders",
        "Stalled",
        "True",
        "TargetConflict",
        &["Secret orders"],
    )
    .await;
    // One that carries our label and our name in the owner annotation of another object is as foreign.
    let planted = json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": { "access_token": "planted" },
        "metadata": {
            "name": "planted",
            "labels": { "app.kubernetes.io/managed-by": "authkeeper" },
            "annotations": { "authkeeper.dev/owner": format!("{}/another", play.stage.namespace()) },
        },
    });
    let parameters = PatchParams::apply("tests").force();
    play.stage
        .secrets()
        .patch("planted", &parameters, &Patch::Apply(&planted))
        .await
        .unwrap();
    play.client("planted", json!({})).await;
    let owner = format!("{}/another", play.stage.namespace());
    play.says(
        "planted",
        "Ready",
        "False",
        "TargetConflict",
        &["Secret planted", &owner],
    )
    .await;
    play.ends_quietly().await;
    assert_eq!((play.calls("orders"), play.calls("planted")), (0, 0));
    let now = play.stage.stored("orders").await;
    assert_eq!(
        now.metadata.resource_version,
        theirs.metadata.resource_version
    );

    // It goes: the name is free.
    play.stage.delete_secret("orders").await;
    play.served("orders", "t1").await;
    assert_eq!(play.calls("orders"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_becomes_foreign_by_edit_leaves_the_good_token_where_it_is() {
    let play = Play::new("foreign-edit").await;
    play.client("orders", json!({ "targets": [{ "name": "orders" }] }))
        .await;
    play.served("orders", "t1").await;
    play.stage
        .secret("theirs", &[("password", "of-somebody-else")])
        .await;
    let targets = json!({ "targets": [{ "name": "orders" }, { "name": "theirs" }] });
    play.stage
        .configure("orders", play.spec("orders", targets))
        .await;
    play.says(
        "orders",
        "Ready",
        "False",
        "TargetConflict",
        &["Secret theirs"],
    )
    .await;
    assert_eq!(
        play.stage.value("orders", "access_token").await.as_deref(),
        Some("t1")
    );
    // Alone, it takes nothing away either: the former target is not deleted before the new one holds the token.
    let targets = json!({ "targets": [{ "name": "theirs" }] });
    play.stage
        .configure("orders", play.spec("orders", targets))
        .await;
    play.stage
        .status_when("orders", "judged", |status| {
            status.observed_generation == Some(3)
        })
        .await;
    play.ends_quietly().await;
    assert_eq!(
        play.stage.value("orders", "access_token").await.as_deref(),
        Some("t1")
    );
    assert_eq!(play.stage.keys("theirs").await, ["password"]);
    assert_eq!(play.calls("orders"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_a_source_now_is_not_deleted_as_a_former_target() {
    let play = Play::new("source-again").await;
    play.stage
        .secret("seed", &[("token", "example-token-1")])
        .await;
    let bearer = |source: &str, target: &str| {
        json!({
            "sources": [{ "secretRef": { "name": source } }], "method": { "bearer": {} }, "targets": [{ "name": target }],
        })
    };
    play.stage.configure("chain", bearer("seed", "first")).await;
    play.stage
        .value_when("first", "access_token", "published", |token| {
            token == "example-token-1"
        })
        .await;
    play.stage
        .configure("chain", bearer("first", "second"))
        .await;
    play.stage
        .value_when("second", "access_token", "published", |token| {
            token == "example-token-1"
        })
        .await;
    play.stage
        .condition("chain", "Ready", "True", "TokenValid")
        .await;
    play.ends_quietly().await;
    assert_eq!(
        play.stage.value("first", "access_token").await.as_deref(),
        Some("example-token-1")
    );
}

async fn limit(play: &Play, secrets: usize) {
    let quotas: Api<ResourceQuota> =
        Api::namespaced(play.stage.client.clone(), play.stage.namespace());
    let quota = json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": { "name": "few" },
        "spec": { "hard": { "count/secrets": secrets.to_string() } },
    });
    let parameters = PatchParams::apply("tests").force();
    quotas
        .patch("few", &parameters, &Patch::Apply(&quota))
        .await
        .unwrap();
    let begin = Instant::now();
    loop {
        let status = quotas.get("few").await.unwrap().status.unwrap_or_default();
        let counted = status
            .used
            .is_some_and(|used| used.contains_key("count/secrets"));
        let hard = status
            .hard
            .and_then(|hard| Some(hard.get("count/secrets")?.0.clone()));
        if counted && hard == Some(secrets.to_string()) {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "the quota is not counted");
        sleep(SOON).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_refuses_the_secret_is_found_before_a_token_is_asked_for_and_heals() {
    let play = Play::new("quota").await;
    play.client("served", json!({ "targets": [{ "name": "served" }] }))
        .await;
    play.served("served", "t1").await;
    play.good_source("orders").await;
    let now = play
        .stage
        .secrets()
        .list(&ListParams::default())
        .await
        .unwrap()
        .items
        .len();
    limit(&play, now).await;
    play.stage
        .configure("orders", play.spec("orders", json!({})))
        .await;
    play.says(
        "orders",
        "Ready",
        "False",
        "QuotaExceeded",
        &["orders", "HTTP 403"],
    )
    .await;
    play.says(
        "orders",
        "Reconciling",
        "True",
        "ProgressingWithRetry",
        &["Next try at"],
    )
    .await;
    assert_eq!(play.calls("orders"), 0);

    // A second target of an object that is served: the first keeps its token, and no new one is asked for.
    let two = json!({ "targets": [{ "name": "served" }, { "name": "second" }] });
    play.stage
        .configure("served", play.spec("served", two))
        .await;
    play.says("served", "Ready", "False", "QuotaExceeded", &["second"])
        .await;
    assert_eq!(
        play.stage.value("served", "access_token").await.as_deref(),
        Some("t1")
    );

    limit(&play, now + 5).await;
    play.served("orders", "t1").await;
    play.stage
        .value_when("second", "access_token", "t1", |token| token == "t1")
        .await;
    play.stage
        .condition("served", "Ready", "True", "TokenValid")
        .await;
    play.ends_quietly().await;
    assert_eq!((play.calls("orders"), play.calls("served")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn k41_a_namespace_that_is_being_deleted_gets_no_token_and_is_gone_soon() {
    let play = Play::new("leaving").await;
    let names: Vec<String> = (0..20).map(|number| format!("orders-{number}")).collect();
    for (number, name) in names.iter().enumerate() {
        // Some have nothing yet and ask each second.
        if number % 4 == 0 {
            play.answer(name, Answer::status(503));
        }
        let retry = json!({ "refresh": { "retry": { "initial": "1s", "max": "1s" } } });
        play.client(name, retry).await;
    }
    for (number, name) in names.iter().enumerate() {
        if number % 4 == 0 {
            play.says(name, "Ready", "False", "ProviderUnavailable", &["HTTP 503"])
                .await;
        } else {
            play.served(name, "t1").await;
        }
    }
    let namespaces: Api<Namespace> = Api::all(play.stage.client.clone());
    let name = play.stage.namespace().to_owned();
    namespaces
        .delete(&name, &DeleteParams::default())
        .await
        .unwrap();
    let (deleted, begin) = (jiff::Timestamp::now() + GRACE, Instant::now());
    while namespaces.get_opt(&name).await.unwrap().is_some() {
        assert!(
            begin.elapsed() < PATIENCE / 2,
            "the namespace is still there"
        );
        sleep(SOON).await;
    }
    play.ends_quietly().await;
    let late = play
        .idp
        .requests()
        .into_iter()
        .filter(|one| one.at > deleted);
    assert_eq!(late.count(), 0, "tokens for a namespace on its way out");
    let output = play.operator.output();
    let errors = output
        .lines()
        .filter(|line| line.contains("\"level\":\"ERROR\""));
    assert_eq!(errors.count(), 0);
}
