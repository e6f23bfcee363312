//! Workloads that cannot read a Secret again are restarted when it changes.

use authkeeper_testbed::idp::Answer;
use k8s_openapi::api::apps::v1::Deployment;
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::json;

use super::reactions::{counting, stays_quiet};
use crate::stage::{PATIENCE, Stage};

async fn deploy(stage: &Stage) -> Api<Deployment> {
    let api: Api<Deployment> = Api::namespaced(stage.client.clone(), stage.namespace());
    let container = json!({ "name": "orders", "image": "example.invalid/orders:1" });
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "orders" },
        "spec": {
            "replicas": 0, "selector": { "matchLabels": { "app": "orders" } },
            "template": { "metadata": { "labels": { "app": "orders" } }, "spec": { "containers": [container] } },
        },
    });
    let parameters = PatchParams::apply("tests").force();
    api.patch("orders", &parameters, &Patch::Apply(&deployment))
        .await
        .unwrap();
    api
}

async fn restarted_for(api: &Api<Deployment>) -> Option<String> {
    let deployment = api.get("orders").await.unwrap();
    let template = deployment.spec.unwrap().template.metadata.unwrap();
    let mut annotations = template.annotations?.into_iter();
    let (_, content) =
        annotations.find(|(name, _)| name.starts_with("authkeeper.dev/restarted-for-"))?;
    Some(content)
}

async fn restarted_again(api: &Api<Deployment>, before: Option<&str>) -> String {
    let begin = tokio::time::Instant::now();
    loop {
        match restarted_for(api).await {
            Some(now) if Some(now.as_str()) != before => return now,
            _ => assert!(begin.elapsed() < PATIENCE, "the workload was not restarted"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workload_is_restarted_when_its_secret_changes_and_not_otherwise() {
    let (stage, idp) = (Stage::new("restart-workload").await, counting(3600));
    let api = deploy(&stage).await;
    let operator = stage.operator().await;
    let restart =
        json!([{ "deployment": "orders", "minInterval": "1s" }, { "daemonSet": "missing" }]);
    let targets = json!({ "targets": [{ "name": "orders", "restart": restart }] });
    stage
        .client_credentials("orders", &idp.url("/token"), targets)
        .await;
    let first = restarted_again(&api, None).await;
    stays_quiet(&stage, &idp, "after the restart").await;

    stage
        .annotate("orders", "authkeeper.dev/refresh-requested", "1")
        .await;
    let second = restarted_again(&api, Some(&first)).await;

    idp.respond("/token", Answer::token("t2", 3600));
    stage
        .annotate("orders", "authkeeper.dev/refresh-requested", "2")
        .await;
    stage
        .status_when("orders", "echoed", |status| {
            status.last_handled_refresh_request.as_deref() == Some("2")
        })
        .await;
    operator.kill_9().unwrap();
    let _operator = stage.operator().await;
    stays_quiet(&stage, &idp, "after a restart of the operator").await;
    let counted = ["deployments", "daemonsets"].map(|kind| stage.requests("patch", kind));
    assert_eq!(
        counted,
        [2, 2],
        "once for each new token, the missing one included; never for the same token"
    );
    assert_eq!(restarted_for(&api).await, Some(second));
}
