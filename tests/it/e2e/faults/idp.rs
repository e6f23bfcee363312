//! Identity providers that fail: every way has its name, nobody is asked twice in a row, and the served token stays.

use authkeeper_testbed::idp::{Answer, ScriptedIdp};
use serde_json::{Value, json};

use crate::stage::{Stage, condition, eventually, merge};

/// One way to fail.
struct Case {
    name: &'static str,
    url: String,
    more: Value,
    reason: &'static str,
    says: &'static str,
}

fn case(name: &'static str, url: String, reason: &'static str, says: &'static str) -> Case {
    let more = json!({ "method": { "oauth2": { "clientAuth": "ClientSecretBasic" } } });
    Case {
        name,
        url,
        more,
        reason,
        says,
    }
}

fn answers(idp: &ScriptedIdp, elsewhere: &ScriptedIdp) {
    let location = elsewhere.url("/stolen");
    idp.respond("/hang", Answer::hang());
    idp.respond("/drop", Answer::drop_connection());
    idp.respond("/cut", Answer::token("t", 60).truncated_at(10));
    idp.respond(
        "/redirect",
        Answer::status(307).header("location", &location),
    );
    idp.respond("/down", Answer::status(503));
    idp.respond(
        "/page",
        Answer::status(200)
            .header("content-type", "text/html")
            .body("<p>hello"),
    );
    idp.respond(
        "/endless",
        Answer::status(200).body(vec![b'a'; 65_536]).endless(),
    );
    idp.respond("/client", Answer::error(401, "invalid_client", "no"));
    idp.respond("/scope", Answer::error(400, "invalid_scope", "no"));
}

fn cases(idp: &ScriptedIdp, closed: &ScriptedIdp, tls: &ScriptedIdp) -> Vec<Case> {
    let at = |path: &str| idp.url(path);
    let mut cases = vec![
        case(
            "closed",
            closed.url("/token"),
            "ConnectFailed",
            "the connection was refused",
        ),
        case(
            "unknown-name",
            "http://nonexistent.invalid/token".to_owned(),
            "DNSFailure",
            "the host name has no address",
        ),
        case(
            "unknown-issuer",
            tls.url("/token"),
            "TLSFailure",
            "give its CA as connection.caBundle",
        ),
        case(
            "silent",
            at("/hang"),
            "ResponseLost",
            "not complete within the time allowed",
        ),
        case("dropped", at("/drop"), "ResponseLost", "ended before"),
        case("cut", at("/cut"), "ResponseLost", "ended before"),
        case(
            "redirect",
            at("/redirect"),
            "RedirectRefused",
            "final address",
        ),
        case("down", at("/down"), "ProviderUnavailable", "503"),
        case(
            "page",
            at("/page"),
            "MalformedResponse",
            "Check the address",
        ),
        case("endless", at("/endless"), "ResponseTooLarge", "1 MiB"),
        case(
            "bad-client",
            at("/client"),
            "ClientAuthFailed",
            "client id and secret",
        ),
        case("scope", at("/scope"), "ScopeRejected", "Check scopes"),
    ];
    for case in cases.iter_mut().filter(|case| case.name == "silent") {
        merge(&mut case.more, json!({ "connection": { "timeout": "1s" } }));
    }
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_fail_has_its_name_and_nobody_is_asked_twice_in_a_row() {
    let stage = Stage::new("idp-faults").await;
    let server = || ScriptedIdp::http().unwrap();
    let (idp, closed, elsewhere) = (server(), server(), server());
    let tls = ScriptedIdp::https().unwrap();
    answers(&idp, &elsewhere);
    closed.set_open(false).unwrap();
    let _operator = stage.operator().await;
    let cases = cases(&idp, &closed, &tls);
    for case in &cases {
        stage
            .client_credentials(case.name, &case.url, case.more.clone())
            .await;
    }
    for case in &cases {
        let ready = stage
            .condition(case.name, "Ready", "False", case.reason)
            .await;
        assert!(
            ready.message.contains(case.says),
            "{}: {}",
            case.name,
            ready.message
        );
        let status = stage.status(case.name).await;
        assert_eq!(status.consecutive_failures, Some(1), "{}", case.name);
        let error = status.last_error.unwrap();
        assert_eq!(error.reason, case.reason);
        assert!(
            status.next_attempt_at.unwrap() > error.time,
            "{}",
            case.name
        );
        assert_eq!(
            stage.value(case.name, "access_token").await,
            None,
            "{}",
            case.name
        );
    }
    let asked: Vec<_> = cases
        .iter()
        .filter_map(|case| case.url.strip_prefix(&idp.url("")))
        .collect();
    for path in asked {
        assert_eq!(idp.count(path), 1, "{path}");
    }
    assert_eq!(
        elsewhere.requests().len(),
        0,
        "a redirect is never followed"
    );
    assert_eq!(
        tls.requests().len(),
        0,
        "nothing is sent to somebody unknown"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_in_a_source_makes_an_unknown_issuer_known() {
    let stage = Stage::new("bundle").await;
    let tls = ScriptedIdp::https().unwrap();
    tls.respond("/token", Answer::token("t1", 3600));
    let _operator = stage.operator().await;
    stage
        .secret("trust", &[("ca.crt", tls.ca_pem().unwrap())])
        .await;
    let spec = json!({
        "sources": [{ "secretRef": { "name": "client" } }, { "secretRef": { "name": "trust" } }],
        "connection": { "caBundle": { "source": "trust", "key": "ca.crt" } },
    });
    stage
        .client_credentials("orders", &tls.url("/token"), spec)
        .await;
    stage
        .condition("orders", "Ready", "True", "TokenValid")
        .await;
    assert_eq!(tls.count("/token"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_outlives_its_provider_expires_and_comes_back() {
    let stage = Stage::new("idp-outage").await;
    let idp = ScriptedIdp::http().unwrap();
    idp.respond("/token", Answer::token("t1", 10));
    let _operator = stage.operator().await;
    let spec =
        json!({ "refresh": { "minInterval": "1s", "retry": { "initial": "1s", "max": "2s" } } });
    stage
        .client_credentials("orders", &idp.url("/token"), spec)
        .await;
    stage
        .condition("orders", "Ready", "True", "TokenValid")
        .await;
    idp.respond("/token", Answer::status(503));
    let failing = stage
        .condition("orders", "Ready", "True", "TokenValidRefreshFailing")
        .await;
    assert!(
        failing.message.contains("ProviderUnavailable"),
        "{}",
        failing.message
    );
    assert_eq!(
        stage.value("orders", "access_token").await.as_deref(),
        Some("t1")
    );
    let expired = stage
        .condition("orders", "Ready", "False", "TokenExpired")
        .await;
    assert!(
        expired.message.contains("ProviderUnavailable"),
        "{}",
        expired.message
    );
    let status = stage.status("orders").await;
    assert!(status.expires_at.unwrap() <= jiff::Timestamp::now());
    assert!(condition(&status, "Stalled").is_none());
    let events = ("TokenIssued", "TokenExpired", "RefreshFailed");
    eventually("the end is told", async || {
        stage.events_of(events.1).await == 1
    })
    .await;
    assert_eq!(stage.events_of(events.2).await, 1, "once, not at each try");

    idp.respond("/token", Answer::token("t2", 3600));
    stage
        .condition("orders", "Ready", "True", "TokenValid")
        .await;
    let status = stage.status("orders").await;
    assert_eq!(
        (
            status.last_error,
            status.consecutive_failures,
            status.next_attempt_at
        ),
        (None, None, None)
    );
    eventually("the recovery is told", async || {
        let issued = stage.all_events().await;
        let notes = issued
            .iter()
            .filter(|event| event.reason.as_deref() == Some(events.0));
        let series = |event: &k8s_openapi::api::events::v1::Event| {
            event.series.as_ref().map_or(1, |series| series.count)
        };
        notes.map(series).sum::<i32>() == 2
    })
    .await;
}
