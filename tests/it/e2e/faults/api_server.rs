//! The API server is away, says no, or loses its answers. A credential in memory is written by repeating the write, never
//! the grant.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use authkeeper_testbed::{
    Fault, Filter, Operator,
    idp::{Answer, ScriptedIdp},
};
use serde_json::json;
use tokio::time::sleep;

use crate::{
    e2e::reactions::{counting, stays_quiet},
    stage::{Stage, condition, eventually, writes_secret, writes_status},
};

async fn value_becomes(stage: &Stage, secret: &str, token: &str) {
    stage
        .value_when(secret, "access_token", token, |value| value == token)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_server_that_is_away_while_a_refresh_is_due_costs_one_refresh_and_no_gap() {
    let (stage, idp) = (Stage::new("outage").await, counting(20));
    let proxy = Stage::proxy();
    let operator = stage.start(&stage.options_through(&proxy)).await;
    stage
        .client_credentials("orders", &idp.url("/token"), json!({}))
        .await;
    value_becomes(&stage, "orders", "t1").await;
    let status = stage
        .status_when("orders", "served", |status| status.refresh_at.is_some())
        .await;
    sleep(Duration::from_secs(4)).await;
    proxy.set_open(false).unwrap();
    sleep(Duration::from_millis(10_500)).await;
    assert!(
        jiff::Timestamp::now() > status.refresh_at.unwrap(),
        "it was due meanwhile"
    );
    assert_eq!(
        idp.count("/token"),
        1,
        "what cannot be written is not asked for"
    );
    let health = (
        operator.health("livez").await,
        operator.health("readyz").await,
    );
    assert_eq!(
        health,
        (Some(200), Some(200)),
        "away, and no reason to restart"
    );
    proxy.set_open(true).unwrap();
    value_becomes(&stage, "orders", "t2").await;
    assert!(
        jiff::Timestamp::now() < status.expires_at.unwrap(),
        "replaced in time"
    );
    sleep(Duration::from_secs(3)).await;
    assert_eq!(idp.count("/token"), 2, "exactly one refresh");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_is_repeated_and_the_grant_is_not() {
    let (stage, idp) = (Stage::new("writes").await, counting(3600));
    let proxy = Stage::proxy();
    let faults = [
        Fault::Status(503),
        Fault::Status(500),
        Fault::Status(429),
        Fault::Status(409),
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::Delay(Duration::from_secs(4)),
    ];
    let options = stage
        .options_through(&proxy)
        .args(["--api-timeout-seconds", "2"]);
    let operator = stage.start(&options).await;
    for (index, fault) in faults.iter().enumerate() {
        let name = format!("orders-{index}");
        let secret = name.clone();
        proxy.inject(*fault, 1, move |head| writes_secret(head, &secret));
        let url = idp.url(&format!("/token/{index}"));
        stage.client_credentials(&name, &url, json!({})).await;
    }
    for (index, fault) in faults.iter().enumerate() {
        let name = format!("orders-{index}");
        stage.condition(&name, "Ready", "True", "TokenValid").await;
        stage
            .status_when(&name, "forgotten its failure", |status| {
                status.last_error.is_none()
            })
            .await;
        let calls = idp.count(&format!("/token/{index}"));
        assert_eq!(calls, 1, "{fault:?}");
        assert!(stage.value(&name, "access_token").await.is_some());
    }
    assert_eq!(proxy.injected(), faults.len(), "every fault happened");
    let errors = operator
        .metric("authkeeper_secret_writes_total{result=\"error\"}")
        .await;
    assert_eq!(errors.unwrap(), Some(7.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_that_fail_in_the_midst_of_publishing_do_not_cost_the_credential() {
    let (stage, idp) = (Stage::new("reads").await, counting(3600));
    let proxy = Stage::proxy();
    let _operator = stage.start(&stage.options_through(&proxy)).await;
    // The write is answered with a conflict, and the look at what is there fails.
    let conflicted = Arc::new(AtomicBool::new(false));
    let conflict = conflicted.clone();
    proxy.inject(Fault::Status(409), 1, move |head| {
        writes_secret(head, "orders") && !conflict.swap(true, Ordering::SeqCst)
    });
    proxy.inject(Fault::Status(500), 1, move |head| {
        let looks =
            head.method == http::Method::GET && head.uri.path().ends_with("/secrets/orders");
        looks && conflicted.load(Ordering::SeqCst)
    });
    stage
        .client_credentials("orders", &idp.url("/token"), json!({}))
        .await;
    value_becomes(&stage, "orders", "t1").await;
    stage
        .condition("orders", "Ready", "True", "TokenValid")
        .await;
    assert_eq!((idp.count("/token"), proxy.injected()), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_cannot_be_written_mints_nothing_and_repeats_no_refusal() {
    let stage = Stage::new("no-status").await;
    let (idp, refusing) = (counting(3600), ScriptedIdp::http().unwrap());
    refusing.respond("/token", Answer::error(401, "invalid_client", "no"));
    let proxy = Stage::proxy();
    proxy.inject(Fault::Status(500), usize::MAX, writes_status);
    let _operator = stage.start(&stage.options_through(&proxy)).await;
    stage
        .client_credentials("orders", &idp.url("/token"), json!({}))
        .await;
    let one_style = json!({ "method": { "oauth2": { "clientAuth": "ClientSecretBasic" } } });
    stage
        .client_credentials("refused", &refusing.url("/token"), one_style)
        .await;
    value_becomes(&stage, "orders", "t1").await;
    refusing
        .wait_for("/token", 1, Duration::from_secs(20))
        .await
        .unwrap();
    sleep(Duration::from_secs(12)).await;
    assert_eq!(idp.count("/token"), 1, "the token is there");
    assert_eq!(
        refusing.count("/token"),
        1,
        "the back-off holds, written or not"
    );
    assert!(
        proxy.injected() >= 4,
        "the write was repeated: {}",
        proxy.injected()
    );

    proxy.heal();
    stage
        .condition("orders", "Ready", "True", "TokenValid")
        .await;
    let refused = stage
        .condition("refused", "Ready", "False", "ClientAuthFailed")
        .await;
    assert!(
        refused.message.contains("client id and secret"),
        "{}",
        refused.message
    );
    assert_eq!(
        stage.events_of("TokenIssued").await,
        1,
        "told once, although the status came later"
    );
    assert_eq!(stage.status("refused").await.consecutive_failures, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_secret_and_status_costs_one_status_write_and_no_token() {
    let (stage, idp) = (Stage::new("crash").await, counting(3600));
    let proxy = Stage::proxy();
    proxy.inject(Fault::CutBefore, usize::MAX, writes_status);
    let operator = stage.start(&stage.options_through(&proxy)).await;
    stage
        .client_credentials("orders", &idp.url("/token"), json!({}))
        .await;
    value_becomes(&stage, "orders", "t1").await;
    eventually("a status write", async || proxy.injected() > 0).await;
    operator.kill_9().unwrap();
    proxy.heal();
    let audit = stage.audit.from_now();
    let _operator = stage.start(&stage.options_through(&proxy)).await;
    let ready = stage
        .condition("orders", "Ready", "True", "TokenValid")
        .await;
    assert_eq!(ready.observed_generation, Some(1));
    stays_quiet(&stage, &idp, "after the restart").await;
    let writes = |verb, resource| audit.count(&stage.filter(verb, resource)).unwrap();
    assert_eq!(idp.count("/token"), 1);
    assert_eq!(writes("patch", "authenticationconfigurations/status"), 1);
    assert_eq!(writes("patch", "secrets"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_right_is_named_before_anybody_is_asked_and_granting_it_helps() {
    let (stage, idp) = (Stage::new("rights").await, counting(3600));
    let user = "authkeeper-restricted";
    let reading = ["get", "list", "watch", "create"];
    let options = stage.restricted(user, &reading).await;
    let operator: Operator = stage.start(&options).await;
    stage
        .client_credentials("orders", &idp.url("/token"), json!({}))
        .await;
    let ready = stage
        .condition("orders", "Ready", "False", "Forbidden")
        .await;
    let named = format!("patch Secret {}/orders", stage.namespace());
    assert!(ready.message.contains(&named), "{}", ready.message);
    assert_eq!(idp.count("/token"), 0);
    let status = stage.status("orders").await;
    assert!(
        condition(&status, "Stalled").is_none(),
        "a right may be granted any time"
    );

    let all = ["get", "list", "watch", "create", "patch", "delete"];
    stage.grant_secrets(user, &all).await;
    value_becomes(&stage, "orders", "t1").await;
    assert_eq!(idp.count("/token"), 1);
    let refused = Filter::new()
        .user(user)
        .namespace(stage.namespace())
        .code(403);
    let tries = stage.audit.count(&refused).unwrap();
    assert!(
        (1..=8).contains(&tries),
        "{tries} tries\n{}",
        operator.output()
    );
}
