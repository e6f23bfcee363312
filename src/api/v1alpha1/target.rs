//! Where the credential is written, and in which shape.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules;
use crate::{duration::HumanDuration, rule};

/// A managed Secret in the same namespace. One credential feeds every target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::target()))]
pub struct Target {
    /// Name of the Secret.
    #[schemars(length(max = 253), extend("x-kubernetes-validations" = rule::object_name()))]
    pub name: String,
    /// Shape of the data. Default: Default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Only with format Default: exactly these keys; Secret key to credential key, as in `ORDERS_TOKEN: access_token`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32, "additionalProperties" = rule::text_with(253, &rule::key()), "x-kubernetes-validations" = rule::keys()))]
    pub data: BTreeMap<String, String>,
    /// Further keys, as templates over `credential`; with format Template the only keys.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32, "additionalProperties" = rule::text(16384), "x-kubernetes-validations" = rule::keys()))]
    pub template: BTreeMap<String, String>,
    /// A template kept in a ConfigMap.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub template_from: Vec<TemplateFrom>,
    /// Type of the Secret. Default: the one that belongs to the format, else Opaque.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), extend("x-kubernetes-validations" = rules::secret_type()))]
    pub kind: Option<String>,
    /// Further labels of the Secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32, "additionalProperties" = rules::label_value(), "x-kubernetes-validations" = rules::labels()))]
    pub labels: BTreeMap<String, String>,
    /// Further annotations of the Secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32, "additionalProperties" = rule::text(4096), "x-kubernetes-validations" = rules::annotations()))]
    pub annotations: BTreeMap<String, String>,
    /// Registries (DockerConfigJson) or machines (Netrc) that the credential is for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("items" = rules::host()))]
    pub hosts: Vec<String>,
    /// User name for formats that need one when the credential has none. Default: oauth2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), extend("x-kubernetes-validations" = rule::one_line()))]
    pub username: Option<String>,
    /// Workloads that are restarted when the data of this Secret changes: for consumers that cannot read it again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub restart: Vec<Restart>,
}

/// A workload in the same namespace. Exactly one of deployment, statefulSet and daemonSet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::restart()))]
pub struct Restart {
    /// Name of a Deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253), extend("x-kubernetes-validations" = rule::object_name()))]
    pub deployment: Option<String>,
    /// Name of a StatefulSet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253), extend("x-kubernetes-validations" = rule::object_name()))]
    pub stateful_set: Option<String>,
    /// Name of a DaemonSet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253), extend("x-kubernetes-validations" = rule::object_name()))]
    pub daemon_set: Option<String>,
    /// Shortest time between two restarts by authkeeper. A longer one than the life of the token lets it expire in the
    /// workload. Default: 1m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = rule::duration_from("1s")))]
    pub min_interval: Option<HumanDuration>,
}

/// A template kept in a ConfigMap of the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TemplateFrom {
    /// Name of the ConfigMap.
    #[schemars(length(max = 253), extend("x-kubernetes-validations" = rule::object_name()))]
    pub config_map: String,
    /// Key of the ConfigMap that holds the template.
    #[schemars(length(max = 253), extend("x-kubernetes-validations" = rule::key()))]
    pub key: String,
    /// Key of the managed Secret. Default: the key of the ConfigMap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253), extend("x-kubernetes-validations" = rule::key()))]
    pub to: Option<String>,
}

/// Shapes of a managed Secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Format {
    #[default]
    Default,
    Env,
    HttpHeader,
    BasicAuth,
    DockerConfigJson,
    Netrc,
    Dotenv,
    Json,
    Template,
}
