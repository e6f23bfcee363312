//! A case, read from its folder.

use std::{collections::BTreeMap, path::Path};

use authkeeper::{
    api::v1alpha1::Method,
    field::Role,
    provider::{Input, Material, oauth2::ClientAuth},
    sensitive::SecretText,
};
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

/// The time of every case that names none.
const NOW: &str = "2025-11-25T02:06:40Z";

pub(super) struct Case {
    pub name: String,
    pub method: Method,
    pub material: Material,
    pub exchange: Vec<Exchange>,
    pub expect: Expect,
    pub now: Timestamp,
    pub learned: Option<ClientAuth>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Found {
    role: Role,
    field: String,
    key: String,
    value: String,
    /// The marker `{jwt}` in the value stands for a JWT with these claims.
    jwt: Option<Value>,
}

/// One request and what it is answered.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exchange {
    pub request: Option<ExpectedRequest>,
    pub answer: Option<Answer>,
    /// A reason of the port instead of an answer.
    pub fault: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectedRequest {
    pub method: String,
    pub url: String,
    /// All of them, in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    pub status: u16,
    /// Default: `content-type: application/json`.
    #[serde(default = "json_headers")]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub body: String,
    /// The body grows to this many bytes; the marker `{fill}` in it stands for the filling.
    pub fill_to: Option<usize>,
    /// The body begins with a byte order mark.
    #[serde(default)]
    pub bom: bool,
    /// The marker `{jwt}` in the body stands for a JWT with these claims.
    pub jwt: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expect {
    /// What the case is for, with its source.
    pub why: String,
    pub now: Option<Timestamp>,
    pub learned: Option<ClientAuth>,
    pub credential: Option<ExpectedCredential>,
    pub refusal: Option<ExpectedRefusal>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectedCredential {
    pub scheme: Option<String>,
    /// Some of the values; all of them where `exact_values` is true.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    #[serde(default)]
    pub exact_values: bool,
    pub header: Option<String>,
    /// `never`, `unstated`, or seconds from now and the statement: `3599 expires_in`.
    pub expiry: Option<String>,
    #[serde(default)]
    pub missing_scopes: Vec<String>,
    pub learned: Option<ClientAuth>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectedRefusal {
    pub reason: String,
    /// Parts of the detail.
    #[serde(default)]
    pub detail: Vec<String>,
    pub status: Option<u16>,
    pub oauth_error: Option<String>,
    pub provider_code: Option<String>,
    pub correlation_id: Option<String>,
    pub endpoint: Option<String>,
    pub retry_after: Option<u64>,
}

fn json_headers() -> BTreeMap<String, String> {
    BTreeMap::from([("content-type".into(), "application/json".into())])
}

// === impl Case ===

impl Case {
    pub(super) fn read(path: &Path) -> Self {
        let name = path.iter().rev().take(2).collect::<Vec<_>>();
        let name = format!("{}/{}", name[1].display(), name[0].display());
        let expect: Expect = file(path, "expect.yaml").unwrap_or_else(|| panic!("{name}: expect"));
        assert!(!expect.why.is_empty(), "{name}: why");
        let found: Vec<Found> = inherited(path, "material.yaml").unwrap_or_default();
        let mut exchange: Vec<Exchange> = file(path, "exchange.yaml").unwrap_or_default();
        for step in &mut exchange {
            step.request = step
                .request
                .take()
                .or_else(|| inherited(path, "request.yaml"));
        }
        Self {
            method: inherited(path, "config.yaml").unwrap_or_else(|| panic!("{name}: config")),
            material: material(found),
            exchange,
            now: expect.now.unwrap_or_else(|| NOW.parse().unwrap()),
            learned: expect.learned,
            expect,
            name,
        }
    }

    /// Tokens that the answers hold, also those that were refused.
    pub(super) fn tokens(&self) -> Vec<String> {
        let answers = self.exchange.iter().filter_map(|step| step.answer.as_ref());
        answers
            .filter_map(|answer| serde_json::from_slice::<Value>(&answer.bytes()).ok())
            .flat_map(|body| {
                ["access_token", "refresh_token", "id_token"]
                    .map(|name| body.get(name)?.as_str().map(str::to_owned))
            })
            .flatten()
            .collect()
    }
}

fn material(found: Vec<Found>) -> Material {
    let mut material = Material::default();
    for found in found {
        let value = with_jwt(&found.value, found.jwt.as_ref());
        let input = Input {
            field: found.field.clone(),
            source: "orders-client".into(),
            key: found.key,
            value: SecretText::new(value),
        };
        match found.role {
            Role::Principal => material.principal = Some(input),
            Role::Credential => material.credential = Some(input),
            Role::Auxiliary => {
                material.auxiliary.insert(found.field, input);
            }
        }
    }
    material
}

fn inherited<T: DeserializeOwned>(path: &Path, name: &str) -> Option<T> {
    file(path, name).or_else(|| file(&path.parent()?.join("_default"), name))
}

fn file<T: DeserializeOwned>(path: &Path, name: &str) -> Option<T> {
    let path = path.join(name);
    let text = std::fs::read_to_string(&path).ok()?;
    let value: Value =
        serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(
        serde_json::from_value(value).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
    )
}

// === impl Answer ===

impl Answer {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut body = with_jwt(&self.body, self.jwt.as_ref());
        if let Some(size) = self.fill_to {
            let missing = size + "{fill}".len() - body.len();
            body = body.replace("{fill}", &"x".repeat(missing));
        }
        let mark: &[u8] = if self.bom { b"\xef\xbb\xbf" } else { b"" };
        [mark, body.as_bytes()].concat()
    }
}

/// Signed by nobody, and made here, so that no scanner finds one in the repository.
fn with_jwt(text: &str, claims: Option<&Value>) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let Some(claims) = claims else {
        return text.to_owned();
    };
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let jwt = format!(
        "{}.{}.{}",
        part(r#"{"alg":"RS256","typ":"JWT"}"#),
        part(&claims.to_string()),
        part("example signature")
    );
    text.replace("{jwt}", &jwt)
}
