//! Rules of a target.

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

pub(in crate::api) fn target() -> Value {
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

pub(in crate::api) fn restart() -> Value {
    json!([rule(
        "[has(self.deployment), has(self.statefulSet), has(self.daemonSet)].exists_one(kind, kind)",
        "set exactly one of deployment, statefulSet, daemonSet",
    )])
}

pub(in crate::api) fn secret_type() -> Value {
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

pub(in crate::api) fn labels() -> Value {
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

pub(in crate::api) fn annotations() -> Value {
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

pub(in crate::api) fn label_value() -> Value {
    rule::text_with(
        63,
        &json!([rule(
            "self.matches('^([a-zA-Z0-9]([-._a-zA-Z0-9]*[a-zA-Z0-9])?)?$')",
            "the value of a label has letters, digits, '-', '_' and '.' only and begins and ends with a letter or digit",
        )]),
    )
}

pub(in crate::api) fn host() -> Value {
    rule::text_with(
        253,
        &json!([rule(
            "self.matches('^[^[:space:][:cntrl:]]+$')",
            "must be a host without spaces, as in registry.example.com or registry.example.com:5000",
        )]),
    )
}
