//! What others claim, what cannot be read, and what must survive a restart.

use authkeeper_testbed::idp::Answer;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::reactions::{counting, gone, published, stays_quiet};
use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn the_schedule_repeats_the_alternative_that_worked_after_a_restart_too() {
    let (stage, idp) = (Stage::new("alternatives").await, counting(9));
    idp.respond("/old", Answer::error(401, "invalid_client", "unknown here"));
    let operator = stage.operator().await;
    let method = |name: &str| json!({ "name": name, "oauth2": { "tokenEndpoint": idp.url(&format!("/{name}")), "clientAuth": "ClientSecretPost" } });
    stage
        .secret(
            "client",
            &[
                ("client_id", "example-client"),
                ("client_secret", "example-secret-value"),
            ],
        )
        .await;
    let spec = json!({
        "sources": [{ "secretRef": { "name": "client" } }], "connection": { "allowHttp": true },
        "selection": "FirstSuccessful", "methods": [method("old"), method("new")], "refresh": { "minInterval": "1s" },
    });
    stage.configure("orders", spec).await;
    stage
        .value_when("orders", "access_token", "t1", |value| value == "t1")
        .await;
    stage
        .condition("orders", "Ready", "True", "TokenValid")
        .await;
    operator.kill_9().unwrap();
    let _operator = stage.operator().await;
    stage
        .value_when("orders", "access_token", "t2", |value| value == "t2")
        .await;
    assert_eq!((idp.count("/old"), idp.count("/new")), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_target_stays_while_its_successor_belongs_to_somebody_else() {
    let (stage, idp) = (Stage::new("successor").await, counting(3600));
    let _operator = stage.operator().await;
    stage.secret("taken", &[("of", "somebody-else")]).await;
    let targets = |second: &str| json!({ "targets": [{ "name": "orders" }, { "name": second }] });
    stage
        .client_credentials("orders", &idp.url("/token"), targets("former"))
        .await;
    stage
        .value_when("former", "access_token", "t1", |value| value == "t1")
        .await;
    published(&stage, &idp, "t1").await;
    stage
        .client_credentials("orders", &idp.url("/token"), targets("taken"))
        .await;
    stage
        .condition("orders", "Ready", "False", "TargetConflict")
        .await;
    stays_quiet(&stage, &idp, "while the successor is taken").await;
    assert_eq!(
        stage.value("former", "access_token").await.as_deref(),
        Some("t1")
    );
    assert_eq!(
        stage.value("taken", "of").await.as_deref(),
        Some("somebody-else")
    );
    stage.delete_secret("taken").await;
    stage
        .value_when("taken", "access_token", "t1", |value| value == "t1")
        .await;
    gone(&stage, "former").await;
    assert_eq!(idp.count("/token"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_that_cannot_be_read_is_named_and_nothing_is_asked_meanwhile() {
    let (stage, idp) = (Stage::new("unreadable").await, counting(3600));
    let _operator = stage.operator().await;
    stage
        .client_credentials("orders", &idp.url("/token"), json!({}))
        .await;
    published(&stage, &idp, "t1").await;
    stage
        .annotate("orders", "authkeeper.dev/suspend-until", "tomorrow")
        .await;
    let accepted = stage
        .condition("orders", "Accepted", "False", "InvalidSpec")
        .await;
    assert!(
        accepted.message.contains("suspend-until"),
        "{}",
        accepted.message
    );
    stage
        .annotate("orders", "authkeeper.dev/refresh-requested", "1")
        .await;
    stays_quiet(&stage, &idp, "while the pause cannot be read").await;
    assert_eq!(
        stage.value("orders", "access_token").await.as_deref(),
        Some("t1")
    );
    stage
        .annotate("orders", "authkeeper.dev/suspend-until", "")
        .await;
    let mend = json!({ "metadata": { "annotations": { "authkeeper.dev/suspend-until": null } } });
    stage
        .configurations()
        .patch("orders", &PatchParams::default(), &Patch::Merge(&mend))
        .await
        .unwrap();
    published(&stage, &idp, "t2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_reference_that_others_claim_too_is_not_fought_over() {
    let (stage, idp) = (Stage::new("claimed").await, counting(3600));
    let _operator = stage.operator().await;
    stage
        .client_credentials("orders", &idp.url("/token"), json!({}))
        .await;
    published(&stage, &idp, "t1").await;
    let references = stage
        .secrets()
        .get("orders")
        .await
        .unwrap()
        .metadata
        .owner_references;
    let claim = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "orders", "ownerReferences": references },
    });
    let parameters = PatchParams::apply("backup").force();
    stage
        .secrets()
        .patch("orders", &parameters, &Patch::Apply(&claim))
        .await
        .unwrap();
    stage
        .client_credentials(
            "orders",
            &idp.url("/token"),
            json!({ "deletionPolicy": "Retain" }),
        )
        .await;
    stage
        .status_when("orders", "seen", |status| {
            status.observed_generation == Some(2)
        })
        .await;
    stays_quiet(&stage, &idp, "although the reference stays").await;
    assert_eq!(idp.count("/token"), 1);
}
