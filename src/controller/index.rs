//! Which configurations refer to which objects. Lives beside the watch, so that an event finds its readers at once.

use std::collections::{BTreeSet, HashMap};

use super::mirror::{Key, Kind};
use crate::api::v1alpha1::{AuthenticationConfigurationSpec, Origin};

/// Namespace and name of a configuration.
pub(super) type Owner = (String, String);

/// Both directions of "refers to".
#[derive(Debug, Default)]
pub(super) struct Index {
    readers: HashMap<Key, BTreeSet<Owner>>,
    references: HashMap<Owner, Vec<Key>>,
}

// === impl Index ===

impl Index {
    pub(super) fn set(&mut self, owner: &Owner, references: Vec<Key>) {
        self.remove(owner);
        for key in &references {
            self.readers
                .entry(key.clone())
                .or_default()
                .insert(owner.clone());
        }
        self.references.insert(owner.clone(), references);
    }

    pub(super) fn remove(&mut self, owner: &Owner) {
        for key in self.references.remove(owner).unwrap_or_default() {
            if let Some(readers) = self.readers.get_mut(&key) {
                readers.remove(owner);
                if readers.is_empty() {
                    self.readers.remove(&key);
                }
            }
        }
    }

    /// Is this a configuration that is there?
    pub(super) fn knows(&self, owner: &Owner) -> bool {
        self.references.contains_key(owner)
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
