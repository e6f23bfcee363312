//! The one port through which every request of a provider goes. Limits, TLS, and later the egress guard, live behind it.

use futures::future::BoxFuture;
use http::{HeaderMap, Method};
use url::Url;

use super::Refusal;
use crate::sensitive::SecretBytes;

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
    /// The resource allows http; the operator must too.
    pub allow_http: bool,
}

/// Opens ports. Implemented by `runtime`, which owns the HTTP library.
pub trait Connections: Send + Sync {
    /// A port for these settings; refuses a CA bundle that holds no certificate.
    fn open(&self, settings: &ConnectionSettings) -> Result<std::sync::Arc<dyn Http>, Refusal>;
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
