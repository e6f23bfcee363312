//! A stage for one test: a namespace on the shared control plane, and the operator's real binary with nothing but its
//! own role.

mod faulty;
mod play;

use std::{fs, path::PathBuf, time::Duration};

use authkeeper::api::v1alpha1::{AuthenticationConfiguration, AuthenticationConfigurationStatus};
use authkeeper_testbed::{
    Audit, Filter, Namespace, Operator, OperatorOptions, shared_control_plane,
};
use k8s_openapi::{
    ByteString,
    api::{
        core::v1::{ConfigMap, Secret},
        rbac::v1::{ClusterRole, ClusterRoleBinding, RoleRef, Subject},
    },
    apimachinery::pkg::apis::meta::v1::Condition,
};
use kube::{
    Api, Client, ResourceExt as _,
    api::{DeleteParams, ListParams, ObjectMeta, Patch, PatchParams},
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::crds;
pub(crate) use play::{Play, source, text};

pub(crate) use faulty::{eventually, writes_secret, writes_status};

/// User that the operator is, with the role of `config/rbac.yaml` and nothing more.
pub(crate) const OPERATOR: &str = "authkeeper-test";

/// Long enough for anything that is not scheduled; a healthy run needs a fraction of it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Where one test plays.
pub(crate) struct Stage {
    pub(crate) client: Client,
    pub(crate) audit: Audit,
    namespace: Namespace,
    kubeconfig: PathBuf,
}

// === impl Stage ===

impl Stage {
    pub(crate) async fn new(name: &str) -> Self {
        let control_plane = tokio::task::spawn_blocking(shared_control_plane)
            .await
            .unwrap();
        let client = control_plane.client().await.unwrap();
        crds::install(&client).await;
        grant(&client).await;
        let namespace = Namespace::create(control_plane, name).await.unwrap();
        let kubeconfig = control_plane.kubeconfig_for(OPERATOR, None).unwrap();
        Self {
            client,
            audit: control_plane.audit().from_now(),
            namespace,
            kubeconfig,
        }
    }

    pub(crate) fn namespace(&self) -> &str {
        self.namespace.name()
    }

    /// The operator, watching this namespace only, with http allowed and everything logged.
    pub(crate) fn options(&self) -> OperatorOptions {
        self.options_with(self.kubeconfig.clone())
    }

    /// The same through another way to the API server.
    pub(crate) fn options_with(&self, kubeconfig: PathBuf) -> OperatorOptions {
        self.options_logging(kubeconfig, "json")
    }

    /// As the administrator who never heard of http.
    pub(crate) fn options_without_http(&self) -> OperatorOptions {
        self.options_of(self.kubeconfig.clone(), "json")
    }

    fn options_logging(&self, kubeconfig: PathBuf, format: &str) -> OperatorOptions {
        self.options_of(kubeconfig, format).arg("--allow-http")
    }

    fn options_of(&self, kubeconfig: PathBuf, format: &str) -> OperatorOptions {
        OperatorOptions::new(env!("CARGO_BIN_EXE_authkeeper"), kubeconfig)
            .args([
                "--watch-namespaces",
                self.namespace(),
                "--namespace",
                self.namespace(),
            ])
            .args(["--log-level", "trace", "--log-format", format])
    }

    pub(crate) async fn operator(&self) -> Operator {
        self.start(&self.options()).await
    }

    pub(crate) async fn start(&self, options: &OperatorOptions) -> Operator {
        let operator = Operator::start(options).unwrap();
        operator.wait_ready().await.unwrap();
        operator
    }

    pub(crate) fn secrets(&self) -> Api<Secret> {
        Api::namespaced(self.client.clone(), self.namespace())
    }

    pub(crate) fn configurations(&self) -> Api<AuthenticationConfiguration> {
        Api::namespaced(self.client.clone(), self.namespace())
    }

    /// Creates or replaces a Secret: it has these keys afterwards and no others of ours.
    pub(crate) async fn secret(&self, name: &str, data: &[(&str, &str)]) -> Secret {
        let bytes = |value: &str| ByteString(value.as_bytes().to_vec());
        let data = data
            .iter()
            .map(|(key, value)| ((*key).to_owned(), json!(bytes(value))));
        let data: Value = data.collect::<serde_json::Map<_, _>>().into();
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name }, "data": data,
        });
        let parameters = PatchParams::apply("tests").force();
        self.secrets()
            .patch(name, &parameters, &Patch::Apply(&secret))
            .await
            .unwrap()
    }

    pub(crate) async fn config_map(&self, name: &str, data: &[(&str, &str)]) {
        let api: Api<ConfigMap> = Api::namespaced(self.client.clone(), self.namespace());
        let data: Value = data
            .iter()
            .map(|(key, value)| ((*key).to_owned(), json!(value)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let map = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name }, "data": data });
        api.patch(
            name,
            &PatchParams::apply("tests").force(),
            &Patch::Apply(&map),
        )
        .await
        .unwrap();
    }

    /// Applies a configuration with this spec.
    pub(crate) async fn configure(&self, name: &str, spec: Value) -> AuthenticationConfiguration {
        let object = json!({
            "apiVersion": "authkeeper.dev/v1alpha1", "kind": "AuthenticationConfiguration",
            "metadata": { "name": name }, "spec": spec,
        });
        let parameters = PatchParams::apply("tests").force();
        self.configurations()
            .patch(name, &parameters, &Patch::Apply(&object))
            .await
            .unwrap()
    }

    /// Client credentials from the Secret `client`, as most tests want them.
    pub(crate) async fn client_credentials(&self, name: &str, token_url: &str, more: Value) {
        self.secret(
            "client",
            &[
                ("client_id", "example-client"),
                ("client_secret", "example-secret-value"),
            ],
        )
        .await;
        let mut spec = json!({
            "sources": [{ "secretRef": { "name": "client" } }],
            "method": { "oauth2": { "tokenEndpoint": token_url } },
            "connection": { "allowHttp": true },
        });
        merge(&mut spec, more);
        self.configure(name, spec).await;
    }

    pub(crate) async fn annotate(&self, name: &str, annotation: &str, value: &str) {
        let patch = json!({ "metadata": { "annotations": { annotation: value } } });
        self.configurations()
            .patch(name, &PatchParams::default(), &Patch::Merge(&patch))
            .await
            .unwrap();
    }

    pub(crate) async fn delete_secret(&self, name: &str) {
        self.secrets()
            .delete(name, &DeleteParams::default())
            .await
            .unwrap();
    }

    pub(crate) async fn status(&self, name: &str) -> AuthenticationConfigurationStatus {
        self.configurations()
            .get(name)
            .await
            .unwrap()
            .status
            .unwrap_or_default()
    }

    /// The value of a key of a Secret; none when either is missing.
    pub(crate) async fn value(&self, secret: &str, key: &str) -> Option<String> {
        let secret = self.secrets().get_opt(secret).await.unwrap()?;
        let value = secret.data?.get(key)?.0.clone();
        Some(String::from_utf8(value).unwrap())
    }

    /// Waits until a Secret has a key whose value fulfils the condition.
    pub(crate) async fn value_when(
        &self,
        secret: &str,
        key: &str,
        what: &str,
        is: impl Fn(&str) -> bool,
    ) -> String {
        let begin = Instant::now();
        loop {
            match self.value(secret, key).await {
                Some(value) if is(&value) => return value,
                value if begin.elapsed() > PATIENCE => panic!(
                    "Secret {secret}, key {key}: {what}; it has {value:?}\n{}",
                    self.story().await
                ),
                _ => sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Waits until the condition has this status and reason.
    pub(crate) async fn condition(
        &self,
        name: &str,
        kind: &str,
        status: &str,
        reason: &str,
    ) -> Condition {
        let what = format!("{kind}={status}/{reason}");
        let found = self.status_when(name, &what, |found| {
            condition(found, kind).is_some_and(|one| one.status == status && one.reason == reason)
        });
        condition(&found.await, kind).cloned().unwrap()
    }

    pub(crate) async fn status_when(
        &self,
        name: &str,
        what: &str,
        is: impl Fn(&AuthenticationConfigurationStatus) -> bool,
    ) -> AuthenticationConfigurationStatus {
        let begin = Instant::now();
        loop {
            let status = self.status(name).await;
            if is(&status) {
                return status;
            }
            assert!(
                begin.elapsed() < PATIENCE,
                "{name}: never {what}\n{}",
                self.story().await
            );
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// How often the operator did this in this namespace.
    pub(crate) fn requests(&self, verb: &str, resource: &str) -> usize {
        self.audit.count(&self.filter(verb, resource)).unwrap()
    }

    pub(crate) fn filter(&self, verb: &str, resource: &str) -> Filter {
        Filter::new()
            .user(OPERATOR)
            .verb(verb)
            .resource(resource)
            .namespace(self.namespace())
    }

    /// Everything that the operator wrote in this namespace.
    pub(crate) fn writes(&self) -> usize {
        ["create", "patch", "update", "delete"]
            .iter()
            .flat_map(|verb| {
                ["secrets", "authenticationconfigurations/status", "events"]
                    .map(|resource| (verb, resource))
            })
            .map(|(verb, resource)| self.requests(verb, resource))
            .sum()
    }

    /// What is there, for the message of a failed test.
    async fn story(&self) -> String {
        let configurations = self
            .configurations()
            .list(&ListParams::default())
            .await
            .unwrap();
        let statuses = configurations
            .iter()
            .map(|one| format!("{}: {:#?}", one.name_any(), one.status));
        statuses.collect::<Vec<_>>().join("\n")
    }
}

pub(crate) fn condition<'a>(
    status: &'a AuthenticationConfigurationStatus,
    kind: &str,
) -> Option<&'a Condition> {
    status
        .conditions
        .iter()
        .find(|condition| condition.type_ == kind)
}

/// Merges members into an object, as a JSON merge patch without deletions.
pub(crate) fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

/// Binds the shipped role to the operator's user.
async fn grant(client: &Client) {
    let file = fs::read_to_string(crds::repository("config/rbac.yaml")).unwrap();
    let role: ClusterRole = serde_saphyr::from_str(&file).unwrap();
    let parameters = PatchParams::apply("tests").force();
    let roles: Api<ClusterRole> = Api::all(client.clone());
    roles
        .patch("authkeeper", &parameters, &Patch::Apply(&role))
        .await
        .unwrap();
    let binding = ClusterRoleBinding {
        metadata: ObjectMeta {
            name: Some(OPERATOR.to_owned()),
            ..ObjectMeta::default()
        },
        role_ref: RoleRef {
            api_group: "rbac.authorization.k8s.io".to_owned(),
            kind: "ClusterRole".to_owned(),
            name: "authkeeper".to_owned(),
        },
        subjects: Some(vec![Subject {
            api_group: Some("rbac.authorization.k8s.io".to_owned()),
            kind: "User".to_owned(),
            name: OPERATOR.to_owned(),
            namespace: None,
        }]),
    };
    let bindings: Api<ClusterRoleBinding> = Api::all(client.clone());
    bindings
        .patch(OPERATOR, &parameters, &Patch::Apply(&binding))
        .await
        .unwrap();
}
