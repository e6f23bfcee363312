//! When a credential is replaced, how it is tried, and over which connection.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{KeyReference, rules};
use crate::{duration::HumanDuration, rule};

/// When the credential is replaced. Every member is optional; the defaults suit tokens from 30 seconds to 24 hours.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::refresh()))]
pub struct Refresh {
    /// How long before its end a token is replaced. Default: a third of its life; at most two thirds of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = rule::duration_above_zero()))]
    pub before: Option<HumanDuration>,
    /// Spread, in per cent of the lead, always earlier, so that many objects do not refresh at once. Default: 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<i32>", extend("x-kubernetes-validations" = rules::jitter()))]
    pub jitter_percent: Option<u8>,
    /// Shortest time between two scheduled refreshes. Default: 10s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = rule::duration_from("1s")))]
    pub min_interval: Option<HumanDuration>,
    /// Longest time between two refreshes of a credential that ends. Default: 24h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = rule::duration_from("1s")))]
    pub max_interval: Option<HumanDuration>,
    /// Life of a token whose end the server does not state. Default: 5m. 0s: it never ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = rule::duration_from("0s")))]
    pub assumed_lifetime: Option<HumanDuration>,
    /// How failures are retried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
}

/// How passing failures are retried.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::retry()))]
pub struct Retry {
    /// First pause after a passing failure; it doubles from there. Default: 30s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = rule::duration_from("1s")))]
    pub initial: Option<HumanDuration>,
    /// Longest pause. Default: 15m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = rule::duration_from("1s")))]
    pub max: Option<HumanDuration>,
}

/// A request made with the new credential: a gate before it is published, and a watchdog afterwards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Probe {
    /// Address to ask. The host is literal; what follows may be a template over the credential, as in `{{ credential.username | urlenc }}`.
    #[schemars(length(max = 2048), extend("x-kubernetes-validations" = rule::address_with_template()))]
    pub url: String,
    /// HTTP method: GET, HEAD, POST or OPTIONS. Default: GET.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["GET", "HEAD", "POST", "OPTIONS"]))]
    pub method: Option<String>,
    /// Request headers, as templates over the credential. Default: the Authorization header of the credential.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32, "additionalProperties" = rule::text(2048), "x-kubernetes-validations" = rule::headers(rule::CONNECTION_HEADERS)))]
    pub headers: BTreeMap<String, String>,
    /// Which answers mean that the credential is dead. Default: status 401.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_on: Option<RefreshOn>,
    /// How often a published credential is probed. Default: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = rule::duration_from("10s")))]
    pub interval: Option<HumanDuration>,
}

/// Which answers of a probe mean that the credential is dead.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefreshOn {
    /// Status codes. Default: 401.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("items" = rules::status_code()))]
    pub status: Vec<u16>,
    /// Regular expression that the body must also match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub body: Option<String>,
}

/// How servers are reached.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// Time for one request, from connecting to the last byte. Default: 10s, at most 60s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = rule::duration_between("1s", "60s")))]
    pub timeout: Option<HumanDuration>,
    /// Key of a source with PEM certificates that are trusted besides those of the system. Its `key` must be set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = rules::certificate_reference()))]
    pub ca_bundle: Option<KeyReference>,
    /// Certificate that is shown to servers that ask for one (mutual TLS). A proxy with an https:// address that asks is
    /// shown the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<ClientCertificate>,
    /// HTTP proxy through which the requests of this object go. Default: none; the environment of the operator is not
    /// looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Proxy>,
    /// True: http:// addresses are allowed, if the operator allows them too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_http: Option<bool>,
}

/// A certificate and the private key that belongs to it, as PEM.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientCertificate {
    /// Key of a source with the PEM certificate, followed by those of its issuers up to one that the server knows. Its
    /// `key` must be set.
    #[schemars(extend("x-kubernetes-validations" = rules::certificate_reference()))]
    pub certificate: KeyReference,
    /// Key of a source Secret with the PEM private key of the first certificate: PKCS#8, PKCS#1 or SEC1, without a
    /// passphrase. Its `key` must be set.
    #[schemars(extend("x-kubernetes-validations" = rules::private_key_reference()))]
    pub private_key: KeyReference,
}

/// An HTTP proxy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Proxy {
    /// Address of the proxy: http:// or https://, host and port. For https:// targets it is asked for a tunnel (CONNECT)
    /// and sees host and port only, so http:// needs no allowHttp here. Proxies that ask for a user name and password
    /// are not supported in this release.
    #[schemars(length(max = 300), extend("x-kubernetes-validations" = rule::proxy_address()))]
    pub url: String,
}
