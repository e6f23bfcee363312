//! What people see of the resource in kubectl.

use std::time::Duration;

use authkeeper::api::v1alpha1::AuthenticationConfiguration;
use authkeeper_testbed::{ControlPlane, Namespace, shared_control_plane};
use kube::{
    Api,
    api::{Patch, PatchParams, PostParams},
};
use serde_json::json;

use super::{install, kubectl};

#[tokio::test]
async fn kubectl_explains_every_part_in_words() {
    let control_plane = shared_control_plane();
    install(&control_plane.client().await.unwrap()).await;
    for (path, words) in [
        ("authcfg", "keeps fresh in Secrets"),
        ("authcfg.spec", "What credential is wanted"),
        ("authcfg.spec.method", "exactly one provider block"),
        (
            "authcfg.spec.method.oauth2",
            "OAuth 2.0 token endpoint (RFC 6749)",
        ),
        (
            "authcfg.spec.method.oauth2.clientAuth",
            "How the client proves who it is",
        ),
        ("authcfg.spec.methods.fields.from", "The one source and key"),
        ("authcfg.spec.targets.data", "exactly these keys"),
        (
            "authcfg.status.conditions",
            "Ready, Accepted and SourcesResolved",
        ),
    ] {
        let (said, succeeded) = explained(control_plane, path).await;
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(succeeded && said.contains(words), "{path}: {said}");
        assert!(
            !said.contains("<no description>") && !said.contains("<no value>"),
            "{path}: {said}"
        );
    }
}

/// The API server publishes the words of a new kind a little later than the kind.
async fn explained(control_plane: &ControlPlane, path: &str) -> (String, bool) {
    for _ in 0..100 {
        let (said, succeeded) = kubectl(control_plane, &["explain", path]);
        if succeeded {
            return (said, succeeded);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    kubectl(control_plane, &["explain", path])
}

#[tokio::test]
async fn kubectl_get_shows_who_is_ready_and_until_when() {
    let control_plane = shared_control_plane();
    let client = control_plane.client().await.unwrap();
    install(&client).await;
    let namespace = Namespace::create(control_plane, "columns").await.unwrap();
    let api: Api<AuthenticationConfiguration> = Api::namespaced(client, namespace.name());
    let object = json!({
        "apiVersion": "authkeeper.dev/v1alpha1",
        "kind": "AuthenticationConfiguration",
        "metadata": {"name": "orders"},
        "spec": {"method": {"bearer": {}}, "suspend": true},
    });
    api.create(
        &PostParams::default(),
        &serde_json::from_value(object).unwrap(),
    )
    .await
    .unwrap();
    let condition = |kind: &str, reason: &str| {
        json!({
            "type": kind, "status": "True", "reason": reason, "message": "All is well.",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        })
    };
    let status = json!({"status": {
        "conditions": [condition("Ready", "TokenValid"), condition("Suspended", "Suspended")],
        "method": {"name": "main", "scheme": "Bearer"},
        "obtainedAt": "2026-01-01T00:00:00Z",
        "expiresAt": "2099-01-01T01:00:00Z",
        "refreshAt": "2099-01-01T00:40:00Z",
        "consecutiveFailures": 3,
        "targets": [{"name": "orders-token", "ready": true}],
    }});
    api.patch_status("orders", &PatchParams::default(), &Patch::Merge(status))
        .await
        .unwrap();

    let table = |options: &[&str]| {
        let get = ["get", "authkeeper", "--namespace", namespace.name()];
        let (said, _) = kubectl(control_plane, &[&get, options].concat());
        said.lines()
            .map(|line| {
                line.split("  ")
                    .filter(|cell| !cell.is_empty())
                    .map(|cell| cell.trim().to_owned())
                    .collect()
            })
            .collect::<Vec<Vec<_>>>()
    };
    let narrow = table(&[]);
    assert_eq!(
        narrow[0],
        [
            "NAME",
            "READY",
            "REASON",
            "SECRET",
            "EXPIRES",
            "SUSPENDED",
            "AGE"
        ]
    );
    assert_eq!(
        narrow[1][..6],
        [
            "orders",
            "True",
            "TokenValid",
            "orders-token",
            "2099-01-01T01:00:00Z",
            "True"
        ]
    );
    let wide = table(&[
        "-o",
        "wide",
        "--field-selector",
        "spec.suspend=true,status.method.scheme=Bearer",
    ]);
    assert_eq!(
        wide[0][7..],
        [
            "METHOD",
            "SCHEME",
            "NEXT REFRESH",
            "LAST REFRESH",
            "FAILURES",
            "MESSAGE"
        ]
    );
    assert_eq!(wide[1][7..10], ["main", "Bearer", "2099-01-01T00:40:00Z"]);
    assert_eq!(wide[1][11..], ["3", "All is well."]);
}
