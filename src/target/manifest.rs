//! The body of the server-side apply.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Marks, Rendered};
use crate::api::v1alpha1::annotation;

/// What must be true of the stored object, so that the apply can do nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// It does not exist. Applied with the resourceVersion `1`, which no stored object has: absent, it is created;
    /// present, the API server answers 409.
    Create,
    /// It is the object with this uid. Deleted meanwhile: 409; replaced meanwhile: 422.
    Uid(String),
}

/// A managed Secret, ready to be applied. Its `Debug` is constant, since it holds the data.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Manifest(Value);

/// The Secret to apply. The marks name the keys of the rendered data, whatever was in `marks.keys`.
pub fn manifest(
    name: &str,
    namespace: &str,
    rendered: &Rendered,
    marks: &Marks,
    owner_reference: Option<OwnerReference>,
    precondition: &Precondition,
) -> Manifest {
    let mut metadata = json!({
        "name": name,
        "namespace": namespace,
        "labels": labels(rendered),
        "annotations": annotations(rendered, marks),
    });
    if let Some(owner) = owner_reference {
        metadata["ownerReferences"] = json!([owner]);
    }
    match precondition {
        Precondition::Create => metadata["resourceVersion"] = json!("1"),
        Precondition::Uid(uid) => metadata["uid"] = json!(uid),
    }
    let data: Map<String, Value> = rendered
        .data
        .iter()
        .map(|(key, value)| (key.clone(), STANDARD.encode(value.expose()).into()))
        .collect();
    Manifest(json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": rendered.kind,
        "data": data,
    }))
}

fn labels(rendered: &Rendered) -> Map<String, Value> {
    let mut labels: Map<String, Value> = rendered
        .labels
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    labels.insert(
        annotation::MANAGED_BY.to_owned(),
        annotation::AUTHKEEPER.into(),
    );
    labels
}

fn annotations(rendered: &Rendered, marks: &Marks) -> Map<String, Value> {
    let marks = Marks {
        keys: rendered.data.keys().cloned().collect(),
        ..marks.clone()
    };
    rendered
        .annotations
        .clone()
        .into_iter()
        .chain(marks.write())
        .map(|(name, value)| (name, value.into()))
        .collect()
}

// === impl Manifest ===

impl Manifest {
    /// The object as it is sent. It holds the data: for the request, not for a log.
    pub fn expose(&self) -> &Value {
        &self.0
    }
}

impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Manifest(redacted)")
    }
}

#[cfg(test)]
mod tests;
