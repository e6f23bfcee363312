//! Where the long-lived material is.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LocalReference, rules};
use crate::rule;

/// One place where inputs are looked up. Exactly one of secretRef, configMapRef and values.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::one_source()))]
pub struct Source {
    /// Name used by fields[].from.source and in status. Default: the name of what it refers to, or `values`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253), extend("x-kubernetes-validations" = rule::key()))]
    pub name: Option<String>,
    /// True: the source may be missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    /// A Secret in the same namespace. It is only read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalReference>,
    /// A ConfigMap in the same namespace, for inputs that are not secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map_ref: Option<LocalReference>,
    /// Literal inputs that are not secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 32, "additionalProperties" = rule::text(16384), "x-kubernetes-validations" = rule::keys()))]
    pub values: Option<BTreeMap<String, String>>,
}

/// What a source refers to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Origin<'a> {
    Secret(&'a str),
    ConfigMap(&'a str),
    Values(&'a BTreeMap<String, String>),
}

// === impl Source ===

impl Source {
    /// What it refers to; none when the object got past the schema without any.
    pub fn origin(&self) -> Option<Origin<'_>> {
        match (&self.secret_ref, &self.config_map_ref, &self.values) {
            (Some(secret), None, None) => Some(Origin::Secret(&secret.name)),
            (None, Some(config_map), None) => Some(Origin::ConfigMap(&config_map.name)),
            (None, None, Some(values)) => Some(Origin::Values(values)),
            (_, _, _) => None,
        }
    }

    pub fn display_name(&self) -> &str {
        match (&self.name, self.origin()) {
            (Some(name), _) => name,
            (None, Some(Origin::Secret(name) | Origin::ConfigMap(name))) => name,
            (None, Some(Origin::Values(_)) | None) => "values",
        }
    }

    pub fn is_optional(&self) -> bool {
        self.optional.unwrap_or(false)
    }
}
