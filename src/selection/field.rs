//! The fields that a method looks for: those it declares, else those of its scheme.

use super::find::normalised;
use crate::{
    api::v1alpha1::{Block, Field, KeyReference, Method},
    field::{DefaultField, FieldType, Role},
    provider::oauth2::ClientAuth,
};

/// A field to be looked up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// The name that the provider knows it by.
    pub(super) name: &'a str,
    /// The name that was declared, where it is another spelling.
    pub(super) declared: Option<&'a str>,
    pub(super) aliases: &'static [&'static str],
    pub(super) role: Role,
    pub(super) required: bool,
    pub(super) kind: FieldType,
    pub(super) sensitive: bool,
    pub(super) destination: bool,
    pub(super) allowed_values: &'a [String],
    pub(super) pattern: Option<&'a str>,
    pub(super) default: Option<&'a str>,
    pub(super) from: Option<&'a KeyReference>,
}

/// What a method looks for, in the order of declaration. `defaults` are the fields of its scheme.
pub(super) fn wanted<'a>(method: &'a Method, defaults: &[DefaultField]) -> Vec<Wanted<'a>> {
    if method.fields.is_empty() {
        return defaults
            .iter()
            .filter(|field| !stated_by(&method.block, field))
            .map(Wanted::by_default)
            .collect();
    }
    method
        .fields
        .iter()
        .map(|field| Wanted::declared(field, defaults))
        .collect()
}

/// Does the spec itself state it? It wins over any source, so that nothing is looked up.
fn stated_by(block: &Block, field: &DefaultField) -> bool {
    let Block::OAuth2(oauth2) = block else {
        return false;
    };
    match field.role {
        Role::Principal => oauth2.client_id.is_some(),
        Role::Credential => oauth2.client_auth == Some(ClientAuth::None),
        Role::Auxiliary => field.destination && oauth2.token_endpoint.is_some(),
    }
}

// === impl Wanted ===

impl<'a> Wanted<'a> {
    fn by_default(field: &DefaultField) -> Self {
        Self {
            name: field.name,
            declared: None,
            aliases: field.aliases,
            role: field.role,
            required: field.required,
            kind: field.kind,
            sensitive: field.sensitive,
            destination: field.destination,
            allowed_values: &[],
            pattern: None,
            default: None,
            from: None,
        }
    }

    /// A declared auxiliary field that the scheme knows keeps the scheme's name, aliases and precautions.
    fn declared(field: &'a Field, defaults: &[DefaultField]) -> Self {
        let role = field.role.unwrap_or(Role::Auxiliary);
        let name = normalised(&field.name);
        let known = defaults.iter().find(|known| {
            role == Role::Auxiliary
                && known.role == Role::Auxiliary
                && std::iter::once(&known.name)
                    .chain(known.aliases)
                    .any(|alias| normalised(alias) == name)
        });
        Self {
            name: known.map_or(&field.name, |known| known.name),
            declared: Some(&field.name),
            aliases: known.map_or(&[], |known| known.aliases),
            role,
            required: field.required.unwrap_or(true),
            kind: field
                .kind
                .or(known.map(|known| known.kind))
                .unwrap_or(FieldType::String),
            sensitive: field.sensitive.unwrap_or(true),
            destination: known.is_some_and(|known| known.destination),
            allowed_values: &field.allowed_values,
            pattern: field.pattern.as_deref(),
            default: field.default.as_deref(),
            from: field.from.as_ref(),
        }
    }

    /// The names to look for, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.declared
            .into_iter()
            .chain(std::iter::once(self.name).filter(|name| self.declared != Some(name)))
            .chain(self.aliases.iter().copied())
    }

    /// Does the spec say from which source it comes?
    pub(super) fn is_pinned(&self) -> bool {
        self.from.is_some_and(|from| from.source.is_some())
    }

    pub(super) fn role_name(&self) -> &'static str {
        match self.role {
            Role::Principal => "principal",
            Role::Credential => "credential",
            Role::Auxiliary => "auxiliary",
        }
    }
}
