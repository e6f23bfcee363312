//! From a credential to the data of a Secret.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    api::v1alpha1::Target,
    provider::{Credential, Refusal},
    reason::Reason,
    sensitive::SecretBytes,
};

/// A credential that is to be published.
#[derive(Clone, Copy, Debug)]
pub struct Published<'a> {
    pub credential: &'a Credential,
    /// When it was asked for; none for static credentials.
    pub obtained_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
}

/// What a managed Secret holds, the marks left out.
#[derive(Debug)]
pub struct Rendered {
    pub data: BTreeMap<String, SecretBytes>,
    /// Type of the Secret.
    pub kind: String,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
}

/// Renders one target. `templates` are those of `templateFrom`, by key of the Secret; `object` is namespace and name
/// of the configuration.
pub fn render(
    target: &Target,
    templates: &BTreeMap<String, String>,
    published: &Published<'_>,
    object: (&str, &str),
) -> Result<Rendered, Refusal> {
    let _ = (target, templates, published, object);
    Err(Refusal::new(Reason::InternalError, "not built yet"))
}

/// Type of the Secret of a target.
pub fn type_of(target: &Target) -> &str {
    target.kind.as_deref().unwrap_or("Opaque")
}
