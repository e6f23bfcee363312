//! The main job with an identity provider that others wrote and certified: npm `oidc-provider`. JWTs are verified by
//! `jose`; opaque tokens are watched by an independent reader that asks the server itself whether they are alive.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use authkeeper_testbed::idp::{OidcProvider, Verifier};
use serde_json::{Value, json};
use tokio::{task::spawn_blocking, time::sleep};

use crate::stage::Stage;

/// A third of it is what a restart of the operator may take.
const LIFETIME: u32 = 12;
const RESOURCE: &str = "https://orders.example.com";

/// What the reader saw: every token of both Secrets, how often it read an opaque one, and how often that was dead.
#[derive(Debug, Default)]
struct Watched {
    reads: usize,
    dead: usize,
    opaque: BTreeSet<String>,
    jwts: BTreeSet<String>,
}

/// Reads both Secrets every 200 ms and asks the server whether the opaque token is alive.
async fn watch_over(stage: Arc<Stage>, idp: Arc<OidcProvider>, stop: Arc<AtomicBool>) -> Watched {
    let mut watched = Watched::default();
    loop {
        let last = stop.load(Ordering::SeqCst);
        if let Some(token) = stage.value("opaque", "access_token").await {
            watched.reads += 1;
            if !last && !idp.is_active(&token).await.unwrap() {
                // One that was replaced while it was asked about is not served any more.
                let served = stage.value("opaque", "access_token").await;
                watched.dead += usize::from(served.as_ref() == Some(&token));
            }
            watched.opaque.insert(token);
        }
        watched
            .jwts
            .extend(stage.value("jwt", "access_token").await);
        if last {
            return watched;
        }
        sleep(Duration::from_millis(200)).await;
    }
}

fn spec(idp: &OidcProvider, oauth2: Value) -> Value {
    let mut spec = json!({
        "sources": [{ "secretRef": { "name": "client" } }],
        "method": { "oauth2": { "tokenEndpoint": idp.token_url(), "clientAuth": "ClientSecretBasic" } },
        "connection": { "allowHttp": true },
    });
    crate::stage::merge(&mut spec["method"]["oauth2"], oauth2);
    spec
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_a_certified_server_are_refreshed_across_a_restart_and_never_served_expired() {
    let stage = Arc::new(Stage::new("certified").await);
    let idp = Arc::new(
        spawn_blocking(|| OidcProvider::start(LIFETIME).unwrap())
            .await
            .unwrap(),
    );
    let verifier = spawn_blocking(|| Verifier::start().unwrap()).await.unwrap();
    let mut operator = stage.operator().await;
    // Id and secret hold characters that must be form-encoded before Basic (RFC 6749 section 2.3.1).
    let client = idp.basic_client();
    stage
        .secret(
            "client",
            &[("client_id", &client.id), ("client_secret", &client.secret)],
        )
        .await;
    stage.configure("opaque", spec(&idp, json!({}))).await;
    stage
        .configure("jwt", spec(&idp, json!({ "resources": [RESOURCE] })))
        .await;
    let stop = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(watch_over(stage.clone(), idp.clone(), stop.clone()));

    let mut jwts = Vec::<String>::new();
    for round in 0..5 {
        let known = jwts.clone();
        let fresh = move |token: &str| !known.iter().any(|old| old == token);
        let jwt = stage
            .value_when("jwt", "access_token", "a fresh token", fresh)
            .await;
        let claims = verifier
            .verify(&jwt, &idp.jwks_url(), &idp.issuer(), RESOURCE)
            .await
            .unwrap();
        assert_eq!(claims["client_id"], json!(client.id));
        jwts.push(jwt);
        if round == 2 {
            operator.kill_9().unwrap();
            operator = stage.operator().await;
        }
    }
    operator.terminate(Duration::from_secs(10)).unwrap();
    stop.store(true, Ordering::SeqCst);
    let watched = reader.await.unwrap();
    assert!(
        watched.reads > 50 && watched.opaque.len() > 3,
        "{watched:?}"
    );
    assert_eq!(watched.dead, 0, "{watched:?}");
    let requests = idp.token_requests().await.unwrap().len();
    let tokens = watched.opaque.len() + watched.jwts.len();
    assert_eq!(
        requests, tokens,
        "one request per token, the restart included"
    );
}
