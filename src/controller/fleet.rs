//! All objects as they are watched, for the series per object and the counts of the fleet.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use kube::runtime::reflector::Store;

use super::reconcile::Guarded;
use crate::api::v1alpha1::{AuthenticationConfiguration, ConditionType};

/// The stores of every scope.
#[derive(Clone, Default)]
pub struct Fleet(Arc<Mutex<Vec<Store<Guarded>>>>);

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
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(store);
    }

    /// Every object that can be decoded.
    pub fn members(&self) -> Vec<Member> {
        let stores = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        stores
            .iter()
            .flat_map(Store::state)
            .filter_map(|object| object.0.as_ref().ok().map(Member::new))
            .collect()
    }
}

// === impl Member ===

impl Member {
    fn new(object: &AuthenticationConfiguration) -> Self {
        let status = object.status.clone().unwrap_or_default();
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
            obtained_at: status.obtained_at,
            expires_at: status.expires_at,
            refresh_at: status.refresh_at,
        }
    }
}

impl std::fmt::Debug for Fleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fleet").finish_non_exhaustive()
    }
}
