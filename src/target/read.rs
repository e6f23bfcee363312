//! What the metadata of a Secret tells: whose it is, what its marks say, and whether anybody changed it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    ManagedFieldsEntry, ObjectMeta, OwnerReference,
};
use serde_json::Value;

use super::Marks;
use crate::api::v1alpha1::annotation;

/// A Secret, from its metadata alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub uid: String,
    pub resource_version: String,
    /// It carries the label of authkeeper.
    pub managed: bool,
    pub marks: Marks,
    /// uid of the owner that is a controller, of whatever kind.
    pub controller_uid: Option<String>,
    /// Name of that owner, when it is an `AuthenticationConfiguration`.
    pub owner_name: Option<String>,
    /// Our last apply still owns every key that it wrote: nobody edited or removed one.
    pub intact: bool,
    pub deleting: bool,
}

/// Whose a Secret is, seen from one configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    Ours,
    /// Never touched. The owner is `<namespace>/<name>` of another configuration, where it is one.
    Foreign {
        owner: Option<String>,
    },
}

/// Reads a Secret's metadata; none when it was never stored.
pub fn read(meta: &ObjectMeta) -> Option<Facts> {
    let annotations = meta.annotations.clone().unwrap_or_default();
    let marks = Marks::read(&annotations);
    let controller = meta
        .owner_references
        .iter()
        .flatten()
        .find(|owner| owner.controller == Some(true));
    let managed_by = meta
        .labels
        .as_ref()
        .and_then(|labels| labels.get(annotation::MANAGED_BY));
    Some(Facts {
        uid: meta.uid.clone()?,
        resource_version: meta.resource_version.clone()?,
        managed: managed_by.is_some_and(|manager| manager == annotation::AUTHKEEPER),
        controller_uid: controller.map(|owner| owner.uid.clone()),
        owner_name: controller
            .filter(|owner| is_configuration(owner))
            .map(|owner| owner.name.clone()),
        intact: intact(meta.managed_fields.as_deref().unwrap_or_default(), &marks),
        deleting: meta.deletion_timestamp.is_some(),
        marks,
    })
}

/// Whose the Secret is. Label and owner annotation decide; the owner reference does not, since backups strip it.
///
/// A Secret that merely carries our name must not be taken: whoever may create Secrets could otherwise plant one and
/// have a credential written into it, or lose a Secret of his own to us.
pub fn ownership(facts: &Facts, namespace: &str, name: &str, uid: &str) -> Ownership {
    let owner = (!facts.marks.owner.is_empty()).then(|| facts.marks.owner.clone());
    let named = owner.as_deref() == Some(format!("{namespace}/{name}").as_str());
    let controlled_by_another_kind = facts.owner_name.is_none()
        && facts
            .controller_uid
            .as_deref()
            .is_some_and(|controller| controller != uid);
    if facts.managed && named && !controlled_by_another_kind {
        return Ownership::Ours;
    }
    Ownership::Foreign {
        owner: owner.filter(|_| facts.managed && !named),
    }
}

/// Does our apply own every key of the marks? Keys that others added do not matter.
///
/// Metadata whose managedFields were dropped before it was stored was looked at then; it counts as intact.
fn intact(entries: &[ManagedFieldsEntry], marks: &Marks) -> bool {
    if entries.is_empty() {
        return true;
    }
    let owned = entries
        .iter()
        .find(|entry| {
            entry.manager.as_deref() == Some(annotation::AUTHKEEPER)
                && entry.operation.as_deref() == Some("Apply")
                && entry.subresource.as_deref().unwrap_or_default().is_empty()
        })
        .and_then(|entry| entry.fields_v1.as_ref())
        .and_then(|fields| fields.0.get("f:data"))
        .and_then(Value::as_object);
    !marks.keys.is_empty()
        && owned.is_some_and(|owned| {
            marks
                .keys
                .iter()
                .all(|key| owned.contains_key(&format!("f:{key}")))
        })
}

fn is_configuration(owner: &OwnerReference) -> bool {
    owner.kind == "AuthenticationConfiguration"
        && owner
            .api_version
            .split_once('/')
            .is_some_and(|(group, _)| group == "authkeeper.dev")
}

#[cfg(test)]
mod tests;
