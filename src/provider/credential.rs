//! What a provider hands over.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::oauth2::ClientAuth;
use crate::sensitive::SecretText;

/// A credential and what is known of its end.
#[derive(Debug)]
pub struct Credential {
    /// Scheme of the credential itself, which consumers see: `Bearer` for every kind of access token.
    pub scheme: &'static str,
    /// The members that targets render, by their published names: `access_token`, `authorization`, `username` …
    pub values: BTreeMap<String, SecretText>,
    /// The one header a consumer sends.
    pub header: Option<(String, SecretText)>,
    pub expiry: Expiry,
    /// Scopes that were asked for and not granted, by name.
    pub missing_scopes: Vec<String>,
    /// The client authentication that worked, where it was found by trying.
    pub learned_client_auth: Option<ClientAuth>,
}

/// When a credential ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// Static: it states no end.
    Never,
    /// From a server that did not say.
    Unstated,
    At(Timestamp, ExpirySource),
}

/// What stated the end of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpirySource {
    /// A member of the answer, by its name.
    Member(&'static str),
    /// The `exp` claim of a JWT (RFC 7519 section 4.1.4).
    JwtExp,
    /// A field of the source.
    Source,
}

// === impl ExpirySource ===

impl ExpirySource {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Member(name) => name,
            Self::JwtExp => "JwtExp",
            Self::Source => "Source",
        }
    }
}
