//! A fresh token appears in the managed Secret, and is replaced before it expires.

use std::time::Duration;

use authkeeper_testbed::idp::{DemoIdp, DemoOptions};
use serde_json::json;

use crate::stage::Stage;

pub(super) fn demo(seconds: u64) -> DemoIdp {
    DemoIdp::start(DemoOptions {
        client_id: "example-client".to_owned(),
        client_secret: "example-secret-value".to_owned(),
        lifetime: Duration::from_secs(seconds),
        jwt: false,
    })
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_appears_and_is_replaced_before_it_expires() {
    let stage = Stage::new("main-job").await;
    let idp = demo(15);
    let _operator = stage.operator().await;
    stage
        .client_credentials("orders", &idp.token_url(), json!({}))
        .await;
    let first = stage
        .value_when("orders", "access_token", "a first token", |token| {
            !token.is_empty()
        })
        .await;
    stage
        .condition("orders", "Ready", "True", "TokenValid")
        .await;
    let second = stage
        .value_when("orders", "access_token", "a second token", |token| {
            token != first
        })
        .await;
    stage
        .value_when("orders", "access_token", "a third token", |token| {
            token != first && token != second
        })
        .await;
    assert_eq!(idp.issued(), 3);
}
