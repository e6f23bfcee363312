//! One JSON document with every member.

use super::{Data, Shape, bytes};

pub(in crate::target) const KEY: &str = "credential.json";

pub(super) fn data(shape: &Shape<'_>) -> Data {
    let document: serde_json::Map<String, serde_json::Value> = shape
        .members
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_ref().into()))
        .collect();
    let document = serde_json::Value::Object(document).to_string();
    Data::from([(KEY.to_owned(), bytes(&document))])
}
