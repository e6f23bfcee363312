//! Names that Kubernetes accepts, and names that are not for targets.

use crate::api::v1alpha1::annotation;

/// Types that a target may have inside the domains of Kubernetes. The others carry rights or belong to controllers:
/// a Secret of type `kubernetes.io/service-account-token` would be filled with a token of an account.
const TYPES: &[&str] = &[
    "Opaque",
    "kubernetes.io/basic-auth",
    "kubernetes.io/dockerconfigjson",
    "kubernetes.io/tls",
    "kubernetes.io/ssh-auth",
];

/// Labels that describe an application; `GitOps` tools and Helm decide by the rest of their kind what to prune.
const DESCRIPTIVE: &[&str] = &[
    "app.kubernetes.io/name",
    "app.kubernetes.io/version",
    "app.kubernetes.io/component",
    "app.kubernetes.io/part-of",
];

pub(super) fn allowed_type(kind: &str) -> bool {
    if TYPES.contains(&kind) {
        return true;
    }
    // Without a domain a name belongs to nobody.
    kind.split_once('/').is_some_and(|(domain, name)| {
        is_subdomain(domain) && domain.contains('.') && !name.is_empty() && !is_reserved(domain)
    })
}

/// Keys that the API server asks of a type, and whether any of them is enough.
pub(super) fn required_keys(kind: &str) -> (bool, &'static [&'static str]) {
    match kind {
        "kubernetes.io/basic-auth" => (true, &["username", "password"]),
        "kubernetes.io/dockerconfigjson" => (false, &[".dockerconfigjson"]),
        "kubernetes.io/tls" => (false, &["tls.crt", "tls.key"]),
        "kubernetes.io/ssh-auth" => (false, &["ssh-privatekey"]),
        _ => (false, &[]),
    }
}

pub(super) fn reserved_label(name: &str) -> bool {
    !DESCRIPTIVE.contains(&name) && reserved_annotation(name)
}

pub(super) fn reserved_annotation(name: &str) -> bool {
    name == annotation::MANAGED_BY
        || name
            .split_once('/')
            .is_some_and(|(domain, _)| is_reserved(&domain.to_ascii_lowercase()))
}

fn is_reserved(domain: &str) -> bool {
    ["kubernetes.io", "k8s.io", "authkeeper.dev"]
        .iter()
        .any(|reserved| {
            domain
                .strip_suffix(reserved)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
}

/// RFC 1123, as for most objects.
pub(super) fn is_object_name(name: &str) -> bool {
    is_subdomain(name)
}

/// Key of `data`: no path that a volume could not hold.
pub(super) fn is_secret_key(key: &str) -> bool {
    (1..=253).contains(&key.len())
        && key != "."
        && !key.starts_with("..")
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// Name of a label or annotation: `[domain/]name`.
pub(super) fn qualified(name: &str) -> bool {
    match name.split_once('/') {
        Some((domain, name)) => is_subdomain(domain) && is_label_text(name),
        None => is_label_text(name),
    }
}

pub(super) fn is_label_value(value: &str) -> bool {
    value.is_empty() || is_label_text(value)
}

fn is_label_text(text: &str) -> bool {
    let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    text.len() <= 63
        && edge(text.bytes().next())
        && edge(text.bytes().last())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn is_subdomain(name: &str) -> bool {
    name.len() <= 253
        && name.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_inside_the_domains_of_kubernetes_are_listed() {
        for kind in TYPES
            .iter()
            .chain(&["helm.sh/release.v1", "example.com/token"])
        {
            assert!(allowed_type(kind), "{kind}");
        }
        for kind in [
            "kubernetes.io/service-account-token",
            "bootstrap.kubernetes.io/token",
            "kubernetes.io/dockercfg",
            "cluster.x-k8s.io/secret.k8s.io",
            "x.k8s.io/a",
            "authkeeper.dev/state",
            "opaque",
            "",
            "a/b",
            "Example.com/b",
        ] {
            let harmless = kind == "cluster.x-k8s.io/secret.k8s.io";
            assert_eq!(allowed_type(kind), harmless, "{kind}");
        }
    }

    #[test]
    fn labels_of_tools_that_prune_are_reserved() {
        for label in [
            "app.kubernetes.io/instance",
            "app.kubernetes.io/managed-by",
            "k8s.io/a",
            "node.kubernetes.io/b",
            "authkeeper.dev/owner",
            "x.authkeeper.dev/y",
        ] {
            assert!(reserved_label(label), "{label}");
        }
        for label in [
            "app.kubernetes.io/part-of",
            "team",
            "reloader.stakater.com/match",
            "notkubernetes.io/a",
        ] {
            assert!(!reserved_label(label), "{label}");
        }
        assert!(reserved_annotation("kubectl.kubernetes.io/x"));
        assert!(reserved_annotation("app.kubernetes.io/part-of"));
    }

    #[test]
    fn keys_must_fit_into_a_volume() {
        for key in [".env", "a", "A-b_c.d", ".dockerconfigjson"] {
            assert!(is_secret_key(key), "{key}");
        }
        for key in ["", ".", "..", "..a", "a/b", "a b", "ä", &"a".repeat(254)] {
            assert!(!is_secret_key(key), "{key}");
        }
    }
}
