//! A credential, read back out of a managed Secret, so that another target can be rendered without asking anybody.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use k8s_openapi::ByteString;

use super::{Marks, format::JSON_KEY};
use crate::{
    api::v1alpha1::{Format, Target},
    provider::{Credential, Expiry, ExpirySource},
    sensitive::SecretText,
};

/// Members by their published names.
type Values = BTreeMap<String, SecretText>;

/// What describes a credential and is not one of its values.
const DESCRIPTIVE: &[&str] = &["scheme", "expires_at", "obtained_at"];

/// Variables of format Env that are values of the credential.
const VARIABLES: &[&str] = &[
    "access_token",
    "api_key",
    "username",
    "password",
    "authorization",
];

/// The credential in the data of an intact target; none when its format does not hold enough to tell. Members that
/// are missing are missing: rendering another target then says so.
///
/// Its end is the one of the marks, and so is what stated it: `expiry` only repeats the time.
pub fn recover(
    target: &Target,
    data: &BTreeMap<String, ByteString>,
    marks: &Marks,
) -> Option<Credential> {
    let ours = |key: &str| {
        marks
            .keys
            .iter()
            .any(|ours| ours == key)
            .then(|| data.get(key))
            .flatten()
            .and_then(|value| str::from_utf8(&value.0).ok())
    };
    let members: Values = match target.format.unwrap_or_default() {
        Format::Default if target.data.is_empty() => published(marks, target, ours),
        Format::Default => target
            .data
            .iter()
            .filter(|(key, _)| !is_templated(target, key))
            .filter_map(|(key, member)| Some((member.clone(), SecretText::new(ours(key)?))))
            .collect(),
        Format::Env => VARIABLES
            .iter()
            .map(|member| (member, member.to_uppercase()))
            .filter(|(_, key)| !is_templated(target, key))
            .filter_map(|(member, key)| Some(((*member).to_owned(), SecretText::new(ours(&key)?))))
            .collect(),
        Format::Json if !is_templated(target, JSON_KEY) => document(ours(JSON_KEY)?)?,
        Format::Json
        | Format::HttpHeader
        | Format::BasicAuth
        | Format::DockerConfigJson
        | Format::Netrc
        | Format::Dotenv
        | Format::Template => return None,
    };
    credential(members, marks)
}

/// A template writes whatever it likes under its key.
fn is_templated(target: &Target, key: &str) -> bool {
    target.template.contains_key(key)
        || target
            .template_from
            .iter()
            .any(|from| from.to.as_ref().unwrap_or(&from.key) == key)
}

fn published<'a>(marks: &Marks, target: &Target, ours: impl Fn(&str) -> Option<&'a str>) -> Values {
    marks
        .keys
        .iter()
        .filter(|key| !is_templated(target, key))
        .filter_map(|key| Some((key.clone(), SecretText::new(ours(key)?))))
        .collect()
}

fn document(text: &str) -> Option<Values> {
    let members: BTreeMap<String, String> = serde_json::from_str(text).ok()?;
    let secret = |(name, value): (String, String)| (name, SecretText::new(value));
    Some(members.into_iter().map(secret).collect())
}

fn credential(mut members: Values, marks: &Marks) -> Option<Credential> {
    let stated = members
        .get("scheme")
        .map(|scheme| scheme.expose().to_owned());
    members.retain(|name, _| !DESCRIPTIVE.contains(&name.as_str()));
    let scheme = scheme(stated.as_deref(), &members)?;
    derive(&mut members);
    let header = members
        .get("authorization")
        .map(|line| ("Authorization".to_owned(), SecretText::new(line.expose())));
    Some(Credential {
        scheme,
        values: members,
        header: header.filter(|_| scheme != "ApiKey"),
        expiry: marks
            .expires_at
            .map_or(Expiry::Never, |end| Expiry::At(end, source(marks))),
        missing_scopes: Vec::new(),
        learned_client_auth: None,
    })
}

/// The scheme that was published, else the one that these members belong to.
fn scheme(stated: Option<&str>, members: &Values) -> Option<&'static str> {
    let by_member = [
        ("Bearer", "access_token"),
        ("ApiKey", "api_key"),
        ("Basic", "password"),
    ];
    if stated == Some("None") {
        return Some("None");
    }
    by_member
        .into_iter()
        .filter(|(scheme, _)| stated.is_none_or(|stated| stated == *scheme))
        .find(|(_, member)| members.contains_key(*member))
        .map(|(scheme, _)| scheme)
}

/// Adds what follows from the rest with certainty.
fn derive(members: &mut Values) {
    let text = |members: &Values, name: &str| {
        members
            .get(name)
            .map(|value| value.expose().to_owned())
            .map(SecretText::new)
    };
    if let (Some(username), Some(password)) = (text(members, "username"), text(members, "password"))
    {
        let pair = SecretText::new(format!("{}:{}", username.expose(), password.expose()));
        let basic = STANDARD.encode(pair.expose());
        let line = SecretText::new(format!("Basic {basic}"));
        members.insert("authorization".to_owned(), line);
        members.insert("basic".to_owned(), SecretText::new(basic));
    }
    let Some(token) = text(members, "access_token") else {
        return;
    };
    if let Some(line) = text(members, "authorization") {
        let kind = line
            .expose()
            .strip_suffix(token.expose())
            .map(|kind| SecretText::new(kind.trim_end()));
        if let Some(kind) = kind {
            members.entry("token_type".to_owned()).or_insert(kind);
        }
    } else if let Some(kind) = text(members, "token_type") {
        let line = SecretText::new(format!("{} {}", kind.expose(), token.expose()));
        members.insert("authorization".to_owned(), line);
    }
}

fn source(marks: &Marks) -> ExpirySource {
    match marks.expiry_source.as_deref() {
        Some("JwtExp") => ExpirySource::JwtExp,
        Some("Source") => ExpirySource::Source,
        Some("expires_at") => ExpirySource::Member("expires_at"),
        Some(_) | None => ExpirySource::Member("expires_in"),
    }
}

#[cfg(test)]
mod tests;
