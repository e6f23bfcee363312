//! Rules of sources.

use serde_json::{Value, json};

use crate::rule::rule;

pub(in crate::api) fn one_source() -> Value {
    json!([rule(
        "[has(self.secretRef), has(self.configMapRef), has(self.values)].exists_one(set, set)",
        "set exactly one of secretRef, configMapRef and values",
    )])
}

pub(in crate::api) fn source_names() -> Value {
    json!([rule(
        &format!(
            "self.all(one, self.exists_one(other, {} == {}))",
            source_name("other"),
            source_name("one")
        ),
        "two sources have the same name; give one of them another with name",
    )])
}

/// CEL for the name of a source: its own, else that of what it refers to.
pub(super) fn source_name(source: &str) -> String {
    format!(
        "(has({source}.name) ? {source}.name : has({source}.secretRef) ? {source}.secretRef.name : \
         has({source}.configMapRef) ? {source}.configMapRef.name : 'values')"
    )
}
