//! Which method the sources satisfy, and with which keys. Pure: no client, no clock.

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
pub fn select<'a>(
    methods: &[&'a Method],
    sources: &[SourceData],
    matching: KeyMatching,
) -> Result<Vec<Candidate<'a>>, Refusal> {
    let _ = (methods, sources, matching);
    Err(Refusal::new(Reason::InternalError, "not built yet"))
}

/// One key by explicit reference, as in `connection.caBundle`.
pub fn lookup(
    reference: &KeyReference,
    default_key: &str,
    sources: &[SourceData],
) -> Result<SecretText, Refusal> {
    let _ = (reference, default_key, sources);
    Err(Refusal::new(Reason::InternalError, "not built yet"))
}
