//! Which method the sources satisfy, and with which keys. Pure: no client, no clock.

mod advice;
mod choose;
mod field;
mod find;
mod pem;
mod value;

use std::collections::BTreeMap;

use crate::{
    api::v1alpha1::{FieldSource, KeyMatching, KeyReference, Method},
    provider::{Material, Refusal},
    reason::Reason,
    sensitive::{SecretBytes, SecretText},
};

/// What a source is, which decides what may be taken from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    Secret,
    ConfigMap,
    Values,
}

/// A source as it was read.
#[derive(Debug)]
pub struct SourceData {
    /// Display name, which `fields[].from.source` and status use.
    pub name: String,
    pub kind: SourceKind,
    /// Name of the Kubernetes object; empty for literal values.
    pub object: String,
    /// None: the object does not exist.
    pub values: Option<BTreeMap<String, SecretBytes>>,
    pub optional: bool,
}

/// A satisfied method and what was looked up for it.
#[derive(Debug)]
pub struct Candidate<'a> {
    pub method: &'a Method,
    pub material: Material,
    /// Which key was used for each field, names only.
    pub fields: Vec<FieldSource>,
}

/// Every satisfied method in order, or why there is none.
///
/// A source that is missing and not optional stops everything: another method must not run because a Secret arrives
/// late. So does a value that must not be used, unless an earlier method is satisfied.
pub fn select<'a>(
    methods: &[&'a Method],
    sources: &[SourceData],
    matching: KeyMatching,
) -> Result<Vec<Candidate<'a>>, Refusal> {
    all_present(sources)?;
    let mut candidates = Vec::new();
    let mut lacks = Vec::new();
    for method in methods {
        let fields = field::wanted(method, method.block.provider().default_fields());
        match choose::choose(method, &fields, sources, matching) {
            Ok(Ok(candidate)) => candidates.push(candidate),
            Ok(Err(lack)) => lacks.push(lack),
            Err(refusal) if candidates.is_empty() => return Err(refusal),
            Err(_) => {}
        }
    }
    if candidates.is_empty() {
        return Err(advice::unsatisfied(&lacks, sources));
    }
    Ok(candidates)
}

/// One key by explicit reference, as in `connection.caBundle`.
///
/// Without the name of a source only Secrets are looked at: what is trusted must not depend on who may edit a
/// `ConfigMap`, unless the spec says so.
pub fn lookup(
    reference: &KeyReference,
    default_key: &str,
    sources: &[SourceData],
) -> Result<SecretText, Refusal> {
    let key = reference.key.as_deref().unwrap_or(default_key);
    let all: Vec<&SourceData> = sources.iter().collect();
    let places = find::referenced(reference, &all)?;
    let pinned = reference.source.is_some();
    let missing = places
        .iter()
        .find(|source| source.values.is_none() && (pinned || !source.optional));
    if let Some(missing) = missing {
        return Err(not_found(&[missing]));
    }
    let Some(hit) = find::exact(key, &places) else {
        let names: Vec<String> = places.iter().map(|source| source.described()).collect();
        return Err(Refusal::new(
            Reason::SourceSecretInvalid,
            format!("there is no key {key} in {}", names.join(" or ")),
        ));
    };
    if !pinned && hit.source.kind != SourceKind::Secret {
        return Err(Refusal::new(
            Reason::InsecureSource,
            format!(
                "key {key} was found in {}: name that source in the reference, or move the key to a Secret",
                hit.source.described()
            ),
        ));
    }
    let text = value::text(hit.value).ok_or_else(|| value::invalid(&hit, key, "is not UTF-8"))?;
    Ok(pem::tidied(text).unwrap_or_else(|| SecretText::new(text)))
}

/// The certificates that a connection trusts or shows, by explicit reference. They are no secret.
pub fn certificates(
    reference: &KeyReference,
    default_key: &str,
    sources: &[SourceData],
) -> Result<String, Refusal> {
    lookup(reference, default_key, sources).map(|text| text.expose().to_owned())
}

fn all_present(sources: &[SourceData]) -> Result<(), Refusal> {
    let missing: Vec<&SourceData> = sources
        .iter()
        .filter(|source| source.values.is_none() && !source.optional)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(not_found(&missing))
}

fn not_found(missing: &[&SourceData]) -> Refusal {
    let names: Vec<String> = missing.iter().map(|source| source.described()).collect();
    let verb = if names.len() == 1 { "does" } else { "do" };
    Refusal::new(
        Reason::SourceNotFound,
        format!("{} {verb} not exist", names.join(" and ")),
    )
}

#[cfg(test)]
mod tests;
