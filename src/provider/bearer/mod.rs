//! A static bearer token (RFC 6750).

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Ask, Credential, Expiry, ExpirySource, Material, Provider, Refusal, answer, characters, fixed,
};
use crate::{field::DefaultField, sensitive::SecretText};

/// A static bearer token (RFC 6750).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Bearer {
    /// Name of the header that carries the token. Default: Authorization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub header: Option<String>,
}

const FIELDS: &[DefaultField] = &[
    DefaultField::principal("Token").sensitive(),
    DefaultField::principal("AccessToken").sensitive(),
    DefaultField::principal("BearerToken").sensitive(),
    DefaultField::principal("AuthToken").sensitive(),
    DefaultField::auxiliary("TokenType"),
    DefaultField::auxiliary("ExpiresAt"),
];

// === impl Bearer ===

impl Bearer {
    fn header(&self) -> &str {
        self.header.as_deref().unwrap_or("Authorization")
    }

    fn credential(&self, material: &Material) -> Result<Credential, Refusal> {
        fixed::check_header_name(self.header(), "bearer.header")?;
        let token = fixed::principal(material, "Token")?;
        characters::bearer_token(token)?;
        let kind = token_type(material)?;
        let token = token.value.expose();
        let line = format!("{kind} {token}");
        Ok(Credential {
            scheme: "Bearer",
            values: BTreeMap::from([
                ("access_token".to_owned(), SecretText::new(token)),
                ("token_type".to_owned(), SecretText::new(kind)),
                ("authorization".to_owned(), SecretText::new(line.as_str())),
            ]),
            header: Some((self.header().to_owned(), SecretText::new(line))),
            expiry: expiry(material, token)?,
            missing_scopes: Vec::new(),
            learned_client_auth: None,
        })
    }
}

/// A word before the token: `Bearer`, or what the source says, as in `Bot`.
fn token_type(material: &Material) -> Result<&str, Refusal> {
    let Some(input) = material.auxiliary.get("TokenType") else {
        return Ok("Bearer");
    };
    characters::header_value(input)?;
    match input.value.expose() {
        "" => Ok("Bearer"),
        kind if kind.eq_ignore_ascii_case("bearer") => Ok("Bearer"),
        kind if kind.contains(' ') => Err(characters::invalid(input, "must be one word")),
        kind => Ok(kind),
    }
}

/// The end that the source states, else the one inside a JWT. A past end is stated as well: it is shown, and ends the
/// use of the token.
fn expiry(material: &Material, token: &str) -> Result<Expiry, Refusal> {
    if let Some(expiry) = answer::stated_by_source(material)? {
        return Ok(expiry);
    }
    Ok(answer::jwt_end(token).map_or(Expiry::Never, |end| Expiry::At(end, ExpirySource::JwtExp)))
}

impl Provider for Bearer {
    fn scheme(&self) -> &'static str {
        "Bearer"
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
