//! What a resource says about its connections, looked up.

use super::round::Read;
use crate::{
    api::v1alpha1::{self as api, Connection},
    duration::HumanDuration,
    provider::{
        Refusal,
        http::{ClientCertificate, ConnectionSettings, PrivateKey},
    },
    reason::Reason,
    selection::{self, SourceKind},
};

/// What the spec says about connections, with the certificates out of their source.
pub(super) fn settings(
    connection: Option<&Connection>,
    read: &Read,
) -> Result<ConnectionSettings, Refusal> {
    let Some(connection) = connection else {
        return Ok(ConnectionSettings::default());
    };
    let ca_bundle = connection
        .ca_bundle
        .as_ref()
        .map(|reference| selection::certificates(reference, "ca.crt", &read.sources))
        .transpose()?;
    let timeout = connection.timeout.as_ref().map(HumanDuration::length);
    let client_certificate = connection
        .client_certificate
        .as_ref()
        .map(|given| client_certificate(given, read))
        .transpose()?;
    let proxy = connection.proxy.as_ref().map(|proxy| proxy.url.parse());
    Ok(ConnectionSettings {
        client_certificate,
        proxy: proxy
            .transpose()
            .map_err(|_| Refusal::new(Reason::InvalidSpec, "connection.proxy.url is not a URL"))?,
        timeout_milliseconds: timeout.and_then(|timeout| u64::try_from(timeout.as_millis()).ok()),
        ca_bundle,
        allow_http: connection.allow_http.unwrap_or(false),
    })
}

/// The key is a secret: naming a `ConfigMap` or literal values as its source does not make them a place for it.
fn client_certificate(
    given: &api::ClientCertificate,
    read: &Read,
) -> Result<ClientCertificate, Refusal> {
    let named = given.private_key.source.as_deref();
    let open = read
        .sources
        .iter()
        .any(|source| named == Some(source.name.as_str()) && source.kind != SourceKind::Secret);
    if open {
        return Err(Refusal::new(
            Reason::InsecureSource,
            format!(
                "connection.clientCertificate.privateKey must come from a Secret, and source {} is none",
                named.unwrap_or_default()
            ),
        ));
    }
    let chain = selection::certificates(&given.certificate, "tls.crt", &read.sources)?;
    let private_key = selection::lookup(&given.private_key, "tls.key", &read.sources)?;
    Ok(ClientCertificate {
        chain,
        private_key: PrivateKey::new(private_key),
    })
}

#[cfg(test)]
mod tests;
