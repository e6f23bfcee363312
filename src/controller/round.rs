//! One round for one object: what was seen, and what belongs to it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

use super::{
    context::Context,
    memory::Memory,
    mirror::{Key, Kind},
    workload::Wish,
};
use crate::{
    api::v1alpha1::{AuthenticationConfiguration, DeletionPolicy, Target},
    plan::Observed,
    selection::SourceData,
    target::{Facts, SourceVersion},
};

/// A configuration with the metadata that is always there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) uid: &'a str,
    pub(super) object: &'a AuthenticationConfiguration,
}

/// A target and what is in its place.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) target: Target,
    pub(super) publish: String,
    /// Ours, as it is now; none: absent or somebody else's.
    pub(super) ours: Option<Facts>,
    /// The API server itself was asked in this round.
    pub(super) asked: bool,
}

/// What was seen in this round.
#[derive(Debug)]
pub(super) struct Sight {
    pub(super) facts: Observed,
    pub(super) places: Vec<Place>,
    pub(super) versions: Vec<SourceVersion>,
    pub(super) spec: String,
    pub(super) workloads: Vec<Wish>,
    /// Sources and templates, when this round has read them.
    pub(super) read: Option<Read>,
}

/// The contents of sources and templates. Dropped with the round.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) sources: Vec<SourceData>,
    /// By target, in the order of the spec: key of the managed Secret to template.
    pub(super) templates: Vec<BTreeMap<String, String>>,
}

/// Everything that acting needs.
pub(super) struct Round<'a> {
    pub(super) context: &'a Context,
    pub(super) subject: Subject<'a>,
    pub(super) sight: Sight,
    pub(super) memory: &'a mut Memory,
    pub(super) now: Timestamp,
}

// === impl Subject ===

impl<'a> Subject<'a> {
    /// None: an object without name, namespace or uid, which the API server never hands out.
    pub(super) fn new(object: &'a AuthenticationConfiguration) -> Option<Self> {
        let meta = &object.metadata;
        Some(Self {
            namespace: meta.namespace.as_deref()?,
            name: meta.name.as_deref()?,
            uid: meta.uid.as_deref()?,
            object,
        })
    }

    pub(super) fn owner(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    pub(super) fn deletion_policy(&self) -> DeletionPolicy {
        self.object.spec.deletion_policy.unwrap_or_default()
    }

    pub(super) fn secret_key(&self, name: &str) -> Key {
        Key {
            kind: Kind::Secret,
            namespace: self.namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    /// Under `Retain` a managed Secret outlives its configuration, so it has no owner.
    pub(super) fn owner_reference(&self) -> Option<OwnerReference> {
        (self.deletion_policy() == DeletionPolicy::Delete).then(|| OwnerReference {
            api_version: "authkeeper.dev/v1alpha1".to_owned(),
            kind: "AuthenticationConfiguration".to_owned(),
            name: self.name.to_owned(),
            uid: self.uid.to_owned(),
            controller: Some(true),
            block_owner_deletion: None,
        })
    }
}
