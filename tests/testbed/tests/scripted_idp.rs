//! The scripted identity provider says exactly what it was told to.

use std::time::{Duration, Instant};

use authkeeper_testbed::idp::{Answer, DemoIdp, DemoOptions, ScriptedIdp};
use reqwest::{Certificate, Client};
use serde_json::Value;

fn client(idp: &ScriptedIdp) -> Client {
    authkeeper_testbed::crypto::install();
    let certificates = idp
        .ca_pem()
        .map(|pem| Certificate::from_pem(pem.as_bytes()).unwrap());
    Client::builder()
        .no_proxy()
        .tls_certs_only(certificates)
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap()
}

#[tokio::test]
async fn answers_come_in_the_scripted_order_and_every_request_is_remembered() {
    let idp = ScriptedIdp::https().unwrap();
    let client = client(&idp);
    idp.respond("/token", Answer::token("steady", 60));
    idp.respond_sequence(
        "/token",
        [
            Answer::status(503),
            Answer::error(400, "invalid_grant", "no"),
        ],
    );
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let answer = client
            .post(idp.url("/token"))
            .form(&[("scope", "a b")])
            .send()
            .await
            .unwrap();
        statuses.push(answer.status().as_u16());
    }
    assert_eq!(statuses, [503, 400, 200, 200]);
    assert_eq!(idp.count("/token"), 4);
    assert_eq!(
        idp.requests_to("/token")[0].field("scope").as_deref(),
        Some("a b")
    );
    assert_eq!(
        client.get(idp.url("/other")).send().await.unwrap().status(),
        404
    );
}

#[tokio::test]
async fn a_truncated_body_is_an_error_after_its_first_bytes() {
    for idp in [ScriptedIdp::http().unwrap(), ScriptedIdp::https().unwrap()] {
        idp.respond("/token", Answer::token("cut", 60).truncated_at(10));
        let mut answer = client(&idp).post(idp.url("/token")).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.content_length().unwrap() > 10);
        assert_eq!(answer.chunk().await.unwrap().unwrap().len(), 10);
        assert!(answer.chunk().await.is_err());
    }
}

#[tokio::test]
async fn connections_are_dropped_garbled_slow_or_refused_as_told() {
    let idp = ScriptedIdp::https().unwrap();
    let client = client(&idp);
    idp.respond("/drop", Answer::drop_connection());
    idp.respond("/raw", Answer::raw("this is not HTTP\r\n\r\n"));
    idp.respond(
        "/slow",
        Answer::status(200)
            .body("slow")
            .dribbled(Duration::from_millis(50)),
    );
    idp.respond("/hang", Answer::hang());
    idp.respond(
        "/endless",
        Answer::status(200).body("x".repeat(1024)).endless(),
    );
    assert!(client.get(idp.url("/drop")).send().await.is_err());
    assert!(client.get(idp.url("/raw")).send().await.is_err());

    let started = Instant::now();
    assert_eq!(
        client
            .get(idp.url("/slow"))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap(),
        "slow"
    );
    assert!(started.elapsed() >= Duration::from_millis(200));

    let hanging = client
        .get(idp.url("/hang"))
        .timeout(Duration::from_millis(300))
        .send()
        .await;
    assert!(hanging.unwrap_err().is_timeout());

    let mut endless = client.get(idp.url("/endless")).send().await.unwrap();
    let mut read = 0;
    while read < 1_000_000 {
        read += endless.chunk().await.unwrap().unwrap().len();
    }

    idp.set_open(false).unwrap();
    assert!(
        client
            .get(idp.url("/any"))
            .send()
            .await
            .unwrap_err()
            .is_connect()
    );
    idp.set_open(true).unwrap();
    assert_eq!(
        client.get(idp.url("/any")).send().await.unwrap().status(),
        404
    );
}

#[tokio::test]
async fn the_demo_issues_tokens_that_its_introspection_knows() {
    let options = DemoOptions {
        client_id: "demo client".into(),
        client_secret: "s%c:ret+&".into(),
        lifetime: Duration::from_secs(1),
        jwt: false,
    };
    let idp = DemoIdp::start(options).unwrap();
    let client = client(idp.server());
    let credentials = [("client_id", "demo client"), ("client_secret", "s%c:ret+&")];
    let grant = [("grant_type", "client_credentials")];

    let by_post = client
        .post(idp.token_url())
        .form(&[credentials, [grant[0], ("scope", "x")]].concat());
    let issued: Value = by_post
        .send()
        .await
        .unwrap()
        .error_for_status()
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(issued["expires_in"], 1);
    let by_basic = client
        .post(idp.token_url())
        .basic_auth("demo+client", Some("s%25c%3Aret%2B%26"))
        .form(&grant);
    assert_eq!(by_basic.send().await.unwrap().status(), 200);
    let wrong = client
        .post(idp.token_url())
        .basic_auth("demo+client", Some("s%c:ret+&"))
        .form(&grant);
    assert_eq!(wrong.send().await.unwrap().status(), 401);
    assert_eq!(idp.issued(), 2);

    let question = [
        credentials[0],
        credentials[1],
        ("token", issued["access_token"].as_str().unwrap()),
    ];
    let url = idp.server().url("/introspect");
    let ask = || client.post(&url).form(&question).send();
    assert_eq!(
        ask().await.unwrap().json::<Value>().await.unwrap()["active"],
        true
    );
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(
        ask().await.unwrap().json::<Value>().await.unwrap()["active"],
        false
    );
}
