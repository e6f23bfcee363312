//! Looking up one field: reference, exact name, normalised name, aliases, default.

use super::{SourceData, SourceKind, field::Wanted};
use crate::{
    api::v1alpha1::{KeyMatching, KeyReference},
    provider::Refusal,
    reason::Reason,
    sensitive::SecretBytes,
};

/// A key of a source. Its value is not blank.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit<'a> {
    pub(super) source: &'a SourceData,
    pub(super) key: &'a str,
    pub(super) value: &'a SecretBytes,
}

/// What became of a field.
#[derive(Clone, Debug)]
pub(super) enum Found<'a> {
    Key(Hit<'a>),
    /// Taken from `fields[].default`.
    Default(&'a str),
    Absent,
    /// It is there, and must not be used. Only matters when the field is needed.
    Refused(Refusal),
}

/// Names are compared without regard to case, `-`, `_`, `.` and space.
pub(super) fn normalised(name: &str) -> String {
    name.chars()
        .filter(|part| !matches!(part, '-' | '_' | '.' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

/// Looks a field up in the sources, in their order.
pub(super) fn find<'a>(
    wanted: &Wanted<'a>,
    sources: &[&'a SourceData],
    matching: KeyMatching,
) -> Found<'a> {
    match key_of(wanted, sources, matching) {
        Ok(Some(hit)) => Found::Key(hit),
        Ok(None) => or_default(wanted),
        Err(refusal) => Found::Refused(refusal),
    }
}

/// As [`find`], for a field that decides where a credential is sent: unless the spec pins the source, only the one
/// that holds the credential may say so. Whoever may edit a `ConfigMap` must not decide where a client secret goes.
pub(super) fn find_destination<'a>(
    wanted: &Wanted<'a>,
    home: Option<&'a SourceData>,
    sources: &[&'a SourceData],
    matching: KeyMatching,
) -> Found<'a> {
    if wanted.is_pinned() {
        return find(wanted, sources, matching);
    }
    let home = home.filter(|home| home.kind == SourceKind::Secret);
    let (trusted, others): (Vec<&SourceData>, Vec<&SourceData>) =
        sources.iter().partition(|source| match home {
            Some(home) => std::ptr::eq(home, **source),
            // No secret is sent: any Secret may say where.
            None => source.kind == SourceKind::Secret,
        });
    match find(wanted, &trusted, matching) {
        Found::Absent | Found::Default(_) => match key_of(wanted, &others, matching) {
            Ok(None) => or_default(wanted),
            Ok(Some(hit)) => Found::Refused(misplaced(wanted, &hit, home)),
            Err(refusal) => Found::Refused(refusal),
        },
        found @ (Found::Key(_) | Found::Refused(_)) => found,
    }
}

fn misplaced(wanted: &Wanted<'_>, hit: &Hit<'_>, home: Option<&SourceData>) -> Refusal {
    let place = home.map_or_else(|| "a Secret".to_owned(), SourceData::described);
    Refusal::new(
        Reason::InsecureSource,
        format!(
            "field {} decides where the credential is sent and must not come from {}, key {}: move it to {place}, \
             or state it in the spec",
            wanted.name,
            hit.source.described(),
            hit.key,
        ),
    )
}

fn or_default<'a>(wanted: &Wanted<'a>) -> Found<'a> {
    match wanted.default {
        Some(default) if !default.trim().is_empty() => Found::Default(default),
        Some(_) | None => Found::Absent,
    }
}

fn key_of<'a>(
    wanted: &Wanted<'a>,
    sources: &[&'a SourceData],
    matching: KeyMatching,
) -> Result<Option<Hit<'a>>, Refusal> {
    let Some(from) = wanted.from else {
        return by_names(wanted, sources, matching);
    };
    let sources = referenced(from, sources).map_err(|mut refusal| {
        refusal.detail = format!("field {}: {}", wanted.name, refusal.detail);
        refusal
    })?;
    match &from.key {
        Some(key) => Ok(exact(key, &sources)),
        None => by_names(wanted, &sources, matching),
    }
}

fn by_names<'a>(
    wanted: &Wanted<'a>,
    sources: &[&'a SourceData],
    matching: KeyMatching,
) -> Result<Option<Hit<'a>>, Refusal> {
    for name in wanted.names() {
        if let Some(hit) = exact(name, sources) {
            return Ok(Some(hit));
        }
        if matching == KeyMatching::Normalized
            && let Some(hit) = by_normalised(name, wanted, sources)?
        {
            return Ok(Some(hit));
        }
    }
    Ok(None)
}

/// The sources that a reference means: the named one, or all.
pub(super) fn referenced<'a>(
    reference: &KeyReference,
    sources: &[&'a SourceData],
) -> Result<Vec<&'a SourceData>, Refusal> {
    let Some(name) = &reference.source else {
        return Ok(sources.to_vec());
    };
    match sources.iter().find(|source| source.name == *name) {
        Some(source) => Ok(vec![source]),
        None => Err(Refusal::new(
            Reason::InvalidSpec,
            format!("from.source {name} is not among spec.sources"),
        )),
    }
}

/// The key with exactly this name, in the first source that has it.
pub(super) fn exact<'a>(key: &str, sources: &[&'a SourceData]) -> Option<Hit<'a>> {
    sources
        .iter()
        .find_map(|source| source.hits().find(|hit| hit.key == key))
}

fn by_normalised<'a>(
    name: &str,
    wanted: &Wanted<'_>,
    sources: &[&'a SourceData],
) -> Result<Option<Hit<'a>>, Refusal> {
    let name = normalised(name);
    for source in sources {
        let mut hits = source.hits().filter(|hit| normalised(hit.key) == name);
        match (hits.next(), hits.next()) {
            (None, _) => {}
            (Some(hit), None) => return Ok(Some(hit)),
            (Some(first), Some(second)) => {
                return Err(Refusal::new(
                    Reason::AmbiguousKey,
                    format!(
                        "{} has the keys {} and {}, which both mean field {}: remove one, or pin it with fields[].from",
                        source.described(),
                        first.key,
                        second.key,
                        wanted.name,
                    ),
                ));
            }
        }
    }
    Ok(None)
}

// === impl SourceData ===

impl SourceData {
    /// For people: kind and name.
    pub(super) fn described(&self) -> String {
        match self.kind {
            SourceKind::Secret => format!("Secret {}", self.object),
            SourceKind::ConfigMap => format!("ConfigMap {}", self.object),
            SourceKind::Values => format!("the literal values of source {}", self.name),
        }
    }

    /// Every key whose value is not blank: blank counts as absent.
    fn hits(&self) -> impl Iterator<Item = Hit<'_>> {
        self.values
            .iter()
            .flatten()
            .filter(|(_, value)| !is_blank(value))
            .map(|(key, value)| Hit {
                source: self,
                key,
                value,
            })
    }
}

fn is_blank(value: &SecretBytes) -> bool {
    str::from_utf8(value.expose()).is_ok_and(|text| text.trim().is_empty())
}
