//! The managed Secret as data: what it says about itself, and how it is rendered. Pure.

pub mod digest;
mod fault;
#[cfg(test)]
mod fixture;
mod format;
mod manifest;
mod marks;
mod name;
pub mod probe;
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
pub use render::{Published, Rendered, appearance, render, type_of};
pub use sample::sample;
pub use validate::{Subject, validate};
