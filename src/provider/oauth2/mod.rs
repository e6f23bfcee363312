//! OAuth 2.0.

mod config;
mod rules;

use futures::future::BoxFuture;

pub use config::{ClientAuth, Grant, OAuth2};

use super::{Ask, Credential, Material, Provider, Refusal};
use crate::field::DefaultField;

impl Provider for OAuth2 {
    fn scheme(&self) -> &'static str {
        "OAuthClientCredentials"
    }

    fn default_fields(&self) -> &'static [DefaultField] {
        &[]
    }

    fn asks(&self) -> bool {
        true
    }

    fn check(&self, _material: &Material) -> Result<(), Refusal> {
        Ok(())
    }

    fn endpoint(&self, _material: &Material) -> Option<url::Url> {
        None
    }

    fn issue<'a>(&'a self, _ask: Ask<'a>) -> BoxFuture<'a, Result<Credential, Refusal>> {
        Box::pin(async {
            Err(Refusal::new(
                crate::reason::Reason::InternalError,
                "not built yet",
            ))
        })
    }
}
