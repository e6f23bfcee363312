//! The `oauth2` block.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{reserved, rules};
use crate::rule;

/// An access token from an OAuth 2.0 token endpoint (RFC 6749).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OAuth2 {
    /// Which grant is used (RFC 6749 section 4). Default: ClientCredentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<Grant>,
    /// Address of the token endpoint. Default: the field TokenEndpoint of the Secret that holds the credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), extend("x-kubernetes-validations" = rule::address()))]
    pub token_endpoint: Option<String>,
    /// Client identifier, when it is not in a source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024), extend("x-kubernetes-validations" = rule::one_line()))]
    pub client_id: Option<String>,
    /// How the client proves who it is (RFC 6749 section 2.3). Default: Auto, which is ClientSecretBasic, then once ClientSecretPost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_auth: Option<ClientAuth>,
    /// Scopes to ask for (RFC 6749 section 3.3).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("items" = rules::scope()))]
    pub scopes: Vec<String>,
    /// Text between two scopes. Default: one space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8))]
    pub scope_separator: Option<String>,
    /// Values of the parameter `audience`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(min = 1, max = 2048)))]
    pub audiences: Vec<String>,
    /// Values of the parameter `resource` (RFC 8707).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(min = 1, max = 2048)))]
    pub resources: Vec<String>,
    /// Further parameters of the request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32, "additionalProperties" = rule::text(4096), "x-kubernetes-validations" = rules::parameters()))]
    pub parameters: BTreeMap<String, String>,
    /// Further headers of the request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32, "additionalProperties" = rule::text(2048), "x-kubernetes-validations" = rule::headers(reserved::HEADERS)))]
    pub headers: BTreeMap<String, String>,
    /// Value of the parameter `grant_type`, when the server wants another than the one of the grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255), extend("x-kubernetes-validations" = rules::grant_type()))]
    pub grant_type: Option<String>,
}

/// OAuth 2.0 grants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Grant {
    #[default]
    ClientCredentials,
}

/// Client authentication at the token endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ClientAuth {
    #[default]
    Auto,
    ClientSecretBasic,
    ClientSecretPost,
    None,
}
