//! The probe: a gate before a token is published, and a watchdog afterwards.

use std::time::Duration;

use authkeeper_testbed::idp::{Answer, Recorded};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::stage::Play;

/// Where the probe of an object asks.
fn api(name: &str) -> String {
    format!("{name}-api")
}

fn probed(play: &Play, name: &str, more: Value) -> Value {
    let mut probe = json!({ "url": play.idp.url(&format!("/{}", api(name))) });
    crate::stage::merge(&mut probe, more);
    json!({ "probe": probe })
}

fn ok() -> Answer {
    Answer::json(200, &json!({ "me": "example" }))
}

#[tokio::test(flavor = "multi_thread")]
async fn k25_a_fresh_token_that_is_refused_for_some_seconds_is_published_after_all() {
    let play = Play::new("probe-lag").await;
    play.answer(&api("orders"), ok());
    play.client("orders", probed(&play, "orders", json!({})))
        .await;
    play.served("orders", "t1").await;
    assert_eq!(
        play.requests(&api("orders"))[0].header("authorization"),
        Some("Bearer t1")
    );
    let asked = play.calls(&api("orders"));

    play.answers(&api("orders"), [Answer::status(401), Answer::status(401)]);
    let begin = Instant::now();
    play.refresh("orders", "now").await;
    assert_eq!(
        play.stage.value("orders", "access_token").await.as_deref(),
        Some("t1")
    );
    play.stage
        .value_when("orders", "access_token", "t2", |token| token == "t2")
        .await;
    assert!(
        begin.elapsed() > Duration::from_millis(2900),
        "{:?}",
        begin.elapsed()
    );
    play.served("orders", "t2").await;
    let probes = &play.requests(&api("orders"))[asked..];
    assert_eq!(probes.len(), 3);
    assert!(
        probes
            .iter()
            .all(|one| one.header("authorization") == Some("Bearer t2"))
    );
    play.ends_quietly().await;
    assert_eq!(play.calls("orders"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn k25_a_token_that_stays_refused_is_dropped_and_the_old_one_serves() {
    let play = Play::new("probe-dead").await;
    play.answer(&api("orders"), ok());
    play.client("orders", probed(&play, "orders", json!({})))
        .await;
    play.served("orders", "t1").await;
    let asked = play.calls(&api("orders"));
    play.answer(&api("orders"), Answer::status(401));
    play.refresh("orders", "now").await;
    play.says(
        "orders",
        "Degraded",
        "True",
        "ProbeFailed",
        &["refused the credential"],
    )
    .await;
    play.says(
        "orders",
        "Ready",
        "True",
        "TokenValidRefreshFailing",
        &["ProbeFailed", "Next try at"],
    )
    .await;
    assert_eq!(
        play.calls(&api("orders")),
        asked + 4,
        "at once, and after 1, 2 and 4 s"
    );
    play.unharmed("orders", "t1").await;
    play.ends_quietly().await;
    assert_eq!(
        play.calls("orders"),
        2,
        "no second token before the back-off"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_that_cannot_tell_does_not_hold_a_token_back_nor_does_one_where_nothing_is_served()
{
    let play = Play::new("probe-unclear").await;
    play.answer(&api("slow"), ok());
    play.answer(&api("broken"), ok());
    play.answer(&api("first"), Answer::status(401));
    let timeout = |play: &Play| {
        let mut more = probed(play, "slow", json!({}));
        crate::stage::merge(&mut more, json!({ "connection": { "timeout": "1s" } }));
        more
    };
    play.client("slow", timeout(&play)).await;
    for name in ["broken", "first"] {
        play.client(name, probed(&play, name, json!({}))).await;
    }
    // Nothing is served yet: a refused token is better than none, and it is said.
    play.stage
        .value_when("first", "access_token", "t1", |token| token == "t1")
        .await;
    play.says(
        "first",
        "Degraded",
        "True",
        "ProbeFailed",
        &["refused the credential"],
    )
    .await;
    play.stage
        .condition("first", "Ready", "True", "TokenValid")
        .await;

    play.served("slow", "t1").await;
    play.served("broken", "t1").await;
    play.answer(&api("slow"), Answer::hang());
    play.answer(&api("broken"), Answer::status(503));
    for name in ["slow", "broken"] {
        play.refresh(name, "now").await;
        play.served(name, "t2").await;
        play.says(name, "Degraded", "True", "ProbeFailed", &["could not tell"])
            .await;
    }
    play.ends_quietly().await;
    assert_eq!(
        [
            play.calls("slow"),
            play.calls("broken"),
            play.calls("first")
        ],
        [2, 2, 1]
    );
}

/// Says of each token but the first that it lives; of the first as the object's name tells.
fn killing_the_first(request: &Recorded) -> Option<Answer> {
    let name = request.path.strip_prefix('/')?.strip_suffix("-api")?;
    let first = request.header("authorization") == Some("Bearer t1");
    let dead = match name {
        "gone" => Answer::status(401),
        "forbidden" => Answer::status(403),
        "worded" => Answer::json(
            200,
            &json!({ "success": false, "errors": [{ "code": "602" }] }),
        ),
        "bad" => Answer::json(400, &json!({ "error": "token expired" })),
        // A permission is missing: no token will do.
        "never" => return Some(Answer::status(403)),
        _ => return Some(ok()),
    };
    Some(if first { dead } else { ok() })
}

#[tokio::test(flavor = "multi_thread")]
async fn k26_the_watchdog_replaces_a_dead_token_once_whatever_death_looks_like() {
    let play = Play::new("watchdog").await;
    let counts = std::sync::Mutex::new(std::collections::HashMap::<String, u64>::new());
    play.idp.otherwise(move |request| {
        killing_the_first(request).unwrap_or_else(|| {
            let mut counts = counts.lock().unwrap();
            let count = counts.entry(request.path.clone()).or_default();
            *count += 1;
            Answer::token(&format!("t{count}"), 3600)
        })
    });
    let cases = [
        ("gone", json!({})),
        (
            "forbidden",
            json!({ "refreshOn": { "status": [401, 403] } }),
        ),
        (
            "worded",
            json!({ "refreshOn": { "status": [200], "body": "\"code\":\"60[12]\"" } }),
        ),
        (
            "bad",
            json!({ "refreshOn": { "status": [400], "body": "token expired" } }),
        ),
        ("never", json!({ "refreshOn": { "status": [403] } })),
        ("alive", json!({ "refreshOn": { "status": [403] } })),
    ];
    for (name, more) in &cases {
        let mut more = more.clone();
        crate::stage::merge(&mut more, json!({ "interval": "10s" }));
        play.client(name, probed(&play, name, more)).await;
    }
    for name in ["gone", "forbidden", "worded", "bad"] {
        play.stage
            .value_when(name, "access_token", "t2", |token| token == "t2")
            .await;
        play.stage
            .status_when(name, "no longer degraded", |status| {
                crate::stage::condition(status, "Degraded").is_none()
            })
            .await;
        assert_eq!(play.calls(name), 2, "{name}");
    }
    // The new one is refused as well: it is dropped, the old one stays, and that was all for a while.
    play.says(
        "never",
        "Ready",
        "True",
        "TokenValidRefreshFailing",
        &["ProbeFailed"],
    )
    .await;
    play.unharmed("never", "t1").await;
    play.unharmed("alive", "t1").await;
    let tokens = || cases.each_ref().map(|(name, _)| play.calls(name));
    let before = tokens();
    assert_eq!(before, [2, 2, 2, 2, 2, 1]);
    sleep(Duration::from_secs(11)).await;
    assert_eq!(tokens(), before, "one beat of the watchdog later");
    play.never_panicked().await;
}
