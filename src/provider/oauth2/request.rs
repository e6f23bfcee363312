//! The token request (RFC 6749 section 4.4.2). Pure: inputs in, request out.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use url::form_urlencoded::{Serializer, byte_serialize};

use super::{ClientAuth, Grant, OAuth2, inputs::Inputs};
use crate::{
    provider::{Refusal, http::Request},
    reason::Reason,
    sensitive::{SecretBytes, SecretText},
};

/// How the client shows who it is in one request; what `Auto` chooses from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Basic,
    Post,
    Public,
}

/// Some servers refuse the type with a `charset`.
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

pub(super) fn build(
    config: &OAuth2,
    inputs: &Inputs<'_>,
    style: Style,
) -> Result<Request, Refusal> {
    let mut headers = HeaderMap::new();
    for (name, value) in &config.headers {
        headers.insert(
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| unsendable(name))?,
            secret(value).ok_or_else(|| unsendable(name))?,
        );
    }
    headers.insert(header::CONTENT_TYPE, FORM);
    headers.insert(header::ACCEPT, JSON);
    if let (Style::Basic, Some(client_secret)) = (style, inputs.client_secret) {
        let value = basic(inputs.client_id, client_secret);
        headers.insert(
            header::AUTHORIZATION,
            secret(value.expose()).ok_or_else(|| unsendable("Authorization"))?,
        );
    }
    Ok(Request {
        method: Method::POST,
        url: inputs.endpoint.clone(),
        headers,
        body: Some(SecretBytes::new(body(config, inputs, style))),
    })
}

/// RFC 6749 section 2.3.1: both parts are form-encoded before they are joined.
fn basic(client_id: &str, client_secret: &str) -> SecretText {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = SecretText::new(format!("{}:{}", encoded(client_id), encoded(client_secret)));
    SecretText::new(format!("Basic {}", STANDARD.encode(pair.expose())))
}

/// No parameter is sent twice but `audience` and `resource`, and none without a value.
fn body(config: &OAuth2, inputs: &Inputs<'_>, style: Style) -> String {
    let mut form = Serializer::new(String::new());
    let mut append = |name: &str, value: &str| {
        if !value.is_empty() {
            form.append_pair(name, value);
        }
    };
    append("grant_type", grant_type(config));
    let separator = config.scope_separator.as_deref().unwrap_or(" ");
    append("scope", &inputs.scopes.join(separator));
    for audience in &inputs.audiences {
        append("audience", audience);
    }
    for resource in &inputs.resources {
        append("resource", resource);
    }
    if matches!(style, Style::Post | Style::Public) {
        append("client_id", inputs.client_id);
    }
    if let (Style::Post, Some(client_secret)) = (style, inputs.client_secret) {
        append("client_secret", client_secret);
    }
    for (name, value) in &config.parameters {
        append(name, value);
    }
    form.finish()
}

fn grant_type(config: &OAuth2) -> &str {
    config
        .grant_type
        .as_deref()
        .unwrap_or(match config.grant.unwrap_or_default() {
            Grant::ClientCredentials => "client_credentials",
        })
}

/// A header value that no log shows.
fn secret(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn unsendable(name: &str) -> Refusal {
    Refusal::new(Reason::InvalidSpec, format!("header {name} cannot be sent"))
}

// === impl Style ===

impl Style {
    /// The styles to try, in order. Only `Auto` has a second one; what an earlier attempt found out goes first.
    pub(super) fn order(config: &OAuth2, learned: Option<ClientAuth>) -> (Self, Option<Self>) {
        match config.client_auth.unwrap_or_default() {
            ClientAuth::ClientSecretBasic => (Self::Basic, None),
            ClientAuth::ClientSecretPost => (Self::Post, None),
            ClientAuth::None => (Self::Public, None),
            ClientAuth::Auto if learned == Some(ClientAuth::ClientSecretPost) => {
                (Self::Post, Some(Self::Basic))
            }
            ClientAuth::Auto => (Self::Basic, Some(Self::Post)),
        }
    }

    /// What is remembered of it.
    pub(super) fn name(self) -> ClientAuth {
        match self {
            Self::Basic => ClientAuth::ClientSecretBasic,
            Self::Post => ClientAuth::ClientSecretPost,
            Self::Public => ClientAuth::None,
        }
    }
}
