//! Rules of methods and their fields.

use serde_json::{Value, json};

use crate::rule::{rule, rule_for};

/// `schemes` are the names of the provider blocks, each with its scheme.
pub(in crate::api) fn methods(schemes: &[(&str, &str)]) -> Value {
    let name = |method: &str| {
        let scheme = schemes
            .iter()
            .rev()
            .fold("''".to_owned(), |rest, (block, scheme)| {
                format!("has({method}.{block}) ? '{scheme}' : {rest}")
            });
        format!("(has({method}.name) ? {method}.name : {scheme})")
    };
    json!([
        rule(
            &format!(
                "self.all(one, self.exists_one(other, {} == {}))",
                name("other"),
                name("one")
            ),
            "two methods have the same name; one without a name is called like its scheme",
        ),
        rule(
            "self.filter(method, has(method.none)).size() <= (size(self) > 0 && has(self[size(self) - 1].none) ? 1 : 0)",
            "none is always satisfied, so it can only be the last of the methods",
        ),
    ])
}

/// Rules of a method: `blocks` are the names of the provider blocks, each with its scheme.
pub(in crate::api) fn one_block(blocks: &[(&str, &str)]) -> Value {
    let has: Vec<_> = blocks
        .iter()
        .map(|(block, _)| format!("has(self.{block})"))
        .collect();
    let one = format!("[{}].exists_one(set, set)", has.join(", "));
    let scheme = blocks
        .iter()
        .rev()
        .fold("self.scheme".to_owned(), |rest, (block, scheme)| {
            format!("has(self.{block}) ? '{scheme}' : {rest}")
        });
    let names: Vec<_> = blocks.iter().map(|(block, _)| *block).collect();
    json!([
        rule(
            &one,
            &format!(
                "set exactly one provider block of {}; an empty one is written with braces, as in none: {{}}",
                names.join(", ")
            ),
        ),
        rule_for(
            ".scheme",
            &format!("!has(self.scheme) || !{one} || self.scheme == ({scheme})"),
            "scheme must be the name that belongs to the block; leave it out",
        ),
    ])
}

pub(in crate::api) fn field() -> Value {
    json!([rule_for(
        ".default",
        "!has(self.default) || (has(self.sensitive) && !self.sensitive)",
        "default needs sensitive: false, because a secret does not belong into the spec",
    )])
}

pub(in crate::api) fn key_reference() -> Value {
    json!([rule(
        "has(self.source) || has(self.key)",
        "set source, key or both"
    )])
}

pub(in crate::api) fn certificate_reference() -> Value {
    json!([rule(
        "has(self.key)",
        "set key, the key that holds the certificates"
    )])
}

pub(in crate::api) fn private_key_reference() -> Value {
    json!([rule(
        "has(self.key)",
        "set key, the key that holds the private key"
    )])
}
