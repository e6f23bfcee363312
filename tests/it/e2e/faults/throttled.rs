//! A server that asks to slow down is obeyed, by everybody who is the same client to it and by nobody else.

use authkeeper_testbed::idp::{Answer, Recorded, ScriptedIdp};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use serde_json::json;

use crate::stage::Stage;

const PAUSE: SignedDuration = SignedDuration::from_secs(6);

/// Refuses the client `limited` once, in seconds or as a date, and then serves everybody.
fn limiting(notation: fn() -> String) -> ScriptedIdp {
    let idp = ScriptedIdp::http().unwrap();
    let refused = std::sync::atomic::AtomicBool::new(false);
    idp.otherwise(move |request: &Recorded| {
        let limited = request.basic().is_some_and(|(id, _)| id == "limited");
        if limited && !refused.swap(true, std::sync::atomic::Ordering::SeqCst) {
            return Answer::status(429).header("retry-after", &notation());
        }
        Answer::token("t", 3600)
    });
    idp
}

fn seconds() -> String {
    PAUSE.as_secs().to_string()
}

/// A second more, since a date has no fractions.
fn date() -> String {
    let until = Timestamp::now() + PAUSE + SignedDuration::from_secs(1);
    rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&until)
        .unwrap()
}

async fn configure(stage: &Stage, name: &str, source: &str, url: &str) {
    let spec = json!({
        "sources": [{ "secretRef": { "name": source } }],
        "method": { "oauth2": { "tokenEndpoint": url, "clientAuth": "ClientSecretBasic" } },
        "connection": { "allowHttp": true },
    });
    stage.configure(name, spec).await;
}

async fn ready(stage: &Stage, name: &str) {
    stage.condition(name, "Ready", "True", "TokenValid").await;
}

/// One notation, with objects of its own.
async fn obeys(stage: &Stage, prefix: &str, idp: &ScriptedIdp) {
    let name = |name: &str| format!("{prefix}-{name}");
    configure(stage, &name("first"), "limited", &idp.url("/first")).await;
    stage
        .condition(&name("first"), "Ready", "False", "Throttled")
        .await;
    configure(stage, &name("sibling"), "limited", &idp.url("/sibling")).await;
    configure(stage, &name("neighbour"), "other", &idp.url("/neighbour")).await;
    ready(stage, &name("neighbour")).await;
    ready(stage, &name("first")).await;
    ready(stage, &name("sibling")).await;
    let at =
        |path: &str| -> Vec<Timestamp> { idp.requests_to(path).iter().map(|one| one.at).collect() };
    let (first, sibling, neighbour) = (at("/first"), at("/sibling"), at("/neighbour"));
    let until = first[0] + PAUSE;
    assert_eq!((first.len(), sibling.len(), neighbour.len()), (2, 1, 1));
    assert!(first[1] >= until, "{prefix}: the client itself");
    assert!(sibling[0] >= until, "{prefix}: the same client elsewhere");
    assert!(neighbour[0] < until, "{prefix}: another client");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_that_a_server_asks_for_holds_for_this_client_and_for_no_other() {
    let stage = Stage::new("throttled").await;
    for id in ["limited", "other"] {
        let data = [("client_id", id), ("client_secret", "example-secret-value")];
        stage.secret(id, &data).await;
    }
    let _operator = stage.operator().await;
    let (in_seconds, as_date) = (limiting(seconds), limiting(date));
    tokio::join!(
        obeys(&stage, "seconds", &in_seconds),
        obeys(&stage, "date", &as_date)
    );
}
