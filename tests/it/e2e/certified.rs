//! The main job with an identity provider that others wrote and certified: npm `oidc-provider`. Tokens are verified by
//! `jose`, and an independent reader watches that none ever expires while it is served.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use authkeeper_testbed::idp::{OidcProvider, Verifier};
use serde_json::json;
use tokio::time::sleep;

use crate::stage::Stage;

const LIFETIME: u32 = 9;
const RESOURCE: &str = "https://orders.example.com";

/// Reads the Secret every 200 ms and asks the server whether the token is alive.
fn watch_over(stage: &Arc<Stage>, idp: &Arc<OidcProvider>, stop: &Arc<AtomicBool>) -> tokio::task::JoinHandle<(usize, usize)> {
    let (stage, idp, stop) = (stage.clone(), idp.clone(), stop.clone());
    tokio::spawn(async move {
        let (mut reads, mut dead) = (0, 0);
        while !stop.load(Ordering::SeqCst) {
            if let Some(token) = stage.value("orders", "access_token").await {
                reads += 1;
                dead += usize::from(!idp.is_active(&token).await.unwrap());
            }
            sleep(Duration::from_millis(200)).await;
        }
        (reads, dead)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_a_certified_server_are_refreshed_across_a_restart_and_never_served_expired() {
    let stage = Arc::new(Stage::new("certified").await);
    let idp = Arc::new(tokio::task::spawn_blocking(|| OidcProvider::start(LIFETIME).unwrap()).await.unwrap());
    let verifier = tokio::task::spawn_blocking(|| Verifier::start().unwrap()).await.unwrap();
    let operator = stage.operator().await;
    let client = idp.basic_client();
    stage.secret("client", &[("client_id", &client.id), ("client_secret", &client.secret)]).await;
    let spec = json!({
        "sources": [{ "secretRef": { "name": "client" } }],
        "method": { "oauth2": {
            "tokenEndpoint": idp.token_url(), "clientAuth": "ClientSecretBasic",
            "resources": [RESOURCE], "scopes": ["orders.read"],
        } },
        "connection": { "allowHttp": true },
    });
    stage.configure("orders", spec).await;
    let stop = Arc::new(AtomicBool::new(false));
    let reader = watch_over(&stage, &idp, &stop);

    let mut seen: Vec<String> = Vec::new();
    for round in 0..5 {
        let known = seen.clone();
        let fresh = stage.value_when("orders", "access_token", "a fresh token", |token| !known.iter().any(|old| old == token));
        let token = fresh.await;
        let claims = verifier.verify(&token, &idp.jwks_url(), &idp.issuer(), RESOURCE).await.unwrap();
        assert_eq!(claims["client_id"], json!(client.id));
        seen.push(token);
        if round == 2 {
            operator.kill_9().unwrap();
            let _again = Box::leak(Box::new(stage.operator().await));
        }
    }
    stop.store(true, Ordering::SeqCst);
    let (reads, dead) = reader.await.unwrap();
    assert!(reads > 50, "the reader read {reads} times");
    assert_eq!(dead, 0, "of {reads} reads");
    let requests = idp.token_requests().await.unwrap();
    assert_eq!(requests.len(), seen.len(), "one request per token, the restart included");
    let _ = AtomicUsize::new(0);
}
