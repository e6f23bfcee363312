//! How a credential is obtained. A provider is its own configuration; it makes one attempt, without cache, retry,
//! clock or Kubernetes. A new provider is one folder here, one variant of `api::v1alpha1::Block`, and its cases.

mod answer;
pub mod api_key;
pub mod basic;
pub mod bearer;
mod characters;
mod credential;
mod fixed;
pub mod http;
mod material;
pub mod none;
pub mod oauth2;
mod refusal;

use futures::future::BoxFuture;
use jiff::Timestamp;

pub use credential::{Credential, Expiry, ExpirySource};
pub use material::{Input, Material};
pub use refusal::{Refusal, host_and_port};

use crate::field::DefaultField;

/// A way to obtain a credential, configured.
pub trait Provider: Send + Sync {
    /// Canonical scheme name, as in `OAuthClientCredentials`.
    fn scheme(&self) -> &'static str;

    /// The fields that are looked up when the user declares none.
    fn default_fields(&self) -> &'static [DefaultField];

    /// Does it ask a server? What does not may be repeated at any time, and has no schedule.
    fn asks(&self) -> bool;

    /// Finds everything that is wrong with the configuration and the material without asking anybody.
    fn check(&self, material: &Material) -> Result<(), Refusal>;

    /// The server that would be asked, for the limits per host and for status. `None` when nobody is asked.
    fn endpoint(&self, material: &Material) -> Option<url::Url>;

    /// Exchanges the material for a credential. One attempt.
    fn issue<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<Credential, Refusal>>;
}

/// What a provider is handed for one attempt.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    pub material: &'a Material,
    pub http: &'a dyn http::Http,
    /// The time just before the request: lives are counted from here.
    pub now: Timestamp,
    /// What an earlier attempt with the same source version found out about client authentication.
    pub learned_client_auth: Option<oauth2::ClientAuth>,
}

impl std::fmt::Debug for Ask<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ask")
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}
