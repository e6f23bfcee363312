//! The resource itself.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    AuthenticationConfigurationStatus, Connection, Method, Probe, Refresh, Source, Target, method,
    rules,
};
use crate::rule;

/// What credential is wanted, from what, and where it goes.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "authkeeper.dev",
    version = "v1alpha1",
    kind = "AuthenticationConfiguration",
    plural = "authenticationconfigurations",
    shortname = "authcfg",
    category = "authkeeper",
    namespaced,
    status = "AuthenticationConfigurationStatus",
    derive = "PartialEq",
    doc = "A credential that authkeeper keeps fresh in Secrets: what it is made from, how, and where it is written.",
    selectable = ".spec.suspend",
    selectable = ".status.method.scheme",
    printcolumn = r#"{"name": "Ready", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status"}"#,
    printcolumn = r#"{"name": "Reason", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"Ready\")].reason"}"#,
    printcolumn = r#"{"name": "Secret", "type": "string", "jsonPath": ".status.targets[0].name"}"#,
    printcolumn = r#"{"name": "Expires", "type": "string", "jsonPath": ".status.expiresAt"}"#,
    printcolumn = r#"{"name": "Suspended", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"Suspended\")].status"}"#,
    printcolumn = r#"{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}"#,
    printcolumn = r#"{"name": "Method", "type": "string", "priority": 1, "jsonPath": ".status.method.name"}"#,
    printcolumn = r#"{"name": "Scheme", "type": "string", "priority": 1, "jsonPath": ".status.method.scheme"}"#,
    printcolumn = r#"{"name": "Next Refresh", "type": "string", "priority": 1, "jsonPath": ".status.refreshAt"}"#,
    printcolumn = r#"{"name": "Last Refresh", "type": "date", "priority": 1, "jsonPath": ".status.obtainedAt"}"#,
    printcolumn = r#"{"name": "Failures", "type": "integer", "priority": 1, "jsonPath": ".status.consecutiveFailures"}"#,
    printcolumn = r#"{"name": "Message", "type": "string", "priority": 1, "jsonPath": ".status.conditions[?(@.type==\"Ready\")].message"}"#
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::spec()))]
pub struct AuthenticationConfigurationSpec {
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub display_name: Option<String>,
    /// Where the long-lived material is, in the order of lookup. Same namespace; never written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-validations" = rules::source_names()))]
    pub sources: Vec<Source>,
    /// How the credential is obtained: exactly one provider block. Either this or methods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// Alternatives, in order of preference. Either this or method.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-validations" = rules::methods(method::SCHEMES)))]
    pub methods: Vec<Method>,
    /// Which alternative is used: the first that the sources satisfy, or the first that succeeds. Default: FirstSatisfied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<Selection>,
    /// How names of fields are compared with keys of sources. Default: Normalized.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_matching: Option<KeyMatching>,
    /// Secrets to write. Default: one, named like this object.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub targets: Vec<Target>,
    /// When the credential is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<Refresh>,
    /// A request that tells whether the credential works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
    /// How servers are reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<Connection>,
    /// What becomes of the managed Secrets when this object is deleted. Default: Delete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
    /// True: no refresh and no write, whatever happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
}

/// Which alternative is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Selection {
    #[default]
    FirstSatisfied,
    FirstSuccessful,
}

/// How names of fields are compared with keys of sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum KeyMatching {
    #[default]
    Normalized,
    Exact,
}

/// What becomes of the managed Secrets when the object is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    #[default]
    Delete,
    Retain,
}

/// A reference to an object in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LocalReference {
    /// Name of the object.
    #[schemars(length(max = 253), extend("x-kubernetes-validations" = rule::object_name()))]
    pub name: String,
}

// === impl AuthenticationConfigurationSpec ===

impl AuthenticationConfigurationSpec {
    /// The alternatives in order, however they were written.
    pub fn alternatives(&self) -> Vec<&Method> {
        self.method.iter().chain(&self.methods).collect()
    }

    /// The targets, the default one included.
    pub fn effective_targets(&self, name: &str) -> Vec<Target> {
        if self.targets.is_empty() {
            return vec![Target {
                name: name.to_owned(),
                ..Target::default()
            }];
        }
        self.targets.clone()
    }
}
