//! Selection, by subject.

mod destination;
mod leak;
mod matching;
mod messages;
mod truth;
mod values;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Candidate, SourceData, SourceKind, advice, choose::choose, field::wanted, select};
use crate::{
    api::v1alpha1::{KeyMatching, Method},
    field::{DefaultField, FieldType},
    provider::Refusal,
    sensitive::SecretBytes,
};

/// As the table of the OAuth client credentials: the tests do not depend on the providers' own.
const OAUTH: &[DefaultField] = &[
    DefaultField::principal("ClientId"),
    DefaultField::credential("ClientSecret"),
    DefaultField::auxiliary("TokenEndpoint")
        .also(&["TokenUrl"])
        .kind(FieldType::Url)
        .destination(),
    DefaultField::auxiliary("Scope").also(&["Scopes"]),
];

const BASIC: &[DefaultField] = &[
    DefaultField::principal("Username"),
    DefaultField::principal("AccountSid"),
    DefaultField::credential("Password"),
    DefaultField::credential("AuthToken"),
];

fn method(json: Value) -> Method {
    serde_json::from_value(json).unwrap()
}

fn source(kind: SourceKind, name: &str, values: &[(&str, &str)]) -> SourceData {
    SourceData {
        name: name.to_owned(),
        kind,
        object: name.to_owned(),
        values: Some(
            values
                .iter()
                .map(|(key, value)| ((*key).to_owned(), SecretBytes::new(*value)))
                .collect(),
        ),
        optional: false,
    }
}

fn secret(name: &str, values: &[(&str, &str)]) -> SourceData {
    source(SourceKind::Secret, name, values)
}

fn config_map(name: &str, values: &[(&str, &str)]) -> SourceData {
    source(SourceKind::ConfigMap, name, values)
}

fn absent(name: &str) -> SourceData {
    SourceData {
        values: None,
        ..secret(name, &[])
    }
}

/// One method whose scheme has these default fields.
fn select_by_default<'a>(
    method: &'a Method,
    defaults: &[DefaultField],
    sources: &[SourceData],
) -> Result<Candidate<'a>, Refusal> {
    choose(
        method,
        &wanted(method, defaults),
        sources,
        KeyMatching::Normalized,
    )?
    .map_err(|lack| advice::unsatisfied(&[lack], sources))
}

/// One method with declared fields.
fn select_one<'a>(method: &'a Method, sources: &[SourceData]) -> Result<Candidate<'a>, Refusal> {
    select(&[method], sources, KeyMatching::Normalized)
        .map(|candidates| candidates.into_iter().next().unwrap())
}

/// `field=value` of everything that was resolved.
fn resolved(candidate: &Candidate<'_>) -> BTreeMap<String, String> {
    candidate
        .material
        .inputs()
        .map(|input| (input.field.clone(), input.value.expose().to_owned()))
        .collect()
}

fn pairs(list: &[(&str, &str)]) -> BTreeMap<String, String> {
    list.iter()
        .map(|(field, value)| ((*field).to_owned(), (*value).to_owned()))
        .collect()
}

fn oauth() -> Method {
    method(json!({"oauth2": {}}))
}
