//! What to add where, so that a method becomes satisfied.

use super::{SourceData, SourceKind, choose::Member, field::Wanted};
use crate::{
    api::v1alpha1::{KeyMatching, Method},
    provider::Refusal,
    reason::Reason,
};

/// Longest message, in characters: conditions and events must hold it, with words around it.
const MESSAGE_LIMIT: usize = 900;

/// Alternatives that are named for one missing field.
const ALTERNATIVES: usize = 3;

/// What a method lacks.
pub(super) struct Lack {
    method: String,
    matching: KeyMatching,
    /// Name of the Secret that holds the rest of the method.
    home: Option<String>,
    missing: Vec<Missing>,
}

/// A key to add.
struct Missing {
    /// Key and field, for people.
    key: String,
    /// Pinned source, by name.
    source: Option<String>,
    sensitive: bool,
}

/// Says per method what is missing.
pub(super) fn unsatisfied(lacks: &[Lack], sources: &[SourceData]) -> Refusal {
    let mut message = String::new();
    for (index, lack) in lacks.iter().enumerate() {
        let part = lack.advice(sources);
        let more = format!("; and {} more methods", lacks.len() - index);
        let length = message.chars().count() + part.chars().count() + more.chars().count() + 2;
        if length > MESSAGE_LIMIT {
            if index == 0 {
                message = part.chars().take(MESSAGE_LIMIT).collect();
            } else {
                message.push_str(&more);
            }
            break;
        }
        if index > 0 {
            message.push_str("; ");
        }
        message.push_str(&part);
    }
    Refusal::new(Reason::NoMethodSatisfied, message)
}

/// A key as people write it: `client-secret` for `ClientSecret`.
fn kebab(name: &str) -> String {
    let parts: Vec<char> = name.chars().collect();
    let mut key = String::new();
    for (place, part) in parts.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|before| parts.get(before));
        let after = parts.get(place + 1);
        let starts_word = part.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
            });
        if starts_word {
            key.push('-');
        }
        key.extend(part.to_lowercase());
    }
    key
}

// === impl Lack ===

impl Lack {
    pub(super) fn new(method: &Method, home: Option<&SourceData>, matching: KeyMatching) -> Self {
        Self {
            method: method.display_name().to_owned(),
            matching,
            home: home
                .filter(|home| home.kind == SourceKind::Secret)
                .map(|home| home.name.clone()),
            missing: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.missing.is_empty()
    }

    /// A group of alternatives counts when it has a required member, and is complete with any. Where the partner was
    /// found at some place, the member at the same place is the one to add.
    pub(super) fn group(
        &mut self,
        members: &[Member<'_>],
        chosen: Option<usize>,
        partner: Option<usize>,
    ) {
        let needed = members.iter().any(|member| member.wanted.required);
        if chosen.is_some() || !needed {
            return;
        }
        let place = partner.filter(|place| *place < members.len()).unwrap_or(0);
        let Some(first) = members.get(place) else {
            return;
        };
        let others: Vec<&str> = members
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != place)
            .map(|(_, member)| member.wanted.name)
            .take(ALTERNATIVES)
            .collect();
        self.add(&first.wanted, &others);
    }

    /// A field that is no alternative.
    pub(super) fn member(&mut self, member: &Member<'_>) {
        if member.wanted.required && !member.is_present() {
            self.add(&member.wanted, &[]);
        }
    }

    fn add(&mut self, wanted: &Wanted<'_>, others: &[&str]) {
        let name = wanted.declared.unwrap_or(wanted.name);
        let pinned = wanted.from.and_then(|from| from.key.clone());
        let key = pinned.unwrap_or_else(|| match self.matching {
            KeyMatching::Normalized => kebab(name),
            KeyMatching::Exact => name.to_owned(),
        });
        let role = wanted.role_name();
        let or = if others.is_empty() {
            String::new()
        } else {
            format!(", or {}", others.join(", "))
        };
        self.missing.push(Missing {
            key: format!("key {key} (field {}, {role}{or})", wanted.name),
            source: wanted.from.and_then(|from| from.source.clone()),
            sensitive: wanted.sensitive || wanted.destination,
        });
    }

    fn advice(&self, sources: &[SourceData]) -> String {
        let keys: Vec<String> = self
            .missing
            .iter()
            .map(|missing| format!("{} to {}", missing.key, self.place(missing, sources)))
            .collect();
        format!("method {}: add {}", self.method, keys.join(" and "))
    }

    /// Where to add it: the pinned source, else where the rest of the method is, else the first that may hold it.
    fn place(&self, missing: &Missing, sources: &[SourceData]) -> String {
        let named = missing.source.as_ref().or(self.home.as_ref());
        let place = sources
            .iter()
            .find(|source| Some(&source.name) == named)
            .or_else(|| {
                sources
                    .iter()
                    .find(|source| source.kind == SourceKind::Secret)
            })
            .or_else(|| sources.first().filter(|_| !missing.sensitive));
        match place {
            Some(place) if place.values.is_none() => {
                format!("{}, which does not exist", place.described())
            }
            Some(place) => place.described(),
            None => "a Secret, and list it in spec.sources".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_spelled_as_people_write_them() {
        for (name, key) in [
            ("ClientSecret", "client-secret"),
            ("APIKey", "api-key"),
            ("tls.crt", "tls.crt"),
            ("client_id", "client_id"),
            ("Kid", "kid"),
            ("Step2Key", "step2-key"),
        ] {
            assert_eq!(kebab(name), key);
        }
    }
}
