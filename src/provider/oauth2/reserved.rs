//! Parameters and headers that belong to the protocol or to the connection and cannot be set by hand.

use super::OAuth2;
use crate::{provider::Refusal, reason::Reason};

/// A parameter must not be sent twice (RFC 6749 section 3.2), and secrets come from sources only.
pub(super) const PARAMETERS: &[&str] = &[
    "grant_type",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "scope",
    "audience",
    "resource",
    "username",
    "password",
    "refresh_token",
    "assertion",
];

/// In lower case.
pub(super) const HEADERS: &[&str] = &[
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// Refuses what the schema refuses, for configurations that did not pass it, and what only the HTTP library knows.
pub(super) fn check(config: &OAuth2) -> Result<(), Refusal> {
    for name in config.parameters.keys() {
        if PARAMETERS.contains(&name.as_str()) {
            return Err(invalid(&format!(
                "oauth2.parameters.{name} has a member of its own or comes from a source"
            )));
        }
    }
    for (name, value) in &config.headers {
        if HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(invalid(&format!(
                "oauth2.headers.{name} is set by authkeeper"
            )));
        }
        if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
            return Err(invalid("oauth2.headers has a name that no header can have"));
        }
        if !value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Err(invalid(&format!(
                "oauth2.headers.{name} must be printable ASCII"
            )));
        }
    }
    if config.grant_type.as_deref().is_some_and(str::is_empty) {
        return Err(invalid("oauth2.grantType is empty"));
    }
    if config.client_id.as_deref().is_some_and(str::is_empty) {
        return Err(invalid("oauth2.clientId is empty"));
    }
    Ok(())
}

fn invalid(detail: &str) -> Refusal {
    Refusal::new(Reason::InvalidSpec, detail)
}
