//! What happens between two refreshes: hands, tools and people.

use std::time::Duration;

use authkeeper_testbed::idp::{Answer, ScriptedIdp};
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::json;
use tokio::time::sleep;

use crate::stage::{Stage, condition};

/// A server that hands out `t1`, `t2`, … each living this long.
pub(super) fn counting(seconds: u64) -> ScriptedIdp {
    let idp = ScriptedIdp::http().unwrap();
    let count = std::sync::atomic::AtomicU64::new(1);
    idp.otherwise(move |_| {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Answer::token(&format!("t{number}"), seconds)
    });
    idp
}

/// Nothing more happens within the time: no call and no write.
pub(super) async fn stays_quiet(stage: &Stage, idp: &ScriptedIdp, what: &str) {
    sleep(Duration::from_secs(2)).await;
    let (calls, writes) = (idp.count("/token"), stage.writes());
    sleep(Duration::from_secs(3)).await;
    assert_eq!(
        (idp.count("/token"), stage.writes()),
        (calls, writes),
        "{what}: calls and writes"
    );
}

pub(super) async fn published(stage: &Stage, idp: &ScriptedIdp, token: &str) {
    stage
        .value_when("orders", "access_token", token, |value| value == token)
        .await;
    stage
        .condition("orders", "Ready", "True", "TokenValid")
        .await;
    assert_eq!(idp.count("/token"), token[1..].parse::<usize>().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_source_is_used_at_once_and_a_relabelled_one_is_not() {
    let (stage, idp) = (Stage::new("source").await, counting(3600));
    let _operator = stage.operator().await;
    stage
        .client_credentials("orders", &idp.url("/token"), json!({}))
        .await;
    published(&stage, &idp, "t1").await;

    let label = json!({ "metadata": { "labels": { "team": "shop" } } });
    stage
        .secrets()
        .patch("client", &PatchParams::default(), &Patch::Merge(&label))
        .await
        .unwrap();
    stays_quiet(&stage, &idp, "a label on the source").await;
    assert_eq!(idp.count("/token"), 1);

    stage
        .secret(
            "client",
            &[
                ("client_id", "example-client"),
                ("client_secret", "example-other-value"),
            ],
        )
        .await;
    published(&stage, &idp, "t2").await;
    let sent = idp.requests_to("/token");
    assert_eq!(sent[1].basic().unwrap().1, "example-other-value");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_source_is_named_and_its_token_stays() {
    let (stage, idp) = (Stage::new("source-gone").await, counting(3600));
    let _operator = stage.operator().await;
    stage
        .client_credentials("orders", &idp.url("/token"), json!({}))
        .await;
    published(&stage, &idp, "t1").await;

    stage.delete_secret("client").await;
    let resolved = stage
        .condition("orders", "SourcesResolved", "False", "SourceNotFound")
        .await;
    assert!(resolved.message.contains("client"), "{}", resolved.message);
    let status = stage.status("orders").await;
    assert_eq!(condition(&status, "Ready").unwrap().status, "True");
    assert_eq!(
        condition(&status, "Reconciling").unwrap().reason,
        "WaitingForSource"
    );
    assert!(condition(&status, "Stalled").is_none());
    assert_eq!(
        stage.value("orders", "access_token").await.as_deref(),
        Some("t1")
    );

    stage
        .secret(
            "client",
            &[
                ("client_id", "example-client"),
                ("client_secret", "example-secret-value"),
            ],
        )
        .await;
    stage
        .condition("orders", "SourcesResolved", "True", "SourcesResolved")
        .await;
    stays_quiet(&stage, &idp, "the same source again").await;
    assert_eq!(idp.count("/token"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn hand_edits_are_undone_without_a_new_token_where_the_bytes_are_known() {
    let (stage, idp) = (Stage::new("edits").await, counting(3600));
    let _operator = stage.operator().await;
    let targets =
        json!({ "targets": [{ "name": "orders" }, { "name": "orders-env", "format": "Env" }] });
    stage
        .client_credentials("orders", &idp.url("/token"), targets)
        .await;
    published(&stage, &idp, "t1").await;
    stage
        .value_when("orders-env", "ACCESS_TOKEN", "t1", |value| value == "t1")
        .await;

    let edit = json!({ "stringData": { "access_token": "by-hand" } });
    stage
        .secrets()
        .patch("orders", &PatchParams::default(), &Patch::Merge(&edit))
        .await
        .unwrap();
    stage
        .value_when("orders", "access_token", "restored", |value| value == "t1")
        .await;

    stage.delete_secret("orders-env").await;
    stage
        .value_when("orders-env", "ACCESS_TOKEN", "restored", |value| {
            value == "t1"
        })
        .await;
    let foreign = json!({ "stringData": { "verifier": "of-somebody-else" } });
    stage
        .secrets()
        .patch("orders", &PatchParams::default(), &Patch::Merge(&foreign))
        .await
        .unwrap();
    stays_quiet(&stage, &idp, "a key of somebody else").await;
    assert_eq!(
        stage.value("orders", "verifier").await.as_deref(),
        Some("of-somebody-else")
    );
    assert_eq!(idp.count("/token"), 1, "nothing of this needed a token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_only_target_is_obtained_again() {
    let (stage, idp) = (Stage::new("deleted").await, counting(3600));
    let _operator = stage.operator().await;
    stage
        .client_credentials("orders", &idp.url("/token"), json!({}))
        .await;
    published(&stage, &idp, "t1").await;
    stage.delete_secret("orders").await;
    published(&stage, &idp, "t2").await;
    let status = stage.status("orders").await;
    assert_eq!(status.unscheduled_mints.unwrap().count, 1);
    stays_quiet(&stage, &idp, "after healing").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_asked_for_by_hand_happens_once_and_is_echoed() {
    let (stage, idp) = (Stage::new("manual").await, counting(3600));
    let _operator = stage.operator().await;
    stage
        .client_credentials("orders", &idp.url("/token"), json!({}))
        .await;
    published(&stage, &idp, "t1").await;
    stage
        .annotate("orders", "authkeeper.dev/refresh-requested", "now-1")
        .await;
    published(&stage, &idp, "t2").await;
    stage
        .status_when("orders", "echoed", |status| {
            status.last_handled_refresh_request.as_deref() == Some("now-1")
        })
        .await;
    stays_quiet(&stage, &idp, "after the request").await;

    idp.respond("/token", Answer::status(503));
    stage
        .annotate("orders", "authkeeper.dev/refresh-requested", "now-2")
        .await;
    stage
        .status_when("orders", "echoed", |status| {
            status.last_handled_refresh_request.as_deref() == Some("now-2")
        })
        .await;
    stage
        .condition("orders", "Ready", "True", "TokenValidRefreshFailing")
        .await;
    assert_eq!(
        stage.value("orders", "access_token").await.as_deref(),
        Some("t2")
    );
    assert_eq!(idp.count("/token"), 3, "one attempt, whatever its outcome");
}

#[tokio::test(flavor = "multi_thread")]
async fn suspended_means_no_call_and_no_write() {
    let (stage, idp) = (Stage::new("suspend").await, counting(3600));
    let _operator = stage.operator().await;
    stage
        .client_credentials("orders", &idp.url("/token"), json!({}))
        .await;
    published(&stage, &idp, "t1").await;
    stage
        .client_credentials("orders", &idp.url("/token"), json!({ "suspend": true }))
        .await;
    stage
        .condition("orders", "Suspended", "True", "Suspended")
        .await;
    stage.delete_secret("orders").await;
    stage
        .annotate("orders", "authkeeper.dev/refresh-requested", "now")
        .await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(
        (
            stage.value("orders", "access_token").await,
            idp.count("/token")
        ),
        (None, 1)
    );

    stage
        .client_credentials("orders", &idp.url("/token"), json!({ "suspend": false }))
        .await;
    published(&stage, &idp, "t2").await;

    let soon = jiff::Timestamp::now() + Duration::from_secs(4);
    stage
        .annotate("orders", "authkeeper.dev/suspend-until", &soon.to_string())
        .await;
    stage
        .condition("orders", "Suspended", "True", "Suspended")
        .await;
    stage.delete_secret("orders").await;
    published(&stage, &idp, "t3").await;
    assert!(
        jiff::Timestamp::now() >= soon,
        "not before the end of the suspension"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_the_method_is_used_and_an_edit_of_the_schedule_calls_nobody() {
    let (stage, idp) = (Stage::new("spec").await, counting(3600));
    let _operator = stage.operator().await;
    stage
        .client_credentials("orders", &idp.url("/token"), json!({}))
        .await;
    published(&stage, &idp, "t1").await;
    let before = stage.status("orders").await.refresh_at.unwrap();

    let schedule = json!({ "refresh": { "before": "5m" } });
    stage
        .client_credentials("orders", &idp.url("/token"), schedule)
        .await;
    let status = stage
        .status_when("orders", "rescheduled", |status| {
            status.refresh_at > Some(before)
        })
        .await;
    assert_eq!(
        condition(&status, "Ready").unwrap().observed_generation,
        Some(2)
    );
    assert_eq!(idp.count("/token"), 1);

    let scopes = json!({ "method": { "oauth2": { "scopes": ["orders.read"] } } });
    stage
        .client_credentials("orders", &idp.url("/token"), scopes)
        .await;
    published(&stage, &idp, "t2").await;
    assert_eq!(
        idp.requests_to("/token")[1].field("scope").as_deref(),
        Some("orders.read")
    );
    stage
        .status_when("orders", "served", |status| {
            condition(status, "Ready").unwrap().observed_generation == Some(3)
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_calls_nobody_and_writes_nothing() {
    let (stage, idp) = (Stage::new("restart").await, counting(3600));
    let operator = stage.operator().await;
    stage
        .client_credentials("orders", &idp.url("/token"), json!({}))
        .await;
    published(&stage, &idp, "t1").await;
    stays_quiet(&stage, &idp, "after the first token").await;
    let (writes, reads) = (stage.writes(), stage.requests("get", "secrets"));
    operator.kill_9().unwrap();
    let operator = stage.operator().await;
    sleep(Duration::from_secs(3)).await;
    assert_eq!((stage.writes(), idp.count("/token")), (writes, 1));
    assert_eq!(
        stage.requests("get", "secrets"),
        reads + 1,
        "only the fingerprint key is read"
    );
    assert!(
        operator
            .terminate(Duration::from_secs(10))
            .unwrap()
            .success()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn former_targets_go_and_a_deleted_object_takes_its_secrets_along_unless_they_are_retained() {
    let (stage, idp) = (Stage::new("deletion").await, counting(3600));
    let _operator = stage.operator().await;
    let two = json!({ "targets": [{ "name": "orders" }, { "name": "former" }] });
    stage
        .client_credentials("orders", &idp.url("/token"), two)
        .await;
    published(&stage, &idp, "t1").await;
    stage
        .value_when("former", "access_token", "t1", |value| value == "t1")
        .await;
    let one = json!({ "targets": [{ "name": "orders" }] });
    stage
        .client_credentials("orders", &idp.url("/token"), one)
        .await;
    gone(&stage, "former").await;
    stage
        .configurations()
        .delete("orders", &DeleteParams::default())
        .await
        .unwrap();
    gone(&stage, "orders").await;

    let kept = json!({ "deletionPolicy": "Retain", "targets": [{ "name": "kept" }] });
    stage
        .client_credentials("orders", &idp.url("/token"), kept.clone())
        .await;
    stage
        .value_when("kept", "access_token", "t2", |value| value == "t2")
        .await;
    stage
        .configurations()
        .delete("orders", &DeleteParams::default())
        .await
        .unwrap();
    sleep(Duration::from_secs(3)).await;
    assert_eq!(
        stage.value("kept", "access_token").await.as_deref(),
        Some("t2")
    );
    stage
        .client_credentials("orders", &idp.url("/token"), kept)
        .await;
    stage
        .condition("orders", "Ready", "True", "TokenValid")
        .await;
    assert_eq!(
        idp.count("/token"),
        2,
        "the retained token is taken up again"
    );
}

pub(super) async fn gone(stage: &Stage, secret: &str) {
    let begin = tokio::time::Instant::now();
    while stage.secrets().get_opt(secret).await.unwrap().is_some() {
        assert!(
            begin.elapsed() < crate::stage::PATIENCE,
            "Secret {secret} is still there"
        );
        sleep(Duration::from_millis(100)).await;
    }
}
