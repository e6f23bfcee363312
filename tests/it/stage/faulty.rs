//! Breaking the way to the API server, and counting what comes through.

use authkeeper_testbed::{Audit, FaultProxy, OperatorOptions, shared_control_plane};
use http::{Method, request::Parts};
use k8s_openapi::api::{
    events::v1::Event,
    rbac::v1::{ClusterRole, ClusterRoleBinding},
};
use kube::{
    Api,
    api::{ListParams, Patch, PatchParams},
};
use serde_json::json;
use tokio::time::{Duration, Instant, sleep};

use super::{OPERATOR, PATIENCE, Stage};

impl Stage {
    /// A way to the API server that can be broken; behind it the operator is who it always is.
    pub(crate) fn proxy() -> FaultProxy {
        let control_plane = shared_control_plane();
        let identity = control_plane.identity_for(OPERATOR, None).unwrap();
        FaultProxy::start(control_plane, &identity).unwrap()
    }

    pub(crate) fn options_through(&self, proxy: &FaultProxy) -> OperatorOptions {
        self.options_with(proxy.kubeconfig_path().to_owned())
    }

    pub(crate) fn options_in(&self, log_format: &str) -> OperatorOptions {
        self.options_logging(self.kubeconfig.clone(), log_format)
    }

    /// What the operator asked of the API server in this namespace, watches aside: `patch secrets orders`, in order.
    pub(crate) fn asked(&self, audit: &Audit) -> Vec<String> {
        let requests = audit.requests().unwrap().into_iter().filter(|request| {
            request.user == OPERATOR
                && request.namespace == self.namespace()
                && request.verb != "watch"
        });
        requests
            .map(|request| {
                let tried = if request.uri.contains("dryRun") {
                    " (tried)"
                } else {
                    ""
                };
                format!(
                    "{} {} {}{tried}",
                    request.verb, request.resource, request.name
                )
            })
            .collect()
    }

    pub(crate) async fn all_events(&self) -> Vec<Event> {
        let api: Api<Event> = Api::namespaced(self.client.clone(), self.namespace());
        api.list(&ListParams::default()).await.unwrap().items
    }

    /// How many events have this reason.
    pub(crate) async fn events_of(&self, reason: &str) -> usize {
        let events = self.all_events().await;
        events
            .iter()
            .filter(|event| event.reason.as_deref() == Some(reason))
            .count()
    }

    /// Another user, who may do what the shipped role allows, but nothing to Secrets beyond these verbs.
    pub(crate) async fn restricted(&self, user: &str, verbs: &[&str]) -> OperatorOptions {
        self.grant_secrets(user, verbs).await;
        let kubeconfig = shared_control_plane().kubeconfig_for(user, None).unwrap();
        self.options_with(kubeconfig)
    }

    /// Gives that user these verbs on Secrets, and no others.
    pub(crate) async fn grant_secrets(&self, user: &str, verbs: &[&str]) {
        let cluster_roles: Api<ClusterRole> = Api::all(self.client.clone());
        let mut rules = cluster_roles
            .get("authkeeper")
            .await
            .unwrap()
            .rules
            .unwrap_or_default();
        for rule in &mut rules {
            if rule.resources == Some(vec!["secrets".to_owned()]) {
                rule.verbs = verbs.iter().map(ToString::to_string).collect();
            }
        }
        let parameters = PatchParams::apply("tests").force();
        let role = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": { "name": user }, "rules": rules,
        });
        cluster_roles
            .patch(user, &parameters, &Patch::Apply(&role))
            .await
            .unwrap();
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": { "name": user },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": user },
            "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user }],
        });
        let bindings: Api<ClusterRoleBinding> = Api::all(self.client.clone());
        bindings
            .patch(user, &parameters, &Patch::Apply(&binding))
            .await
            .unwrap();
    }
}

/// Is this the real write of that Secret?
pub(crate) fn writes_secret(head: &Parts, name: &str) -> bool {
    let tried = head.uri.query().unwrap_or_default().contains("dryRun");
    head.method == Method::PATCH && head.uri.path().ends_with(&format!("/secrets/{name}")) && !tried
}

pub(crate) fn writes_status(head: &Parts) -> bool {
    head.method == Method::PATCH && head.uri.path().ends_with("/status")
}

/// Waits until it is so.
pub(crate) async fn eventually(what: &str, mut is: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !is().await {
        assert!(begin.elapsed() < PATIENCE, "never: {what}");
        sleep(Duration::from_millis(50)).await;
    }
}
