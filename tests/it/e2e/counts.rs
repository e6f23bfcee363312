//! What a refresh costs the API server, counted from its audit log.

use std::time::Duration;

use authkeeper_testbed::{Audit, idp::ScriptedIdp};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    e2e::reactions::counting,
    stage::{Stage, eventually},
};

const REFRESHES: usize = 3;

fn short() -> Value {
    json!({ "refresh": { "minInterval": "1s" } })
}

async fn ready(stage: &Stage, name: &str) {
    stage.condition(name, "Ready", "True", "TokenValid").await;
}

/// What was asked about these refreshes, from the status write of one credential to that of another.
async fn routine(stage: &Stage, idp: &ScriptedIdp, path: &str, secret: &str) -> Vec<String> {
    let before = idp.count(path);
    let audit = stage.audit.from_now();
    let token = async || stage.value(secret, "access_token").await;
    let mut seen = token().await;
    for _ in 0..REFRESHES {
        eventually("another token", async || token().await != seen).await;
        seen = token().await;
    }
    // Half of the way to the next one.
    sleep(Duration::from_millis(1500)).await;
    assert_eq!(idp.count(path) - before, REFRESHES);
    let mut asked = stage.asked(&audit);
    asked.sort();
    asked
}

fn times(what: &[&str]) -> Vec<String> {
    let mut all: Vec<_> = what
        .iter()
        .flat_map(|one| std::iter::repeat_n((*one).to_owned(), REFRESHES))
        .collect();
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_credential_and_each_routine_refresh_cost_exactly_this() {
    let (stage, idp) = (Stage::new("counts").await, counting(6));
    let _operator = stage.operator().await;
    let audit = stage.audit.from_now();
    stage
        .client_credentials("orders", &idp.url("/token"), short())
        .await;
    ready(&stage, "orders").await;
    eventually("the event", async || {
        stage.events_of("TokenIssued").await == 1
    })
    .await;
    let mut first = stage.asked(&audit);
    for request in &mut first {
        if request.starts_with("create events") {
            *request = "create events".to_owned();
        }
    }
    // The Secrets are looked at by metadata first, since nobody had referred to them before.
    let expected = [
        "get secrets client",
        "get secrets client",
        "get secrets orders",
        "patch secrets orders (tried)",
        "patch secrets orders",
        "patch authenticationconfigurations/status orders",
        "create events",
    ];
    let mut sorted = (first.clone(), expected.map(str::to_owned).to_vec());
    sorted.0.sort();
    sorted.1.sort();
    assert_eq!(sorted.0, sorted.1, "in this order: {first:#?}");

    let asked = routine(&stage, &idp, "/token", "orders").await;
    let each = [
        "get secrets client",
        "patch secrets orders",
        "patch authenticationconfigurations/status orders",
    ];
    assert_eq!(asked, times(&each));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_further_source_costs_one_more_read_and_routine_status_writes_can_be_left_out() {
    let (stage, idp) = (Stage::new("counts-two").await, counting(6));
    let options = stage.options().args(["--status-updates", "transitions"]);
    let operator = stage.start(&options).await;
    stage.secret("more", &[("scope", "orders.read")]).await;
    let sources = [
        json!({ "secretRef": { "name": "client" } }),
        json!({ "secretRef": { "name": "more" } }),
    ];
    let spec = json!({ "sources": sources, "refresh": { "minInterval": "1s" } });
    stage
        .client_credentials("orders", &idp.url("/token"), spec)
        .await;
    ready(&stage, "orders").await;
    sleep(Duration::from_secs(1)).await;
    let asked = routine(&stage, &idp, "/token", "orders").await;
    let each = [
        "get secrets client",
        "get secrets more",
        "patch secrets orders",
    ];
    assert_eq!(asked, times(&each));

    let series = format!(
        "authkeeper_token_expiry_timestamp_seconds{{namespace=\"{}\",name=\"orders\"}}",
        stage.namespace()
    );
    let shown = operator.metric(&series).await.unwrap().unwrap();
    let secret = stage.secrets().get("orders").await.unwrap();
    let annotations = secret.metadata.annotations.unwrap();
    let served: jiff::Timestamp = annotations["authkeeper.dev/expires-at"].parse().unwrap();
    let difference = (shown - served.as_duration().as_secs_f64()).abs();
    assert!(
        difference < 6.0,
        "the metric shows the served credential, not the status: {difference} s"
    );
}

/// Everything that was asked in so long a time.
async fn during(stage: &Stage, audit: &Audit, time: Duration) -> Vec<String> {
    sleep(time).await;
    stage.asked(audit)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_asked_while_nothing_happens() {
    let (stage, idp) = (Stage::new("idle").await, counting(3600));
    let _operator = stage.operator().await;
    for name in ["orders", "billing"] {
        stage
            .client_credentials(name, &idp.url("/token"), json!({}))
            .await;
    }
    stage.secret("key", &[("api_key", "example-key")]).await;
    let fixed =
        json!({ "sources": [{ "secretRef": { "name": "key" } }], "method": { "apiKey": {} } });
    stage.configure("fixed", fixed).await;
    let nothing = json!({ "method": { "none": {} } });
    stage.configure("nothing", nothing).await;
    for name in ["orders", "billing", "fixed", "nothing"] {
        ready(&stage, name).await;
    }
    sleep(Duration::from_secs(3)).await;
    let audit = stage.audit.from_now();
    let asked = during(&stage, &audit, Duration::from_secs(20)).await;
    assert_eq!(asked, Vec::<String>::new());
    assert_eq!(idp.count("/token"), 2);
}
