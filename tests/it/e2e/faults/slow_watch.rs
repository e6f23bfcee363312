//! A slow watch never mints twice.

use std::time::Duration;

use authkeeper_testbed::idp::{Answer, ScriptedIdp};
use jiff::SignedDuration;
use serde_json::json;
use tokio::time::sleep;

use crate::{e2e::reactions::counting, stage::Stage};

const DELAY: Duration = Duration::from_secs(5);
/// Everything that was on its way has arrived.
const LATER: Duration = Duration::from_secs(7);

async fn published(stage: &Stage, token: &str) {
    stage
        .value_when("orders", "access_token", token, |value| value == token)
        .await;
    stage
        .condition("orders", "Ready", "True", "TokenValid")
        .await;
}

/// Events of every kind, all of them late.
async fn stir(stage: &Stage) {
    for number in 0..4 {
        let note = number.to_string();
        stage.annotate("orders", "example.com/note", &note).await;
        let patch = json!({ "metadata": { "labels": { "note": note } } });
        for secret in ["client", "orders"] {
            let patch = kube::api::Patch::Merge(&patch);
            let parameters = kube::api::PatchParams::default();
            stage
                .secrets()
                .patch(secret, &parameters, &patch)
                .await
                .unwrap();
        }
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_watch_never_mints_twice() {
    let (stage, idp) = (Stage::new("slow-watch").await, counting(3600));
    let proxy = Stage::proxy();
    proxy.delay_watches(DELAY);
    let operator = stage.start(&stage.options_through(&proxy)).await;
    stage
        .client_credentials("orders", &idp.url("/token"), json!({}))
        .await;
    published(&stage, "t1").await;
    stir(&stage).await;
    sleep(LATER).await;
    assert_eq!(idp.count("/token"), 1, "while the watch was behind");

    operator.kill_9().unwrap();
    let _operator = stage.start(&stage.options_through(&proxy)).await;
    stir(&stage).await;
    sleep(LATER).await;
    assert_eq!(idp.count("/token"), 1, "after a restart");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_secret_is_replaced_once_however_slow_the_watch() {
    let (stage, idp) = (Stage::new("slow-deletion").await, counting(3600));
    let proxy = Stage::proxy();
    let _operator = stage.start(&stage.options_through(&proxy)).await;
    stage
        .client_credentials("orders", &idp.url("/token"), json!({}))
        .await;
    published(&stage, "t1").await;
    proxy.delay_watches(DELAY);
    stage.delete_secret("orders").await;
    published(&stage, "t2").await;
    sleep(LATER).await;
    assert_eq!(idp.count("/token"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn short_tokens_are_refreshed_on_time_and_once_each_behind_a_slow_watch() {
    let (stage, idp) = (Stage::new("slow-refresh").await, counting(6));
    let proxy = Stage::proxy();
    proxy.delay_watches(DELAY);
    let _operator = stage.start(&stage.options_through(&proxy)).await;
    let spec = json!({ "refresh": { "minInterval": "1s" } });
    stage
        .client_credentials("orders", &idp.url("/token"), spec)
        .await;
    stage
        .value_when("orders", "access_token", "t5", |value| value == "t5")
        .await;
    let times: Vec<_> = idp
        .requests_to("/token")
        .iter()
        .map(|request| request.at)
        .collect();
    assert_eq!(times.len(), 5, "one call for each token");
    for pair in times.windows(2) {
        let pause = pair[0].duration_until(pair[1]);
        let due = SignedDuration::from_millis(3_700)..SignedDuration::from_millis(5_500);
        assert!(due.contains(&pause), "{pause:?} between two refreshes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_grant_waits_for_its_next_attempt_behind_a_slow_watch_and_across_a_restart() {
    let stage = Stage::new("slow-back-off").await;
    let idp = ScriptedIdp::http().unwrap();
    idp.respond("/token", Answer::status(503));
    let proxy = Stage::proxy();
    proxy.delay_watches(DELAY);
    let operator = stage.start(&stage.options_through(&proxy)).await;
    let spec = json!({ "refresh": { "retry": { "initial": "12s" } } });
    stage
        .client_credentials("orders", &idp.url("/token"), spec)
        .await;
    let status = stage
        .status_when("orders", "refused", |status| {
            status.next_attempt_at.is_some()
        })
        .await;
    let next = status.next_attempt_at.unwrap();
    stage.annotate("orders", "example.com/note", "early").await;
    sleep(Duration::from_secs(2)).await;
    operator.kill_9().unwrap();
    idp.respond("/token", Answer::token("t1", 3600));
    let _operator = stage.start(&stage.options_through(&proxy)).await;
    stage.annotate("orders", "example.com/note", "again").await;
    published(&stage, "t1").await;
    let requests = idp.requests_to("/token");
    assert_eq!(requests.len(), 2, "one refusal, one success");
    assert!(requests[1].at >= next, "{} before {next}", requests[1].at);
    let status = stage.status("orders").await;
    assert_eq!(
        (status.last_error, status.consecutive_failures),
        (None, None)
    );
}
