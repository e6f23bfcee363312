//! All objects as they are watched, for the series per object and the counts of the fleet.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use kube::runtime::reflector::Store;

use super::reconcile::Guarded;
use crate::api::v1alpha1::{
    AuthenticationConfiguration, AuthenticationConfigurationStatus, ConditionType,
};

/// The stores of every scope, and what is newer than they are.
#[derive(Clone, Default)]
pub struct Fleet(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    stores: Vec<Store<Guarded>>,
    /// By uid: times of the served credential that no status shows, because the write was left out or failed.
    newer: HashMap<String, Times>,
}

/// When a credential was obtained, ends and is to be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Times {
    obtained: Option<Timestamp>,
    end: Option<Timestamp>,
    due: Option<Timestamp>,
}

/// One object, as far as it is counted.
#[derive(Clone, Debug)]
pub struct Member {
    pub namespace: String,
    pub name: String,
    pub scheme: String,
    pub obtained_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
    pub refresh_at: Option<Timestamp>,
    pub ready: bool,
    pub failing: bool,
    /// Its reason, while stalled.
    pub stalled: Option<String>,
    pub suspended: bool,
}

// === impl Fleet ===

impl Fleet {
    pub(super) fn add(&self, store: Store<Guarded>) {
        self.lock().stores.push(store);
    }

    /// Takes in a status that is not written; alerts must not fire for a credential that was replaced long ago.
    pub(super) fn unwritten(&self, uid: &str, status: &AuthenticationConfigurationStatus) {
        self.lock().newer.insert(uid.to_owned(), Times::of(status));
    }

    /// The status was written, or the object is gone.
    pub(super) fn written(&self, uid: &str) {
        self.lock().newer.remove(uid);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every object that can be decoded.
    pub fn members(&self) -> Vec<Member> {
        let state = self.lock();
        let objects = state.stores.iter().flat_map(Store::state);
        objects
            .filter_map(|object| {
                let object = object.0.as_ref().ok()?;
                let uid = object.metadata.uid.as_deref().unwrap_or_default();
                Some(Member::new(object, state.newer.get(uid)))
            })
            .collect()
    }
}

// === impl Member ===

impl Member {
    fn new(object: &AuthenticationConfiguration, newer: Option<&Times>) -> Self {
        let status = object.status.clone().unwrap_or_default();
        let times = newer.copied().unwrap_or_else(|| Times::of(&status));
        let condition = |kind: ConditionType| {
            let name = kind.to_string();
            status
                .conditions
                .iter()
                .find(|condition| condition.type_ == name && condition.status == "True")
        };
        Self {
            namespace: object.metadata.namespace.clone().unwrap_or_default(),
            name: object.metadata.name.clone().unwrap_or_default(),
            scheme: status
                .method
                .as_ref()
                .map(|method| method.scheme.clone())
                .unwrap_or_default(),
            ready: condition(ConditionType::Ready).is_some(),
            failing: status.consecutive_failures.is_some(),
            stalled: condition(ConditionType::Stalled).map(|condition| condition.reason.clone()),
            suspended: condition(ConditionType::Suspended).is_some(),
            obtained_at: times.obtained,
            expires_at: times.end,
            refresh_at: times.due,
        }
    }
}

// === impl Times ===

impl Times {
    fn of(status: &AuthenticationConfigurationStatus) -> Self {
        Self {
            obtained: status.obtained_at,
            end: status.expires_at,
            due: status.refresh_at,
        }
    }
}

impl std::fmt::Debug for Fleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fleet").finish_non_exhaustive()
    }
}
