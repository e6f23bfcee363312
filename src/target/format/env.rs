//! The least that `envFrom` needs, in upper case.

use super::{Data, Shape, bytes};

/// What a client uses; the rest would only fill the environment of a process.
const MEMBERS: &[&str] = &[
    "access_token",
    "api_key",
    "username",
    "password",
    "authorization",
    "expires_at",
];

pub(super) fn data(shape: &Shape<'_>) -> Data {
    variables(shape)
        .map(|(name, value)| (name, bytes(value)))
        .collect()
}

/// Names and values. Without any credential, the scheme, so that the Secret says something.
pub(super) fn variables<'a>(shape: &'a Shape<'_>) -> impl Iterator<Item = (String, &'a str)> {
    let members: &[&str] = if shape.published.credential.values.is_empty() {
        &["scheme"]
    } else {
        MEMBERS
    };
    members
        .iter()
        .filter_map(|member| Some((member.to_uppercase(), shape.member(member)?)))
}
