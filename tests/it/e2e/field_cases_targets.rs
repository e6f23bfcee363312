//! Field cases about managed Secrets: undone writes, deletions while nobody answers, two owners.

use std::time::Duration;

use authkeeper_testbed::idp::Answer;
use kube::api::DeleteParams;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::stage::{Play, condition};

const PULSE: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread")]
async fn k37_a_secret_that_is_deleted_after_each_write_costs_ever_rarer_tokens() {
    let play = Play::new("undone").await;
    play.client("orders", json!({})).await;
    play.served("orders", "t1").await;
    let begin = Instant::now();
    let mut written = 0;
    while written < 3 {
        if play
            .stage
            .secrets()
            .get_opt("orders")
            .await
            .unwrap()
            .is_some()
        {
            play.stage.delete_secret("orders").await;
            written += 1;
        }
        if play.calls("orders") == 3 && written == 3 {
            break;
        }
        assert!(
            begin.elapsed() < Duration::from_secs(25),
            "written {written} times"
        );
        sleep(PULSE).await;
    }
    // The first was replaced at once, the second after ten seconds, the third has to wait twenty.
    play.says(
        "orders",
        "Ready",
        "False",
        "TargetUnstable",
        &["Secret orders", "2 credentials"],
    )
    .await;
    let at: Vec<_> = play.requests("orders").iter().map(|one| one.at).collect();
    assert_eq!(at.len(), 3);
    assert!(at[1].duration_until(at[2]).as_secs() >= 9, "{at:?}");
    play.stage
        .value_when("orders", "access_token", "t4", |token| token == "t4")
        .await;
    let at = play.requests("orders")[3].at.duration_since(at[2]);
    assert!(at.as_secs() >= 19, "{at:?}");
    play.says(
        "orders",
        "Degraded",
        "True",
        "TargetUnstable",
        &["Secret orders", "3 credentials"],
    )
    .await;
    play.stage
        .condition("orders", "Ready", "True", "TokenValid")
        .await;
    assert_eq!(
        play.stage
            .status("orders")
            .await
            .unscheduled_mints
            .unwrap()
            .count,
        3
    );
    play.ends_quietly().await;
    assert_eq!(play.calls("orders"), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn k38_a_deleted_target_is_restored_from_another_one_while_nobody_answers() {
    let play = Play::new("restored").await;
    let two =
        json!({ "targets": [{ "name": "orders" }, { "name": "second", "format": "HttpHeader" }] });
    play.client("orders", two).await;
    play.served("orders", "t1").await;
    play.idp.set_open(false).unwrap();
    let before = play.stage.stored("second").await;
    play.stage.delete_secret("second").await;
    let begin = Instant::now();
    play.stage
        .value_when("second", "Authorization", "restored", |line| {
            line == "Bearer t1"
        })
        .await;
    assert!(
        begin.elapsed() < Duration::from_secs(2),
        "{:?}",
        begin.elapsed()
    );
    assert_eq!(play.stage.stored("second").await.data, before.data);
    play.stage
        .condition("orders", "Ready", "True", "TokenValid")
        .await;

    // A header line does not tell a whole credential: this one has to wait for the server, and says so at once.
    play.stage.delete_secret("orders").await;
    play.says(
        "orders",
        "Ready",
        "False",
        "ConnectFailed",
        &["Next try at"],
    )
    .await;
    play.stage.told_once("orders", "SecretRestored").await;
    assert_eq!(play.calls("orders"), 1);
    play.never_panicked().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k38_an_only_target_that_is_deleted_is_not_ready_at_once_and_is_back_with_the_first_answer()
{
    let play = Play::new("only").await;
    let retry = json!({ "refresh": { "retry": { "initial": "2s", "max": "4s" } } });
    play.client("orders", retry).await;
    play.served("orders", "t1").await;
    play.answer("orders", Answer::status(503));
    play.stage.delete_secret("orders").await;
    let begin = Instant::now();
    play.says(
        "orders",
        "Ready",
        "False",
        "ProviderUnavailable",
        &["HTTP 503", "Next try at"],
    )
    .await;
    assert!(
        begin.elapsed() < Duration::from_secs(3),
        "{:?}",
        begin.elapsed()
    );
    sleep(Duration::from_secs(5)).await;
    let tried = play.calls("orders") - 1;
    assert!(
        (2..=4).contains(&tried),
        "{tried} tries in 5 s with pauses of 2 and 4 s"
    );
    assert_eq!(
        condition(&play.stage.status("orders").await, "Ready")
            .unwrap()
            .status,
        "False"
    );
    play.answer("orders", Answer::token("back", 3600));
    play.served("orders", "back").await;
    play.stage.told_once("orders", "SecretRestored").await;
    play.ends_quietly().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k39_the_second_owner_of_a_secret_waits_until_it_is_free() {
    let play = Play::new("owners").await;
    let shared = json!({ "targets": [{ "name": "shared" }] });
    play.client("first", shared.clone()).await;
    play.stage
        .value_when("shared", "access_token", "t1", |token| token == "t1")
        .await;
    play.client("second", shared.clone()).await;
    let owner = format!("{}/first", play.stage.namespace());
    play.says(
        "second",
        "Ready",
        "False",
        "TargetConflict",
        &["Secret shared", &owner],
    )
    .await;
    play.ends_quietly().await;
    assert_eq!((play.calls("first"), play.calls("second")), (1, 0));
    let version = play.stage.stored("shared").await.metadata.resource_version;

    play.stage
        .configurations()
        .delete("first", &DeleteParams::default())
        .await
        .unwrap();
    play.stage
        .condition("second", "Ready", "True", "TokenValid")
        .await;
    let taken = play.stage.stored("shared").await;
    assert_ne!(taken.metadata.resource_version, version);
    let owner = format!("{}/second", play.stage.namespace());
    assert_eq!(
        taken.metadata.annotations.unwrap()["authkeeper.dev/owner"],
        owner
    );
    play.client("first", shared).await;
    play.says(
        "first",
        "Ready",
        "False",
        "TargetConflict",
        &["Secret shared", &owner],
    )
    .await;
    play.ends_quietly().await;
    assert_eq!((play.calls("first"), play.calls("second")), (1, 1));
}
