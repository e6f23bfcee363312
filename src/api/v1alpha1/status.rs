//! What the operator reports. A report only: the truth is on the managed Secret.

use std::fmt;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the operator reports about the credential.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticationConfigurationStatus {
    /// Newest generation of the spec that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Accepted and SourcesResolved always; Reconciling, Stalled, Suspended and Degraded only when true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// The method that obtained the credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<MethodStatus>,
    /// When the credential was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub obtained_at: Option<Timestamp>,
    /// When the credential ends; absent when it has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub expires_at: Option<Timestamp>,
    /// What stated the end: a member of the answer, JwtExp, Assumed, Source or None.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiry_source: Option<String>,
    /// When the credential is to be replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub refresh_at: Option<Timestamp>,
    /// Only while failing: when it is tried next; absent while failing means not before a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub next_attempt_at: Option<Timestamp>,
    /// Failures since the last success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consecutive_failures: Option<u32>,
    /// The last failure since the last success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,
    /// Credentials obtained outside the schedule within the last hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unscheduled_mints: Option<UnscheduledMints>,
    /// The sources and when each last changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceStatus>,
    /// The managed Secrets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetStatus>,
    /// Last value of the annotation authkeeper.dev/refresh-requested that was acted upon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_refresh_request: Option<String>,
}

/// The method that obtained the credential.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MethodStatus {
    /// Name of the method.
    pub name: String,
    /// Scheme of the method.
    pub scheme: String,
    /// Host that was asked; absent when nobody is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Which key of which source was used for each field. Names only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldSource>,
    /// The client authentication that worked, where it was found by trying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_auth: Option<String>,
}

/// Which key was used for a field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldSource {
    /// Name of the field.
    pub name: String,
    /// Name of the source.
    pub source: String,
    /// Key in the source.
    pub key: String,
}

/// A failure, in words of ours and codes from an allow-list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastError {
    /// When it happened.
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// Its reason; every reason has a page under docs/reasons.
    pub reason: String,
    /// Status code of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// OAuth error code of the answer (RFC 6749 section 5.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth_error: Option<String>,
    /// Error number of the vendor, as AADSTS7000215.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_code: Option<String>,
    /// Identifier to quote to the vendor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// Host that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Keyed digest of what was tried: tells a changed source from a relabelled one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
}

/// Credentials obtained outside the schedule: healing, probe refusals, specs that flip.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnscheduledMints {
    /// Start of the hour that is counted.
    #[schemars(with = "String")]
    pub since: Timestamp,
    /// How many, at most 8.
    pub count: u32,
    /// How many of them because of a probe, at most 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<u32>,
    /// When the last one was.
    #[schemars(with = "String")]
    pub last: Timestamp,
}

/// A source and when it last changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceStatus {
    /// Name of the source.
    pub name: String,
    /// When a change of its values was last noticed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub changed_at: Option<Timestamp>,
}

/// A managed Secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetStatus {
    /// Name of the Secret.
    pub name: String,
    /// True when it holds the current credential.
    pub ready: bool,
}

/// Types of the conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConditionType {
    Ready,
    Accepted,
    SourcesResolved,
    Reconciling,
    Stalled,
    Suspended,
    Degraded,
}

// === impl ConditionType ===

impl fmt::Display for ConditionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
