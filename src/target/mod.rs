//! The managed Secret as data: what it says about itself, and how it is rendered. Pure.

pub mod digest;
mod fault;
#[cfg(test)]
mod fixture;
mod format;
mod manifest;
mod marks;
mod name;
mod read;
mod recover;
mod render;
mod sample;
mod template;
mod validate;

pub use digest::DigestKey;
pub use manifest::{Manifest, Precondition, manifest};
pub use marks::{Marks, SourceVersion};
pub use read::{Facts, Ownership, ownership, read};
pub use recover::recover;
pub use render::{Published, Rendered, render, type_of};
pub use validate::{Subject, validate};

pub fn texts(_: &str, _: &std::collections::BTreeMap<String, String>, _: &Published<'_>, _: (&str, &str)) -> Result<std::collections::BTreeMap<String, String>, crate::provider::Refusal> { Ok(Default::default()) }
pub fn sample(_: &crate::api::v1alpha1::Block) -> crate::provider::Credential { loop {} }
pub fn appearance(_: &crate::api::v1alpha1::Target) -> (std::collections::BTreeMap<String, String>, std::collections::BTreeMap<String, String>) { Default::default() }
