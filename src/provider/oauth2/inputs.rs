//! What one request is made of, found and checked: a literal of the block goes before a field of the sources.

use url::Url;

use super::{ClientAuth, OAuth2, reserved};
use crate::{
    provider::{Input, Material, Refusal, characters, fixed},
    reason::Reason,
};

/// Everything a token request needs.
pub(super) struct Inputs<'a> {
    pub endpoint: Url,
    pub client_id: &'a str,
    /// Absent for a public client.
    pub client_secret: Option<&'a str>,
    pub scopes: Vec<&'a str>,
    pub audiences: Vec<&'a str>,
    pub resources: Vec<&'a str>,
}

// === impl Inputs ===

impl<'a> Inputs<'a> {
    pub(super) fn find(config: &'a OAuth2, material: &'a Material) -> Result<Self, Refusal> {
        reserved::check(config)?;
        Ok(Self {
            endpoint: endpoint(config, material)?,
            client_id: client_id(config, material)?,
            client_secret: client_secret(config, material)?,
            scopes: several(&config.scopes, material, &["Scope", "Scopes"], |text| {
                split(text, config.scope_separator.as_deref())
            }),
            audiences: several(&config.audiences, material, &["Audience"], |text| {
                vec![text]
            }),
            resources: several(&config.resources, material, &["Resource"], |text| {
                vec![text]
            }),
        })
    }
}

/// The address of the token endpoint (RFC 6749 section 3.2).
pub(super) fn endpoint(config: &OAuth2, material: &Material) -> Result<Url, Refusal> {
    if let Some(text) = &config.token_endpoint {
        return address(text).map_err(|why| {
            Refusal::new(Reason::InvalidSpec, format!("oauth2.tokenEndpoint {why}"))
        });
    }
    let input = auxiliary(material, &["TokenEndpoint", "TokenUrl"]).ok_or_else(|| {
        Refusal::new(
            Reason::InvalidSpec,
            "oauth2.tokenEndpoint is missing, and no source has the field TokenEndpoint",
        )
    })?;
    address(input.value.expose()).map_err(|why| characters::invalid(input, why))
}

fn address(text: &str) -> Result<Url, &'static str> {
    // The parser would drop line breaks and encode braces without a word.
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("must not contain spaces or line breaks");
    }
    if text.contains(['{', '}']) {
        return Err("must be written out; templates are not supported here");
    }
    let url = Url::parse(text).map_err(|_| "is not an absolute URL")?;
    if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
        return Err("must begin with https:// and a host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a user name or password");
    }
    if url.fragment().is_some() {
        return Err("must not have a fragment");
    }
    Ok(url)
}

fn client_id<'a>(config: &'a OAuth2, material: &'a Material) -> Result<&'a str, Refusal> {
    if let Some(id) = config.client_id.as_deref() {
        return Ok(id);
    }
    let input = fixed::principal(material, "ClientId")?;
    characters::visible(input)?;
    Ok(input.value.expose())
}

fn client_secret<'a>(
    config: &'a OAuth2,
    material: &'a Material,
) -> Result<Option<&'a str>, Refusal> {
    match config.client_auth.unwrap_or_default() {
        ClientAuth::None => Ok(None),
        ClientAuth::Auto | ClientAuth::ClientSecretBasic | ClientAuth::ClientSecretPost => {
            let input = fixed::present(material.credential.as_ref(), "ClientSecret")?;
            characters::visible(input)?;
            Ok(Some(input.value.expose()))
        }
    }
}

/// The literals of the block, else what the field of the sources holds.
fn several<'a>(
    literals: &'a [String],
    material: &'a Material,
    names: &[&str],
    split: impl Fn(&'a str) -> Vec<&'a str>,
) -> Vec<&'a str> {
    if !literals.is_empty() {
        return literals.iter().map(String::as_str).collect();
    }
    let Some(input) = auxiliary(material, names) else {
        return Vec::new();
    };
    let mut parts = split(input.value.expose().trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// Scopes of a field, separated by white space or as the server separates them.
fn split<'a>(text: &'a str, separator: Option<&str>) -> Vec<&'a str> {
    match separator.filter(|separator| !separator.trim().is_empty()) {
        Some(separator) => text
            .split(separator)
            .flat_map(str::split_whitespace)
            .collect(),
        None => text.split_whitespace().collect(),
    }
}

fn auxiliary<'a>(material: &'a Material, names: &[&str]) -> Option<&'a Input> {
    names
        .iter()
        .find_map(|name| material.auxiliary.get(*name))
        .filter(|input| !input.value.is_blank())
}
