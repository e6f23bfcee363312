//! Which configurations refer to which objects. Lives beside the watch, so that an event finds its readers at once.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::mirror::{Key, Kind};
use crate::api::v1alpha1::{AuthenticationConfigurationSpec, Origin};

/// Namespace and name of a configuration.
pub(super) type Owner = (String, String);

/// Both directions of "refers to".
#[derive(Debug, Default)]
pub(super) struct Index {
    readers: HashMap<Key, BTreeSet<Owner>>,
    /// With the uid: one of the same name may follow.
    references: HashMap<Owner, (String, Vec<Key>)>,
}

// === impl Index ===

impl Index {
    pub(super) fn set(&mut self, owner: &Owner, uid: &str, references: Vec<Key>) {
        self.remove(owner);
        for key in &references {
            self.readers
                .entry(key.clone())
                .or_default()
                .insert(owner.clone());
        }
        self.references
            .insert(owner.clone(), (uid.to_owned(), references));
    }

    /// The uid that it had.
    pub(super) fn remove(&mut self, owner: &Owner) -> Option<String> {
        let (uid, references) = self.references.remove(owner)?;
        for key in references {
            if let Some(readers) = self.readers.get_mut(&key) {
                readers.remove(owner);
                if readers.is_empty() {
                    self.readers.remove(&key);
                }
            }
        }
        Some(uid)
    }

    /// Is this a configuration that is there?
    pub(super) fn knows(&self, owner: &Owner, uid: &str) -> bool {
        self.references
            .get(owner)
            .is_some_and(|(known, _)| known == uid)
    }

    /// Those of a namespace, or all, that a complete listing did not name.
    pub(super) fn unnamed(&self, namespace: Option<&str>, named: &HashSet<Owner>) -> Vec<Owner> {
        let owners = self.references.keys();
        owners
            .filter(|owner| namespace.is_none_or(|namespace| owner.0 == namespace))
            .filter(|owner| !named.contains(*owner))
            .cloned()
            .collect()
    }

    pub(super) fn readers(&self, key: &Key) -> impl Iterator<Item = &Owner> {
        self.readers.get(key).into_iter().flatten()
    }

    pub(super) fn is_referenced(&self, key: &Key) -> bool {
        self.readers.contains_key(key)
    }
}

/// Every object that a configuration reads or writes.
pub(super) fn references(
    namespace: &str,
    name: &str,
    spec: &AuthenticationConfigurationSpec,
) -> Vec<Key> {
    let key = |kind, name: &str| Key {
        kind,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    };
    let sources = spec
        .sources
        .iter()
        .filter_map(|source| match source.origin()? {
            Origin::Secret(name) => Some(key(Kind::Secret, name)),
            Origin::ConfigMap(name) => Some(key(Kind::ConfigMap, name)),
            Origin::Values(_) => None,
        });
    let targets = spec.effective_targets(name);
    let templates = targets
        .iter()
        .flat_map(|target| &target.template_from)
        .map(|from| key(Kind::ConfigMap, &from.config_map));
    let secrets = targets.iter().map(|target| key(Kind::Secret, &target.name));
    sources.chain(secrets).chain(templates).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_finds_who_went_unheard_and_a_successor_is_not_the_same() {
        let owner = |name: &str| ("shop".to_owned(), name.to_owned());
        let mut index = Index::default();
        for name in ["kept", "gone"] {
            index.set(&owner(name), "first", Vec::new());
        }
        index.set(&owner("kept"), "second", Vec::new());
        assert!(index.knows(&owner("kept"), "second") && !index.knows(&owner("kept"), "first"));
        let named = HashSet::from([owner("kept")]);
        assert_eq!(index.unnamed(Some("shop"), &named), [owner("gone")]);
        assert_eq!(index.unnamed(None, &named), [owner("gone")]);
        assert!(index.unnamed(Some("other"), &named).is_empty());
        assert_eq!(index.remove(&owner("gone")).as_deref(), Some("first"));
    }
}
