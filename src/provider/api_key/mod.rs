//! A static API key.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Ask, Credential, Expiry, Input, Material, Provider, Refusal, answer, characters, fixed,
};
use crate::{field::DefaultField, reason::Reason, sensitive::SecretText};

/// A static API key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// Name of the header that carries the key. Default: X-API-Key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub header: Option<String>,
    /// Word before the key, as in Bearer, Token or SSWS. A space follows it, unless it ends with `=` or a space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub prefix: Option<String>,
}

const FIELDS: &[DefaultField] = &[
    DefaultField::principal("ApiKey").sensitive(),
    DefaultField::principal("Key").sensitive(),
    DefaultField::principal("AccessKey").sensitive(),
    DefaultField::auxiliary("ExpiresAt"),
];

// === impl ApiKey ===

impl ApiKey {
    fn header(&self) -> &str {
        self.header.as_deref().unwrap_or("X-API-Key")
    }

    fn key<'a>(&self, material: &'a Material) -> Result<&'a Input, Refusal> {
        let key = fixed::principal(material, "ApiKey")?;
        fixed::check_header_name(self.header(), "apiKey.header")?;
        if self.prefix.as_deref().is_some_and(|prefix| {
            !prefix.bytes().all(|byte| matches!(byte, b' '..=b'~')) || prefix.starts_with(' ')
        }) {
            return Err(Refusal::new(
                Reason::InvalidSpec,
                "apiKey.prefix must be printable ASCII that does not begin with a space",
            ));
        }
        characters::header_value(key)?;
        Ok(key)
    }

    fn credential(&self, material: &Material) -> Result<Credential, Refusal> {
        let key = self.key(material)?.value.expose();
        let line = match self.prefix.as_deref().unwrap_or_default() {
            "" => key.to_owned(),
            prefix if prefix.ends_with(['=', ' ']) => format!("{prefix}{key}"),
            prefix => format!("{prefix} {key}"),
        };
        let mut values = BTreeMap::from([("api_key".to_owned(), SecretText::new(key))]);
        if self.header().eq_ignore_ascii_case("authorization") {
            values.insert("authorization".to_owned(), SecretText::new(line.as_str()));
        }
        Ok(Credential {
            scheme: "ApiKey",
            values,
            header: Some((self.header().to_owned(), SecretText::new(line))),
            expiry: answer::stated_by_source(material)?.unwrap_or(Expiry::Never),
            missing_scopes: Vec::new(),
            learned_client_auth: None,
        })
    }
}

impl Provider for ApiKey {
    fn scheme(&self) -> &'static str {
        "ApiKey"
    }

    fn default_fields(&self) -> &'static [DefaultField] {
        FIELDS
    }

    fn asks(&self) -> bool {
        false
    }

    fn check(&self, material: &Material) -> Result<(), Refusal> {
        self.credential(material).map(drop)
    }

    fn endpoint(&self, _material: &Material) -> Option<url::Url> {
        None
    }

    fn issue<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<Credential, Refusal>> {
        Box::pin(async move { self.credential(ask.material) })
    }
}
