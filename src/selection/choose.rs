//! Is a method satisfied, and with which members?

use super::{
    Candidate, SourceData,
    advice::Lack,
    field::Wanted,
    find::{Found, find, find_destination},
    value,
};
use crate::{
    api::v1alpha1::{FieldSource, KeyMatching, Method},
    field::Role,
    provider::{Input, Material, Refusal},
};

/// A field and what became of it.
pub(super) struct Member<'a> {
    pub(super) wanted: Wanted<'a>,
    pub(super) found: Found<'a>,
}

/// Fields of one role. They are alternatives.
struct Group<'a>(Vec<Member<'a>>);

/// The members to use, as places in their groups; or what is missing.
#[derive(Debug, PartialEq, Eq)]
struct Choice {
    principal: Option<usize>,
    credential: Option<usize>,
}

/// Looks a method up. `Ok(Err(_))` says what is missing; `Err` that something is there and must not be used.
pub(super) fn choose<'a>(
    method: &'a Method,
    fields: &[Wanted<'_>],
    sources: &[SourceData],
    matching: KeyMatching,
) -> Result<Result<Candidate<'a>, Lack>, Refusal> {
    let sources: Vec<&SourceData> = sources.iter().collect();
    let group = |role: Role| {
        Group(
            fields
                .iter()
                .filter(|field| field.role == role)
                .map(|field| Member {
                    wanted: *field,
                    found: find(field, &sources, matching),
                })
                .collect(),
        )
    };
    let (principals, credentials) = (group(Role::Principal), group(Role::Credential));
    let choice = pair(&principals, &credentials);
    let principal = choice.principal.and_then(|place| principals.0.get(place));
    let credential = choice.credential.and_then(|place| credentials.0.get(place));
    let home = credential.or(principal).and_then(Member::source);
    let auxiliary = auxiliary(fields, home, &sources, matching);
    let mut lack = Lack::new(method, home, matching);
    lack.group(&principals.0, choice.principal, choice.credential);
    lack.group(&credentials.0, choice.credential, choice.principal);
    for member in &auxiliary {
        lack.member(member);
    }
    if !lack.is_empty() {
        return Ok(Err(lack));
    }
    candidate(method, principal, credential, &auxiliary).map(Ok)
}

fn auxiliary<'a>(
    fields: &[Wanted<'a>],
    home: Option<&'a SourceData>,
    sources: &[&'a SourceData],
    matching: KeyMatching,
) -> Vec<Member<'a>> {
    fields
        .iter()
        .filter(|field| field.role == Role::Auxiliary)
        .map(|field| Member {
            wanted: *field,
            found: if field.destination {
                find_destination(field, home, sources, matching)
            } else {
                find(field, sources, matching)
            },
        })
        .collect()
}

fn candidate<'a>(
    method: &'a Method,
    principal: Option<&Member<'_>>,
    credential: Option<&Member<'_>>,
    auxiliary: &[Member<'_>],
) -> Result<Candidate<'a>, Refusal> {
    let input = |member: &Member<'_>| value::input(&member.wanted, &member.found);
    let mut material = Material {
        principal: principal.map(input).transpose()?.flatten(),
        credential: credential.map(input).transpose()?.flatten(),
        ..Material::default()
    };
    for member in auxiliary {
        if let Some(input) = input(member)? {
            material.auxiliary.insert(input.field.clone(), input);
        }
    }
    let fields = material.inputs().map(source_of).collect();
    Ok(Candidate {
        method,
        material,
        fields,
    })
}

fn source_of(input: &Input) -> FieldSource {
    FieldSource {
        name: input.field.clone(),
        source: input.source.clone(),
        key: input.key.clone(),
    }
}

/// Pairs that stand at the same place belong together (user and password of one account); only then does the first of
/// each do.
fn pair(principals: &Group<'_>, credentials: &Group<'_>) -> Choice {
    let places = principals.0.len().min(credentials.0.len());
    let aligned = (0..places).find(|&place| principals.has(place) && credentials.has(place));
    Choice {
        principal: aligned.or_else(|| principals.first()),
        credential: aligned.or_else(|| credentials.first()),
    }
}

// === impl Group ===

impl Group<'_> {
    fn has(&self, place: usize) -> bool {
        self.0.get(place).is_some_and(Member::is_present)
    }

    fn first(&self) -> Option<usize> {
        self.0.iter().position(Member::is_present)
    }
}

// === impl Member ===

impl<'a> Member<'a> {
    pub(super) fn is_present(&self) -> bool {
        !matches!(self.found, Found::Absent)
    }

    fn source(&self) -> Option<&'a SourceData> {
        match &self.found {
            Found::Key(hit) => Some(hit.source),
            Found::Default(_) | Found::Absent | Found::Refused(_) => None,
        }
    }
}
