//! What an input of a credential is: its role, its type, and the fields a scheme looks for by default.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a provider uses a field.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    Principal,
    Credential,
    Auxiliary,
}

/// What the text of a field must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FieldType {
    String,
    Integer,
    Boolean,
    Duration,
    Timestamp,
    Url,
    Pem,
    Bytes,
}

/// A field that a scheme looks for when the user declares none.
///
/// Members of one role are alternatives in order; principal and credential at the same place belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultField {
    pub name: &'static str,
    /// Other spellings of the same thing, tried in order after the name.
    pub aliases: &'static [&'static str],
    pub role: Role,
    pub required: bool,
    pub kind: FieldType,
    /// May it come from a `ConfigMap` or from literal values?
    pub sensitive: bool,
    /// Does it decide where a credential is sent? Then it must come from the Secret that holds the credential.
    pub destination: bool,
}

// === impl DefaultField ===

impl DefaultField {
    pub const fn principal(name: &'static str) -> Self {
        Self::new(name, Role::Principal, true)
    }

    pub const fn credential(name: &'static str) -> Self {
        Self::new(name, Role::Credential, true)
    }

    pub const fn auxiliary(name: &'static str) -> Self {
        Self::new(name, Role::Auxiliary, false)
    }

    const fn new(name: &'static str, role: Role, required: bool) -> Self {
        let sensitive = matches!(role, Role::Credential);
        Self {
            name,
            aliases: &[],
            role,
            required,
            kind: FieldType::String,
            sensitive,
            destination: false,
        }
    }

    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    #[must_use]
    pub const fn needed(mut self) -> Self {
        self.required = true;
        self
    }

    #[must_use]
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    #[must_use]
    pub const fn kind(mut self, kind: FieldType) -> Self {
        self.kind = kind;
        self
    }

    #[must_use]
    pub const fn also(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    #[must_use]
    pub const fn destination(mut self) -> Self {
        self.destination = true;
        self
    }
}
