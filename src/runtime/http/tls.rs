//! Whom we believe, and what to say to a person when we do not.

use std::{fmt, sync::Arc};

use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError,
    RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};

use super::identity;
use crate::{
    provider::{Refusal, http::ClientCertificate},
    reason::Reason,
};

/// The system's roots, and the cryptography.
pub(super) struct Roots {
    system: RootCertStore,
    crypto: Arc<CryptoProvider>,
}

/// The usual mistakes, which the library's errors do not name.
#[derive(Debug, thiserror::Error)]
enum Mistake {
    #[error(
        "the CA bundle holds the certificate of the server itself; give the certificate of its issuer"
    )]
    LeafInBundle,
    #[error(
        "a self-signed CA certificate is used as server certificate; issue a server certificate with it and give the CA \
         as bundle"
    )]
    CaAsServer,
    #[error("the certificate has no subject alternative name; its common name does not count")]
    NoAlternativeName,
}

/// The library's verifier, with an ear for the usual mistakes. It decides nothing itself.
#[derive(Debug)]
struct Explaining {
    verifier: Arc<WebPkiServerVerifier>,
    bundle: Vec<CertificateDer<'static>>,
}

// === impl Roots ===

impl Roots {
    /// No store, or one that cannot be read, is an empty one: bundles may bring all that is needed.
    pub(super) fn of_system() -> Self {
        let found = rustls_native_certs::load_native_certs();
        let mut system = RootCertStore::empty();
        let (added, ignored) = system.add_parsable_certificates(found.certs);
        tracing::debug!(
            added,
            ignored,
            errors = found.errors.len(),
            "read the system's certificates"
        );
        Self {
            system,
            crypto: Arc::new(rustls::crypto::aws_lc_rs::default_provider()),
        }
    }

    /// TLS for one bundle and one certificate of our own: 1.2 and 1.3, HTTP/2 where the server offers it.
    pub(super) fn client(
        &self,
        bundle: Option<&str>,
        ours: Option<&ClientCertificate>,
    ) -> Result<ClientConfig, Refusal> {
        let bundle = bundle.map_or_else(|| Ok(Vec::new()), certificates)?;
        let identity = ours
            .map(|ours| identity::identity(ours, &self.crypto))
            .transpose()?;
        let mut roots = self.system.clone();
        for (position, certificate) in bundle.iter().enumerate() {
            roots
                .add(certificate.clone())
                .map_err(|_| unusable(position))?;
        }
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.crypto))
            .with_safe_default_protocol_versions()
            .map_err(|_| no_tls())?;
        let builder = if roots.is_empty() {
            // The library refuses to verify against nothing; this config refuses every server.
            builder.with_root_certificates(roots)
        } else {
            let verifier = WebPkiServerVerifier::builder_with_provider(
                Arc::new(roots),
                Arc::clone(&self.crypto),
            )
            .build()
            .map_err(|_| no_tls())?;
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Explaining { verifier, bundle }))
        };
        let mut config = match identity {
            Some(identity) => builder.with_client_cert_resolver(identity),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roots")
            .field("system", &self.system.len())
            .finish_non_exhaustive()
    }
}

/// Every certificate of a bundle. Other blocks are passed over; one that is damaged is named.
fn certificates(bundle: &str) -> Result<Vec<CertificateDer<'static>>, Refusal> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(bundle.as_bytes())
        .enumerate()
        .map(|(position, certificate)| certificate.map_err(|_| unusable(position)))
        .collect::<Result<_, _>>()?;
    if found.is_empty() {
        return Err(Refusal::new(
            Reason::SourceSecretInvalid,
            "the CA bundle holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)",
        ));
    }
    Ok(found)
}

fn unusable(position: usize) -> Refusal {
    Refusal::new(
        Reason::SourceSecretInvalid,
        format!(
            "certificate {} of the CA bundle cannot be read",
            position + 1
        ),
    )
}

fn no_tls() -> Refusal {
    Refusal::new(Reason::InternalError, "TLS could not be set up")
}

/// A sentence for a person.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library's errors grow; what is not a usual mistake gets one common sentence"
)]
pub(super) fn explain(error: &Error) -> String {
    let fault = match error {
        Error::InvalidCertificate(fault) => fault,
        Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            return "the server ended the handshake: HandshakeFailure; it may ask for a client certificate \
                    (connection.clientCertificate), or speak no cipher of TLS 1.2 or 1.3 that is safe"
                .to_owned();
        }
        Error::AlertReceived(alert) => {
            return format!("the server ended the handshake: {alert:?}");
        }
        _ => return "the handshake failed; the server may not speak TLS 1.2 or 1.3".to_owned(),
    };
    match fault {
        CertificateError::Other(OtherError(mistake)) if mistake.is::<Mistake>() => {
            mistake.to_string()
        }
        CertificateError::UnknownIssuer => {
            "the issuer of the certificate is unknown; give its CA as connection.caBundle"
                .to_owned()
        }
        CertificateError::BadSignature => {
            "the certificate is signed by another CA that has the name of a trusted one; give the present CA as \
             connection.caBundle"
                .to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the certificate is for another host name".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the certificate has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate is not valid yet".to_owned()
        }
        CertificateError::Revoked => "the certificate has been revoked".to_owned(),
        _ => "the certificate cannot be used for a server".to_owned(),
    }
}

// === impl Explaining ===

impl Explaining {
    fn mistake(&self, error: &Error, presented: &CertificateDer<'_>) -> Option<Mistake> {
        let Error::InvalidCertificate(fault) = error else {
            return None;
        };
        if let CertificateError::NotValidForNameContext { presented, .. } = fault {
            return presented.is_empty().then_some(Mistake::NoAlternativeName);
        }
        // The verifier's own error has no type that can be named here; its text is a constant.
        if let CertificateError::Other(inner) = fault {
            let is_ca = format!("{inner}").contains("CaUsedAsEndEntity");
            return is_ca.then_some(Mistake::CaAsServer);
        }
        let in_bundle = self.bundle.iter().any(|known| known == presented);
        (in_bundle && *fault == CertificateError::UnknownIssuer).then_some(Mistake::LeafInBundle)
    }
}

impl ServerCertVerifier for Explaining {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.verifier
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            .map_err(|error| match self.mistake(&error, end_entity) {
                Some(mistake) => Error::InvalidCertificate(CertificateError::Other(OtherError(
                    Arc::new(mistake),
                ))),
                None => error,
            })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}
