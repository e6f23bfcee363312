//! User name and password (RFC 7617).

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Ask, Credential, Expiry, Material, Provider, Refusal, characters, fixed};
use crate::{field::DefaultField, sensitive::SecretText};

/// User name and password (RFC 7617).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Basic {
    /// False: a missing password is an empty one, for services that take a key as user name. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_password: Option<bool>,
}

/// Members at the same place belong together: `AccountSid` goes with `AuthToken`.
const FIELDS: &[DefaultField] = &[
    DefaultField::principal("Username"),
    DefaultField::principal("AccountSid"),
    DefaultField::principal("User"),
    DefaultField::principal("ClientId"),
    DefaultField::credential("Password"),
    DefaultField::credential("AuthToken"),
    DefaultField::credential("Pass"),
    DefaultField::credential("ClientSecret"),
];

/// Without a password the user name is the secret.
const FIELDS_WITHOUT_PASSWORD: &[DefaultField] = &[
    DefaultField::principal("Username").sensitive(),
    DefaultField::principal("AccountSid").sensitive(),
    DefaultField::principal("User").sensitive(),
    DefaultField::principal("ClientId").sensitive(),
    DefaultField::credential("Password").optional(),
    DefaultField::credential("AuthToken").optional(),
    DefaultField::credential("Pass").optional(),
    DefaultField::credential("ClientSecret").optional(),
];

// === impl Basic ===

impl Basic {
    fn requires_password(&self) -> bool {
        self.require_password.unwrap_or(true)
    }

    fn credential(&self, material: &Material) -> Result<Credential, Refusal> {
        let user = fixed::principal(material, "Username")?;
        characters::visible(user)?;
        if user.value.expose().contains(':') {
            return Err(characters::invalid(
                user,
                "a user name must not contain ':' (RFC 7617 section 2)",
            ));
        }
        if self.requires_password() {
            fixed::present(material.credential.as_ref(), "Password")?;
        }
        if let Some(password) = &material.credential {
            characters::visible(password)?;
        }
        let user = user.value.expose();
        let password = material.credential().unwrap_or_default();
        let pair = SecretText::new(format!("{user}:{password}"));
        let basic = STANDARD.encode(pair.expose());
        let line = format!("Basic {basic}");
        Ok(Credential {
            scheme: "Basic",
            values: BTreeMap::from([
                ("username".to_owned(), SecretText::new(user)),
                ("password".to_owned(), SecretText::new(password)),
                ("basic".to_owned(), SecretText::new(basic)),
                ("authorization".to_owned(), SecretText::new(line.as_str())),
            ]),
            header: Some(("Authorization".to_owned(), SecretText::new(line))),
            expiry: Expiry::Never,
            missing_scopes: Vec::new(),
            learned_client_auth: None,
        })
    }
}

impl Provider for Basic {
    fn scheme(&self) -> &'static str {
        "Basic"
    }

    fn default_fields(&self) -> &'static [DefaultField] {
        if self.requires_password() {
            FIELDS
        } else {
            FIELDS_WITHOUT_PASSWORD
        }
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
