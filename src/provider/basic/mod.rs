//! Basic.

use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Ask, Credential, Material, Provider, Refusal};
use crate::field::DefaultField;

/// Basic.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Basic {}

impl Provider for Basic {
    fn scheme(&self) -> &'static str {
        "Basic"
    }

    fn default_fields(&self) -> &'static [DefaultField] {
        &[]
    }

    fn asks(&self) -> bool {
        false
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
