//! The one port through which every request of a provider goes. Limits, TLS, and later the egress guard, live behind it.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use futures::future::BoxFuture;
use http::{HeaderMap, Method};
use url::Url;

use super::Refusal;
use crate::sensitive::{SecretBytes, SecretText};

/// Largest response body that is read, in bytes.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// Sends one request and reads the whole answer. Implementations follow no redirect, keep no cookie, send nothing
/// over http unless that was allowed, and never log or format a header value or a body.
pub trait Http: Send + Sync {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, Refusal>>;
}

/// A request. Header values that carry secrets are marked sensitive.
#[derive(Debug)]
pub struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Option<SecretBytes>,
}

/// An answer, whatever its status.
pub struct Response {
    pub status: u16,
    pub headers: HeaderMap,
    /// As it was sent, at most [`BODY_LIMIT`] bytes.
    pub body: SecretBytes,
}

/// What a resource says about its connections, resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConnectionSettings {
    /// Time for one whole request, in milliseconds; none: the default of 10 s.
    pub timeout_milliseconds: Option<u64>,
    /// PEM certificates that are trusted besides the system's.
    pub ca_bundle: Option<String>,
    /// What is shown to servers that ask for a certificate.
    pub client_certificate: Option<ClientCertificate>,
    /// Scheme, host and port of the proxy that all requests go through.
    pub proxy: Option<Url>,
    /// The resource allows http; the operator must too.
    pub allow_http: bool,
}

/// A certificate for the client's side of TLS, as it was found: not checked yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientCertificate {
    /// PEM; the first certificate is that of the key.
    pub chain: String,
    pub private_key: PrivateKey,
}

/// A private key as PEM, which is part of what tells one port from another. All clones share one copy of it.
#[derive(Clone)]
pub struct PrivateKey(Arc<SecretText>);

/// Opens ports. Implemented by `runtime`, which owns the HTTP library.
pub trait Connections: Send + Sync {
    /// A port for these settings; refuses a CA bundle that holds no certificate, and a client certificate that cannot
    /// be used.
    fn open(&self, settings: &ConnectionSettings) -> Result<Arc<dyn Http>, Refusal>;
}

// === impl PrivateKey ===

impl PrivateKey {
    pub fn new(pem: SecretText) -> Self {
        Self(Arc::new(pem))
    }

    /// The key itself; see [`SecretText::expose`].
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(redacted)")
    }
}

impl PartialEq for PrivateKey {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for PrivateKey {}

impl Hash for PrivateKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.expose().hash(state);
    }
}

// === impl Response ===

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_told_apart_by_their_key_and_never_show_it() {
        let settings = |key: &str| ConnectionSettings {
            client_certificate: Some(ClientCertificate {
                chain: "example-chain".to_owned(),
                private_key: PrivateKey::new(SecretText::new(key)),
            }),
            ..ConnectionSettings::default()
        };
        let one = settings("example-key-one");
        assert_eq!(one, settings("example-key-one"));
        assert_ne!(one, settings("example-key-two"));
        let shown = format!("{one:?}{one:#?}");
        assert!(shown.contains("PrivateKey(redacted)"), "{shown}");
        assert!(!shown.contains("example-key"), "{shown}");
    }
}
