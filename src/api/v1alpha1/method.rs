//! How the credential is obtained: a method is a few common members and exactly one provider block.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value};

use crate::{
    field::{FieldType, Role},
    provider::{api_key::ApiKey, basic::Basic, bearer::Bearer, none::NoCredential, oauth2::OAuth2},
};

/// One way to obtain the credential. Exactly one provider block.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Method {
    /// Name shown in status, unique among the methods. Default: the scheme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Scheme name. Default, and the only name allowed here: the one that belongs to the block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// Declared inputs. Left out: the default aliases of the scheme.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub fields: Vec<Field>,
    #[serde(flatten)]
    pub block: Block,
}

/// The block that says how. Its name says which provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Block {
    /// No credential: always satisfied, publishes only the scheme name. Written `none: {}`.
    None(NoCredential),
    /// A static API key.
    ApiKey(ApiKey),
    /// A static bearer token (RFC 6750).
    Bearer(Bearer),
    /// User name and password (RFC 7617).
    Basic(Basic),
    /// An access token from an OAuth 2.0 token endpoint (RFC 6749).
    #[serde(rename = "oauth2")]
    OAuth2(OAuth2),
}

/// A declared input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    /// Canonical name, looked up among the keys of the sources: exactly first, then without regard to case, `-`, `_`, `.` and space.
    pub name: String,
    /// How the provider uses it: principal, credential or auxiliary. Default: auxiliary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// False: the method does not need it. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// What the value must look like. Default: String.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<FieldType>,
    /// True: the value must come from a Secret. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensitive: Option<bool>,
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Description for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The only values that are accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_values: Vec<String>,
    /// Regular expression that the whole value must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Value to use when no source has the field. Only for fields that are not sensitive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The one source and key to take it from, instead of looking it up by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<KeyReference>,
}

/// One key of one source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyReference {
    /// Name of the source. Default: all sources, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Key inside it. Default: the name of the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

// === impl Method ===

impl Method {
    pub fn display_name(&self) -> &str {
        self.name
            .as_deref()
            .unwrap_or_else(|| self.block.provider().scheme())
    }
}

/// Serde's own flatten takes the first block it knows and drops the rest; a second block must be an error.
impl<'de> Deserialize<'de> for Method {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            name: Option<String>,
            scheme: Option<String>,
            #[serde(default)]
            fields: Vec<Field>,
            #[serde(flatten)]
            blocks: Map<String, Value>,
        }
        let mut wire = Wire::deserialize(deserializer)?;
        wire.blocks.retain(|_, block| !block.is_null());
        if wire.blocks.len() != 1 {
            return Err(D::Error::custom(
                "a method needs exactly one provider block",
            ));
        }
        let block = Block::deserialize(Value::Object(wire.blocks)).map_err(D::Error::custom)?;
        Ok(Self {
            name: wire.name,
            scheme: wire.scheme,
            fields: wire.fields,
            block,
        })
    }
}

// === impl Block ===

impl Block {
    /// The provider that the block configures. A new provider is one variant above and one arm here.
    pub fn provider(&self) -> &dyn crate::provider::Provider {
        match self {
            Self::None(block) => block,
            Self::ApiKey(block) => block,
            Self::Bearer(block) => block,
            Self::Basic(block) => block,
            Self::OAuth2(block) => block,
        }
    }
}
