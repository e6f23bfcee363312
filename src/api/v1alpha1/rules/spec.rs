//! Rules that see more than one part of the resource.

use serde_json::Value;

use super::source::source_name;
use crate::rule::{self, rule, rule_for};

pub(in crate::api) fn spec() -> Value {
    let mut rules = vec![
        rule(
            "has(self.method) != (has(self.methods) && size(self.methods) > 0)",
            "set either method or methods",
        ),
        rule_for(
            ".targets",
            "!has(self.targets) || !has(self.sources) || self.targets.all(target, \
             self.sources.all(source, !has(source.secretRef) || source.secretRef.name != target.name))",
            "a target must not have the name of a source Secret, because sources are never written",
        ),
        rule_for(
            ".method.fields",
            &format!("!has(self.method) || {}", sources_are_known("self.method")),
            UNKNOWN_SOURCE,
        ),
        rule_for(
            ".methods",
            &format!(
                "!has(self.methods) || self.methods.all(method, {})",
                sources_are_known("method")
            ),
            UNKNOWN_SOURCE,
        ),
    ];
    rules.extend(sources_of_the_connection());
    rules.extend(no_plain_http());
    Value::Array(rules)
}

const UNKNOWN_SOURCE: &str = "fields[].from.source must be the name of one of spec.sources";

fn sources_are_known(method: &str) -> String {
    format!(
        "!has({method}.fields) || {method}.fields.all(field, !has(field.from) || !has(field.from.source) || {})",
        source_is_known("field.from.source")
    )
}

fn source_is_known(name: &str) -> String {
    format!(
        "(has(self.sources) && self.sources.exists(source, {} == {name}))",
        source_name("source")
    )
}

/// Each reference of `connection` names a source that there is.
fn sources_of_the_connection() -> [Value; 3] {
    [
        &["caBundle"][..],
        &["clientCertificate", "certificate"],
        &["clientCertificate", "privateKey"],
    ]
    .map(|members| {
        let mut path = "self.connection".to_owned();
        let mut absent = format!("!has({path})");
        for member in members.iter().chain(&["source"]) {
            path = format!("{path}.{member}");
            absent = format!("{absent} || !has({path})");
        }
        rule_for(
            path.trim_start_matches("self"),
            &format!("{absent} || {}", source_is_known(&path)),
            "must be the name of one of spec.sources",
        )
    })
}

/// A member cannot see `connection`, so each address is judged from here.
fn no_plain_http() -> [Value; 3] {
    let allowed =
        "(has(self.connection) && has(self.connection.allowHttp) && self.connection.allowHttp)";
    let endpoint = |method: &str| {
        format!(
            "!has({method}.oauth2) || !has({method}.oauth2.tokenEndpoint) || !{}",
            rule::is_plain_http(&format!("{method}.oauth2.tokenEndpoint"))
        )
    };
    let message =
        "use https://, or set spec.connection.allowHttp: true if the operator allows http://";
    [
        rule_for(
            ".method.oauth2.tokenEndpoint",
            &format!(
                "{allowed} || !has(self.method) || {}",
                endpoint("self.method")
            ),
            message,
        ),
        rule_for(
            ".methods",
            &format!(
                "{allowed} || !has(self.methods) || self.methods.all(method, {})",
                endpoint("method")
            ),
            message,
        ),
        rule_for(
            ".probe.url",
            &format!(
                "{allowed} || !has(self.probe) || !{}",
                rule::is_plain_http("self.probe.url")
            ),
            message,
        ),
    ]
}

/// Rules that compare the spec with the name of the object.
pub(in crate::api) fn object() -> [(&'static str, &'static str); 2] {
    [
        (
            "self.metadata.name.size() <= 63",
            "metadata.name must be at most 63 characters",
        ),
        (
            "(has(self.spec.targets) && size(self.spec.targets) > 0) || !has(self.spec.sources) || \
             self.spec.sources.all(source, !has(source.secretRef) || source.secretRef.name != self.metadata.name)",
            "a source Secret has the name of this object, which is the name of the default target too: set spec.targets",
        ),
    ]
}
