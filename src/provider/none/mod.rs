//! No credential: the last alternative, for endpoints that anybody may call.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Ask, Credential, Expiry, Material, Provider, Refusal};
use crate::field::DefaultField;

/// No credential: always satisfied, publishes only the scheme name. Written `none: {}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NoCredential {}

impl Provider for NoCredential {
    fn scheme(&self) -> &'static str {
        "None"
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
            Ok(Credential {
                scheme: "None",
                values: BTreeMap::new(),
                header: None,
                expiry: Expiry::Never,
                missing_scopes: Vec::new(),
                learned_client_auth: None,
            })
        })
    }
}
