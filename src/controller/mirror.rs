//! What we know of Secrets and `ConfigMap`s without holding their data: the newest of what a watch told and what our
//! own writes answered.
//!
//! A watch may be late. An event older than our own write is dropped, so that nobody ever acts on a Secret as it was
//! before we wrote it.

use std::collections::{BTreeSet, HashMap, HashSet};

use kube::api::ObjectMeta;

use crate::target::{self, Facts};

/// Which kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Secret,
    ConfigMap,
}

/// One object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) kind: Kind,
    pub(super) namespace: String,
    pub(super) name: String,
}

/// What is known of an object.
#[derive(Clone, Debug)]
pub(super) enum Known {
    Present(Box<Facts>),
    Absent,
    /// Nothing was heard: it must be asked for.
    Unknown,
}

/// The mirror of one process.
#[derive(Debug, Default)]
pub(super) struct Mirror {
    objects: HashMap<Key, Entry>,
    /// Objects that were asked for and were not there.
    absent: HashSet<Key>,
    /// Versions at which objects were deleted: what is older is a late echo. Until the next listing.
    gone: HashMap<Key, String>,
    /// Managed Secrets by the configuration that their marks name.
    owned: HashMap<String, BTreeSet<Key>>,
    /// Counts everything heard, to tell whether an answer has been overtaken.
    heard: u64,
}

#[derive(Debug)]
struct Entry {
    facts: Facts,
    /// When it was heard of, by `heard`.
    at: u64,
}

/// Marks the start of a listing or a question, so that its answer does not undo what was heard since.
#[derive(Clone, Copy, Debug)]
pub(super) struct Since(u64);

// === impl Kind ===

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
        }
    }
}

// === impl Mirror ===

impl Mirror {
    pub(super) fn get(&self, key: &Key) -> Known {
        match self.objects.get(key) {
            Some(entry) => Known::Present(Box::new(entry.facts.clone())),
            None if self.absent.contains(key) => Known::Absent,
            None => Known::Unknown,
        }
    }

    /// Takes in an object. False: it was known already, or is older than what is known.
    pub(super) fn apply(&mut self, key: Key, meta: &ObjectMeta) -> bool {
        let Some(facts) = target::read(meta) else {
            return false;
        };
        self.heard += 1;
        let gone = self.gone.get(&key);
        if gone.is_some_and(|gone| is_older_or_same(&facts.resource_version, gone)) {
            return false;
        }
        self.gone.remove(&key);
        self.absent.remove(&key);
        let known = self.objects.get(&key).map(|entry| &entry.facts);
        if known
            .is_some_and(|known| is_older_or_same(&facts.resource_version, &known.resource_version))
        {
            return false;
        }
        self.insert(key, facts);
        true
    }

    /// Takes in an object of a listing, which is consistent: what was known before it began gives way, even when its
    /// version is higher, as after a restore of the whole cluster.
    pub(super) fn apply_listed(&mut self, key: Key, meta: &ObjectMeta, began: Since) -> bool {
        let known = self.objects.get(&key);
        let restored = known.is_some_and(|entry| {
            let version = meta.resource_version.as_deref();
            entry.at <= began.0 && version != Some(entry.facts.resource_version.as_str())
        });
        if restored {
            self.remove(&key);
        }
        self.gone.remove(&key);
        self.apply(key, meta)
    }

    fn insert(&mut self, key: Key, facts: Facts) {
        self.remove(&key);
        if facts.managed {
            self.owned
                .entry(facts.marks.owner.clone())
                .or_default()
                .insert(key.clone());
        }
        let at = self.heard;
        self.objects.insert(key, Entry { facts, at });
    }

    fn remove(&mut self, key: &Key) -> bool {
        let Some(entry) = self.objects.remove(key) else {
            return false;
        };
        if let Some(keys) = self.owned.get_mut(&entry.facts.marks.owner) {
            keys.remove(key);
            if keys.is_empty() {
                self.owned.remove(&entry.facts.marks.owner);
            }
        }
        true
    }

    /// Takes in that an object is gone. False: a newer one is known.
    pub(super) fn delete(&mut self, key: &Key, resource_version: Option<&str>) -> bool {
        self.heard += 1;
        let known = self
            .objects
            .get(key)
            .map(|entry| entry.facts.resource_version.as_str());
        let overtaken = known
            .zip(resource_version)
            .is_some_and(|(known, gone)| is_older_or_same(gone, known) && gone != known);
        if overtaken {
            return false;
        }
        if let Some(version) = resource_version {
            self.gone.insert(key.clone(), version.to_owned());
        }
        self.remove(key)
    }

    /// Nobody refers to the object any more: what is known of it grows old.
    pub(super) fn forget(&mut self, key: &Key) {
        self.heard += 1;
        self.absent.remove(key);
        self.gone.remove(key);
        self.remove(key);
    }

    pub(super) fn now(&self) -> Since {
        Since(self.heard)
    }

    /// Takes in the answer "there is none", unless something was heard since it was asked.
    pub(super) fn answered_absent(&mut self, key: &Key, asked: Since) {
        let newer = self
            .objects
            .get(key)
            .is_some_and(|entry| entry.at > asked.0);
        if !newer {
            self.remove(key);
            if self.heard == asked.0 {
                self.absent.insert(key.clone());
            }
        }
    }

    /// The end of a listing: whatever it did not name, and was not heard of since it began, is gone.
    pub(super) fn listed(
        &mut self,
        kind: Kind,
        namespace: Option<&str>,
        named: &HashSet<Key>,
        began: Since,
    ) -> Vec<Key> {
        let gone: Vec<Key> = self
            .objects
            .iter()
            .filter(|(key, entry)| {
                key.kind == kind
                    && namespace.is_none_or(|namespace| key.namespace == namespace)
                    && entry.at <= began.0
                    && !named.contains(*key)
            })
            .map(|(key, _)| key.clone())
            .collect();
        for key in &gone {
            self.remove(key);
        }
        self.gone.retain(|key, _| {
            key.kind != kind || namespace.is_some_and(|namespace| key.namespace != namespace)
        });
        gone
    }

    /// Managed Secrets of its own namespace that name this configuration as their owner.
    pub(super) fn owned_by(&self, namespace: &str, owner: &str) -> Vec<(String, Facts)> {
        let keys = self.owned.get(owner).into_iter().flatten();
        keys.filter(|key| key.namespace == namespace)
            .filter_map(|key| Some((key.name.clone(), self.objects.get(key)?.facts.clone())))
            .collect()
    }
}

/// Is one resourceVersion not newer than another? Those that are not numbers cannot be compared: then it is newer.
fn is_older_or_same(one: &str, other: &str) -> bool {
    match (one.parse::<u128>(), other.parse::<u128>()) {
        (Ok(one), Ok(other)) => one <= other,
        (_, _) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key {
            kind: Kind::Secret,
            namespace: "shop".into(),
            name: "orders".into(),
        }
    }

    fn meta(resource_version: &str) -> ObjectMeta {
        ObjectMeta {
            uid: Some("u".into()),
            resource_version: Some(resource_version.into()),
            ..ObjectMeta::default()
        }
    }

    fn version(mirror: &Mirror) -> Option<String> {
        match mirror.get(&key()) {
            Known::Present(facts) => Some(facts.resource_version),
            Known::Absent | Known::Unknown => None,
        }
    }

    #[test]
    fn a_late_event_does_not_undo_our_own_write() {
        let mut mirror = Mirror::default();
        assert!(mirror.apply(key(), &meta("12")));
        assert!(!mirror.apply(key(), &meta("9")));
        assert!(!mirror.delete(&key(), Some("10")));
        assert!(!mirror.apply(key(), &meta("12")));
        assert_eq!(version(&mirror).as_deref(), Some("12"));
        assert!(mirror.delete(&key(), Some("13")));
        assert_eq!(version(&mirror), None);
    }

    #[test]
    fn an_answer_from_before_a_deletion_does_not_bring_the_object_back() {
        let mut mirror = Mirror::default();
        mirror.delete(&key(), Some("11"));
        assert!(!mirror.apply(key(), &meta("10")));
        assert_eq!(version(&mirror), None);
        assert!(mirror.apply(key(), &meta("12")));
        assert_eq!(version(&mirror).as_deref(), Some("12"));
    }

    #[test]
    fn an_overtaken_answer_is_not_believed() {
        let mut mirror = Mirror::default();
        let asked = mirror.now();
        mirror.apply(key(), &meta("5"));
        mirror.answered_absent(&key(), asked);
        assert_eq!(version(&mirror).as_deref(), Some("5"));
        let asked = mirror.now();
        mirror.answered_absent(&key(), asked);
        assert!(matches!(mirror.get(&key()), Known::Absent));
    }

    #[test]
    fn a_listing_after_a_restore_of_the_cluster_is_believed() {
        let mut mirror = Mirror::default();
        mirror.apply(key(), &meta("50"));
        let began = mirror.now();
        assert!(mirror.apply_listed(key(), &meta("7"), began));
        assert_eq!(version(&mirror).as_deref(), Some("7"));
        mirror.apply(key(), &meta("9"));
        assert!(
            !mirror.apply_listed(key(), &meta("8"), began),
            "written since the listing began"
        );
        assert_eq!(version(&mirror).as_deref(), Some("9"));
    }

    #[test]
    fn secrets_are_found_by_their_owner() {
        let mut mirror = Mirror::default();
        let mut managed = meta("5");
        managed.labels =
            Some([("app.kubernetes.io/managed-by".into(), "authkeeper".into())].into());
        managed.annotations = Some([("authkeeper.dev/owner".into(), "shop/a".into())].into());
        mirror.apply(key(), &managed);
        assert_eq!(mirror.owned_by("shop", "shop/a").len(), 1);
        assert_eq!(mirror.owned_by("other", "shop/a").len(), 0);
        mirror.delete(&key(), Some("6"));
        assert_eq!(mirror.owned_by("shop", "shop/a").len(), 0);
    }

    #[test]
    fn a_listing_removes_what_it_does_not_name_but_not_what_was_written_since() {
        let mut mirror = Mirror::default();
        mirror.apply(key(), &meta("5"));
        let began = mirror.now();
        let other = Key {
            name: "new".into(),
            ..key()
        };
        mirror.apply(other.clone(), &meta("7"));
        assert_eq!(
            mirror.listed(Kind::Secret, None, &HashSet::new(), began),
            [key()]
        );
        assert!(matches!(mirror.get(&other), Known::Present(_)));
    }
}
