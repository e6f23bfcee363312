//! Rules that need more than one member of the resource, or belong to one of its members only.

use serde_json::{Value, json};

use crate::rule::{self, rule, rule_for};

/// Domains whose labels, annotations and Secret types belong to Kubernetes or to authkeeper.
const RESERVED: &str = "^([^/]*[.])?(kubernetes[.]io|k8s[.]io|authkeeper[.]dev)/";
/// Names of labels and annotations: an optional domain and a name of at most 63 characters.
const LABEL_NAME: &str =
    "^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$";
/// Types of Kubernetes' own that a managed Secret may have.
const SECRET_TYPES: &[&str] = &[
    "kubernetes.io/basic-auth",
    "kubernetes.io/dockerconfigjson",
    "kubernetes.io/tls",
    "kubernetes.io/ssh-auth",
];

// === Sources and methods ===

pub(super) fn one_source() -> Value {
    json!([rule(
        "[has(self.secretRef), has(self.configMapRef), has(self.values)].exists_one(set, set)",
        "set exactly one of secretRef, configMapRef and values",
    )])
}

pub(super) fn source_names() -> Value {
    json!([rule(
        &format!(
            "self.all(one, self.exists_one(other, {} == {}))",
            source_name("other"),
            source_name("one")
        ),
        "two sources have the same name; give one of them another with name",
    )])
}

fn source_name(source: &str) -> String {
    format!(
        "(has({source}.name) ? {source}.name : has({source}.secretRef) ? {source}.secretRef.name : \
         has({source}.configMapRef) ? {source}.configMapRef.name : 'values')"
    )
}

/// `schemes` are the names of the provider blocks, each with its scheme.
pub(super) fn methods(schemes: &[(&str, &str)]) -> Value {
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
pub(super) fn one_block(blocks: &[(&str, &str)]) -> Value {
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

pub(super) fn field() -> Value {
    json!([rule_for(
        ".default",
        "!has(self.default) || (has(self.sensitive) && !self.sensitive)",
        "default needs sensitive: false, because a secret does not belong into the spec",
    )])
}

pub(super) fn key_reference() -> Value {
    json!([rule(
        "has(self.source) || has(self.key)",
        "set source, key or both"
    )])
}

pub(super) fn certificate_reference() -> Value {
    json!([rule(
        "has(self.key)",
        "set key, the key that holds the certificates"
    )])
}

// === Targets ===

pub(super) fn target() -> Value {
    json!([
        rule_for(
            ".hosts",
            "!has(self.format) || !(self.format in ['DockerConfigJson', 'Netrc']) || (has(self.hosts) && size(self.hosts) > 0)",
            "this format needs hosts, the registries or machines that the credential is for",
        ),
        rule_for(
            ".hosts",
            "!has(self.hosts) || size(self.hosts) == 0 || (has(self.format) && self.format in ['DockerConfigJson', 'Netrc'])",
            "hosts goes with the formats DockerConfigJson and Netrc only",
        ),
        rule_for(
            ".data",
            "!has(self.data) || size(self.data) == 0 || !has(self.format) || self.format == 'Default'",
            "data goes with format Default only; the keys of the other formats are fixed",
        ),
        rule_for(
            ".template",
            "!has(self.format) || self.format != 'Template' || (has(self.template) && size(self.template) > 0) || \
             (has(self.templateFrom) && size(self.templateFrom) > 0)",
            "format Template needs template or templateFrom",
        ),
    ])
}

pub(super) fn secret_type() -> Value {
    json!([rule(
        &format!(
            "self in {} || !self.matches('{RESERVED}')",
            rule::list(SECRET_TYPES)
        ),
        &format!(
            "must be Opaque, {} or a type outside kubernetes.io, k8s.io and authkeeper.dev",
            SECRET_TYPES.join(", ")
        ),
    )])
}

pub(super) fn labels() -> Value {
    json!([
        label_names(),
        rule(
            &format!(
                "self.all(name, !name.matches('{RESERVED}') || \
                 name.matches('^app[.]kubernetes[.]io/(name|component|part-of|version)$'))"
            ),
            "labels of kubernetes.io, k8s.io and authkeeper.dev are reserved; \
             of app.kubernetes.io only name, component, part-of and version are free",
        ),
    ])
}

pub(super) fn annotations() -> Value {
    json!([
        label_names(),
        rule(
            &format!("self.all(name, !name.matches('{RESERVED}'))"),
            "annotations of kubernetes.io, k8s.io and authkeeper.dev are reserved",
        ),
    ])
}

fn label_names() -> Value {
    rule(
        &format!("self.all(name, name.matches('{LABEL_NAME}'))"),
        "names are written team or example.com/team, with at most 63 characters after the slash",
    )
}

pub(super) fn label_value() -> Value {
    rule::text_with(
        63,
        &json!([rule(
            "self.matches('^([a-zA-Z0-9]([-._a-zA-Z0-9]*[a-zA-Z0-9])?)?$')",
            "the value of a label has letters, digits, '-', '_' and '.' only and begins and ends with a letter or digit",
        )]),
    )
}

pub(super) fn host() -> Value {
    rule::text_with(
        253,
        &json!([rule(
            "self.matches('^[^[:space:][:cntrl:]]+$')",
            "must be a host without spaces, as in registry.example.com or registry.example.com:5000",
        )]),
    )
}

// === Schedule and probe ===

pub(super) fn refresh() -> Value {
    json!([rule::ordered(
        ("minInterval", "10s"),
        ("maxInterval", "24h")
    )])
}

pub(super) fn retry() -> Value {
    json!([rule::ordered(("initial", "30s"), ("max", "15m"))])
}

pub(super) fn jitter() -> Value {
    json!([rule("self >= 0 && self <= 50", "must be from 0 to 50")])
}

pub(super) fn status_code() -> Value {
    json!({
        "type": "integer",
        "x-kubernetes-validations": [rule("self >= 100 && self <= 599", "must be an HTTP status code, 100 to 599")]
    })
}

// === The whole resource ===

pub(super) fn spec() -> Value {
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
        rule_for(
            ".connection.caBundle.source",
            &format!(
                "!has(self.connection) || !has(self.connection.caBundle) || !has(self.connection.caBundle.source) || {}",
                source_is_known("self.connection.caBundle.source")
            ),
            "must be the name of one of spec.sources",
        ),
    ];
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
