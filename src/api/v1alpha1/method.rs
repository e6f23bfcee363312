//! How the credential is obtained: a method is a few common members and exactly one provider block.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value};

use super::rules;
use crate::{
    api::schema,
    field::{FieldType, Role},
    provider::{api_key::ApiKey, basic::Basic, bearer::Bearer, none::NoCredential, oauth2::OAuth2},
    rule,
};

/// The blocks in the order of [`Block`], each with its scheme.
pub(super) const SCHEMES: &[(&str, &str)] = &[
    ("none", "None"),
    ("apiKey", "ApiKey"),
    ("bearer", "Bearer"),
    ("basic", "Basic"),
    ("oauth2", "OAuthClientCredentials"),
];

/// One way to obtain the credential. Exactly one provider block.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = schema::plain_blocks, extend("x-kubernetes-validations" = rules::one_block(SCHEMES)))]
pub struct Method {
    /// Name shown in status, unique among the methods. Default: the scheme.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63), extend("x-kubernetes-validations" = rule::one_line()))]
    pub name: Option<String>,
    /// Scheme name. Default, and the only name allowed here: the one that belongs to the block.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub scheme: Option<String>,
    /// Declared inputs. Left out: the default aliases of the scheme.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default, length(max = 32), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
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
#[schemars(extend("x-kubernetes-validations" = rules::field()))]
pub struct Field {
    /// Canonical name, looked up among the keys of the sources: exactly first, then without regard to case, `-`, `_`, `.` and space.
    #[schemars(length(max = 253), extend("x-kubernetes-validations" = rule::key()))]
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
    #[schemars(length(max = 253))]
    pub display_name: Option<String>,
    /// Description for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub description: Option<String>,
    /// The only values that are accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(max = 1024)))]
    pub allowed_values: Vec<String>,
    /// Regular expression that the whole value must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub pattern: Option<String>,
    /// Value to use when no source has the field. Only for fields that are not sensitive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub default: Option<String>,
    /// The one source and key to take it from, instead of looking it up by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = rules::key_reference()))]
    pub from: Option<KeyReference>,
}

/// One key of one source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyReference {
    /// Name of the source. Default: all sources, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub source: Option<String>,
    /// Key inside it. Default: the name of the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253), extend("x-kubernetes-validations" = rule::key()))]
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_block_has_the_scheme_of_its_provider() {
        for (block, scheme) in SCHEMES {
            let method: Method = serde_json::from_value(json!({ *block: {} })).unwrap();
            assert_eq!(method.block.provider().scheme(), *scheme, "{block}");
            assert_eq!(
                serde_json::to_value(&method).unwrap(),
                json!({ *block: {} })
            );
        }
        let schema = schemars::schema_for!(Block);
        let variants = schema.get("oneOf").and_then(Value::as_array).unwrap();
        assert_eq!(variants.len(), SCHEMES.len(), "a block without a scheme");
    }

    #[test]
    fn a_method_has_exactly_one_block() {
        for wrong in [
            json!({"name": "main"}),
            json!({"none": {}, "basic": {}}),
            json!({"none": {}, "basics": {}}),
            json!({"basic": null}),
        ] {
            serde_json::from_value::<Method>(wrong.clone()).expect_err(&wrong.to_string());
        }
    }
}
