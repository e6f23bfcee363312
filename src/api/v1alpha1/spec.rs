//! The resource itself.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    AuthenticationConfigurationStatus, Connection, Method, Probe, Refresh, Source, Target,
};

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
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticationConfigurationSpec {
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Where the long-lived material is, in the order of lookup. Same namespace; never written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
    /// How the credential is obtained. Either this or methods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// Alternatives, in order of preference. Either this or method.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<Method>,
    /// Which alternative is used: the first that the sources satisfy, or the first that succeeds. Default: FirstSatisfied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<Selection>,
    /// How names of fields are compared with keys of sources. Default: Normalized.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_matching: Option<KeyMatching>,
    /// Secrets to write. Default: one, named like this object.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
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
