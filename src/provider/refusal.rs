//! A provider's "no", classified where it is born.

use std::time::Duration;

use crate::reason::Reason;

/// Why no credential was obtained. Holds words of ours and codes from an allow-list, never text of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub reason: Reason,
    /// What exactly, in our words: names of fields, keys, hosts and sizes; never a value.
    pub detail: String,
    pub http_status: Option<u16>,
    /// `error` of RFC 6749 section 5.2, only when it matches `^[a-z_]{1,64}$`.
    pub oauth_error: Option<String>,
    /// Vendor's number, as in `AADSTS7000215`.
    pub provider_code: Option<String>,
    /// A UUID to quote to the vendor.
    pub correlation_id: Option<String>,
    /// Host that answered.
    pub endpoint: Option<String>,
    /// Pause that the server asked for.
    pub retry_after: Option<Duration>,
}

// === impl Refusal ===

impl Refusal {
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
            http_status: None,
            oauth_error: None,
            provider_code: None,
            correlation_id: None,
            endpoint: None,
            retry_after: None,
        }
    }
    /// Names the server that was asked.
    #[must_use]
    pub fn at(mut self, url: &url::Url) -> Self {
        self.endpoint = host_and_port(url);
        self
    }
}

/// Host of an address, with the port where it is not the usual one.
pub fn host_and_port(url: &url::Url) -> Option<String> {
    let host = url.host_str()?;
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}
