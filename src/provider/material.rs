//! The values a provider works with, already looked up.

use std::collections::BTreeMap;

use crate::sensitive::SecretText;

/// One looked-up value and where it came from.
#[derive(Debug)]
pub struct Input {
    /// Canonical field name, as in `ClientId`.
    pub field: String,
    /// Name of the source, and key in it.
    pub source: String,
    pub key: String,
    pub value: SecretText,
}

/// Everything that was looked up for one method.
#[derive(Debug, Default)]
pub struct Material {
    pub principal: Option<Input>,
    pub credential: Option<Input>,
    /// By canonical field name.
    pub auxiliary: BTreeMap<String, Input>,
}

// === impl Material ===

impl Material {
    pub fn principal(&self) -> Option<&str> {
        self.principal.as_ref().map(|input| input.value.expose())
    }

    pub fn credential(&self) -> Option<&str> {
        self.credential.as_ref().map(|input| input.value.expose())
    }

    pub fn auxiliary(&self, field: &str) -> Option<&str> {
        self.auxiliary.get(field).map(|input| input.value.expose())
    }

    /// Every input, principal first.
    pub fn inputs(&self) -> impl Iterator<Item = &Input> {
        self.principal
            .iter()
            .chain(&self.credential)
            .chain(self.auxiliary.values())
    }
}
