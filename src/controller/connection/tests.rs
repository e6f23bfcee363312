use std::collections::BTreeMap;

use super::*;
use crate::{selection::SourceData, sensitive::SecretBytes};

const PEM: &str = "-----BEGIN EXAMPLE-----\nAAAA\n-----END EXAMPLE-----\n";

/// A Secret `identity`, a `ConfigMap` `open` and literal values, each with the same keys.
fn read() -> Read {
    let source = |name: &str, kind| SourceData {
        name: name.to_owned(),
        kind,
        object: name.to_owned(),
        values: Some(BTreeMap::from(
            ["tls.crt", "tls.key"].map(|key| (key.to_owned(), SecretBytes::new(PEM))),
        )),
        optional: false,
    };
    Read {
        sources: vec![
            source("open", SourceKind::ConfigMap),
            source("values", SourceKind::Values),
            source("identity", SourceKind::Secret),
        ],
        templates: Vec::new(),
    }
}

fn connection(certificate: &str, private_key: &str) -> Connection {
    let yaml = format!(
        "{{clientCertificate: {{certificate: {certificate}, privateKey: {private_key}}}, \
         proxy: {{url: 'http://proxy.example.com:3128'}}}}"
    );
    serde_saphyr::from_str(&yaml).unwrap()
}

fn refused(certificate: &str, private_key: &str) -> Refusal {
    settings(Some(&connection(certificate, private_key)), &read()).unwrap_err()
}

#[test]
fn certificate_key_and_proxy_reach_the_connection() {
    for certificate in [
        "{source: identity, key: tls.crt}",
        "{source: open, key: tls.crt}",
    ] {
        let connection = connection(certificate, "{source: identity, key: tls.key}");
        let settings = settings(Some(&connection), &read()).unwrap();
        let given = settings.client_certificate.unwrap();
        assert_eq!(given.chain, PEM);
        assert_eq!(given.private_key.expose(), PEM);
        assert_eq!(
            settings.proxy.unwrap().as_str(),
            "http://proxy.example.com:3128/"
        );
    }
}

#[test]
fn private_key_that_is_not_in_a_secret_is_refused() {
    let certificate = "{source: identity, key: tls.crt}";
    for private_key in [
        "{source: open, key: tls.key}",
        "{source: values, key: tls.key}",
        "{key: tls.key}",
    ] {
        let refusal = refused(certificate, private_key);
        assert_eq!(refusal.reason, Reason::InsecureSource, "{private_key}");
    }
    let refusal = refused(certificate, "{source: open, key: tls.key}");
    assert!(
        refusal
            .detail
            .starts_with("connection.clientCertificate.privateKey must come from a Secret"),
        "{}",
        refusal.detail
    );
}

#[test]
fn key_that_a_source_lacks_is_named() {
    let refusal = refused(
        "{source: identity, key: ca.crt}",
        "{source: identity, key: tls.key}",
    );
    assert_eq!(refusal.reason, Reason::SourceSecretInvalid);
    assert_eq!(refusal.detail, "there is no key ca.crt in Secret identity");
}
