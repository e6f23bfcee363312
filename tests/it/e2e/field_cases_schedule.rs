//! Field cases about the schedule: short lives, servers that repeat themselves, throttled clients.

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

use authkeeper_testbed::idp::Answer;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::time::sleep;

use crate::stage::Play;

const PULSE: Duration = Duration::from_millis(100);

/// Time from the issue to the planned refresh.
async fn due(play: &Play, name: &str) -> SignedDuration {
    let status = play.stage.status(name).await;
    status
        .obtained_at
        .unwrap()
        .duration_until(status.refresh_at.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn k20_a_lead_longer_than_the_life_floods_nobody_and_leaves_no_gap() {
    let play = Play::new("short").await;
    for (name, seconds) in [
        ("brief", 9),
        ("capped", 300),
        ("minute", 60),
        ("shrinking", 3600),
    ] {
        play.answer(name, Answer::token("t1", seconds));
        play.client(name, json!({ "refresh": { "before": "5m" } }))
            .await;
    }
    let begin = Instant::now();
    play.served("capped", "t1").await;
    play.says("capped", "Ready", "True", "TokenValid", &["capped"])
        .await;
    let within = |from, to| SignedDuration::from_secs(from)..=SignedDuration::from_secs(to);
    assert!(within(80, 100).contains(&due(&play, "capped").await));
    play.served("minute", "t1").await;
    assert!(within(16, 20).contains(&due(&play, "minute").await));
    play.says("minute", "Degraded", "True", "ShortLifetime", &[])
        .await;

    play.served("shrinking", "t1").await;
    play.answer("shrinking", Answer::token("t2", 45));
    play.refresh("shrinking", "now").await;
    play.served("shrinking", "t2").await;
    assert!(within(12, 15).contains(&due(&play, "shrinking").await));

    // Ten seconds of minInterval are longer than this one lives: the end wins.
    let mut dead = 0;
    while begin.elapsed() < Duration::from_secs(19) {
        if let Some(end) = play.stage.value("brief", "expires_at").await {
            let end: Timestamp = end.parse().unwrap();
            // Written in whole seconds.
            dead += usize::from(end + SignedDuration::from_secs(1) < Timestamp::now());
        }
        sleep(PULSE).await;
    }
    assert_eq!(dead, 0, "reads of an expired token");
    let calls = play.calls("brief");
    assert!((2..=4).contains(&calls), "{calls} calls in 19 s");
    let calls = ["capped", "minute", "shrinking"].map(|name| play.calls(name));
    assert_eq!(calls[0], 1);
    assert!(calls[1] <= 2 && calls[2] <= 3, "{calls:?}");
    play.never_panicked().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k21_a_server_that_repeats_its_token_is_not_hammered_and_its_bytes_stay() {
    const LIFE: Duration = Duration::from_secs(20);
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    let play = Play::new("repeats").await;
    play.idp.otherwise(|_| {
        let age = BEGIN.get_or_init(Instant::now).elapsed();
        match LIFE.checked_sub(age) {
            // Counted down to nothing a little early, which must not read as "unknown".
            Some(left) => Answer::token("t1", left.as_secs().saturating_sub(1)),
            None => Answer::token("t2", 3600),
        }
    });
    play.client("orders", json!({})).await;
    play.served("orders", "t1").await;
    let first = play.stage.stored("orders").await;
    let mut seen_degraded = false;
    let fresh = loop {
        let now = play.stage.stored("orders").await;
        if now.data != first.data {
            break now;
        }
        let status = play.stage.status("orders").await;
        seen_degraded |= crate::stage::condition(&status, "Degraded")
            .is_some_and(|one| one.message.contains("hands out the same token"));
        assert!(
            BEGIN.get().unwrap().elapsed() < LIFE + Duration::from_secs(3),
            "{status:?}"
        );
        sleep(PULSE).await;
    };
    assert!(
        BEGIN.get().unwrap().elapsed() > LIFE,
        "the bytes changed while the token was the same"
    );
    assert_eq!(fresh.data.unwrap()["access_token"].0, b"t2");
    assert!(
        seen_degraded,
        "promise 1 is broken by this server, and nobody was told"
    );
    let calls = play.calls("orders");
    assert!((3..=6).contains(&calls), "{calls} calls");
    play.served("orders", "t2").await;
    play.ends_quietly().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k47_a_throttled_client_waits_as_a_whole_and_comes_back_by_itself() {
    let play = Play::new("throttled").await;
    let slow = Answer::json(403, &json!({ "error": "throttled" })).header("retry-after", "6");
    play.answers("first", [slow]);
    play.client("first", json!({})).await;
    play.says(
        "first",
        "Ready",
        "False",
        "Throttled",
        &["HTTP 403", "Next try at"],
    )
    .await;
    let paused = Instant::now();

    // Another object with the same client, and one with another client, at the same host.
    let mut same = play.spec("second", json!({}));
    same["sources"] = play.spec("first", json!({}))["sources"].clone();
    play.stage.configure("second", same).await;
    play.client("other", json!({})).await;
    play.served("other", "t1").await;
    play.says(
        "second",
        "Ready",
        "False",
        "Throttled",
        &["asked to wait until"],
    )
    .await;
    assert_eq!((play.calls("first"), play.calls("second")), (1, 0));
    for name in ["first", "second"] {
        play.served(name, "t1").await;
    }
    assert!(
        paused.elapsed() > Duration::from_secs(4),
        "{:?}",
        paused.elapsed()
    );
    play.ends_quietly().await;
    assert_eq!((play.calls("first"), play.calls("second")), (2, 1));
}
