//! Credentials and targets for the tests of this folder. Nothing here has any worth.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Published, Rendered};
use crate::{
    api::v1alpha1::{Method, Target},
    provider::{Credential, Expiry},
    sensitive::SecretText,
};

pub(super) const TOKEN: &str = "e30.e30.e30";

pub(super) fn target(mut json: Value) -> Target {
    json["name"] = json.get("name").cloned().unwrap_or(json!("m"));
    serde_json::from_value(json).unwrap()
}

pub(super) fn method(json: Value) -> Method {
    serde_json::from_value(json).unwrap()
}

pub(super) fn credential(
    scheme: &'static str,
    values: &[(&str, &str)],
    header: Option<(&str, &str)>,
) -> Credential {
    Credential {
        scheme,
        values: values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), SecretText::new(*value)))
            .collect(),
        header: header.map(|(name, value)| (name.to_owned(), SecretText::new(value))),
        expiry: Expiry::Never,
        missing_scopes: Vec::new(),
        learned_client_auth: None,
    }
}

pub(super) fn bearer() -> Credential {
    let line = format!("Bearer {TOKEN}");
    credential(
        "Bearer",
        &[
            ("access_token", TOKEN),
            ("token_type", "Bearer"),
            ("authorization", &line),
            ("scope", "read"),
        ],
        Some(("Authorization", &line)),
    )
}

pub(super) fn basic() -> Credential {
    credential(
        "Basic",
        &[
            ("username", "Aladdin"),
            ("password", "open sesame"),
            ("basic", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            ("authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ],
        Some(("Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")),
    )
}

pub(super) fn api_key() -> Credential {
    credential("ApiKey", &[("api_key", "k")], Some(("X-API-Key", "k")))
}

/// With times, as a credential from a server has.
pub(super) fn expiring(credential: &Credential) -> Published<'_> {
    Published {
        credential,
        obtained_at: Some("2030-01-01T00:00:00.75Z".parse().unwrap()),
        expires_at: Some("2030-01-01T01:00:00.75Z".parse().unwrap()),
    }
}

pub(super) fn fixed(credential: &Credential) -> Published<'_> {
    Published {
        credential,
        obtained_at: None,
        expires_at: None,
    }
}

/// The data as text.
pub(super) fn texts(rendered: &Rendered) -> BTreeMap<&str, &str> {
    rendered
        .data
        .iter()
        .map(|(key, value)| (key.as_str(), str::from_utf8(value.expose()).unwrap()))
        .collect()
}
