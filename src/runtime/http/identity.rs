//! Who we are to a server that asks: a certificate chain and its key, checked before any server sees them.

use std::{error::Error, sync::Arc};

use rustls::{
    AlertDescription,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::ParsedCertificate,
    sign::{CertifiedKey, SigningKey, SingleCertAndKey},
};

use crate::{
    provider::{Refusal, http::ClientCertificate},
    reason::Reason,
};

const CERTIFICATE: &str = "connection.clientCertificate.certificate";
const PRIVATE_KEY: &str = "connection.clientCertificate.privateKey";
/// Alerts that servers end a handshake with over the certificate of the client, and what they mean when one was shown.
const ALERTS: &[(AlertDescription, &str)] = &[
    (
        AlertDescription::CertificateRequired,
        "the server asks for a client certificate and accepts no signature that its key can make; use a key of another \
         type",
    ),
    (
        AlertDescription::UnknownCA,
        "the server does not know the issuer of the client certificate; the chain may lack an intermediate certificate",
    ),
    (
        AlertDescription::CertificateExpired,
        "the client certificate has expired",
    ),
    (
        AlertDescription::CertificateRevoked,
        "the client certificate has been revoked",
    ),
    (
        AlertDescription::UnsupportedCertificate,
        "the client certificate is of a kind that the server does not accept; it may lack the usage clientAuth",
    ),
    (AlertDescription::BadCertificate, REFUSED),
    (AlertDescription::CertificateUnknown, REFUSED),
    (AlertDescription::AccessDenied, REFUSED),
    (AlertDescription::DecryptError, REFUSED),
    (AlertDescription::HandshakeFailure, REFUSED),
];
const REFUSED: &str = "the server refused the client certificate";
/// Those that, when none was shown, mean that one is asked for.
const ASKS: &[AlertDescription] = &[
    AlertDescription::CertificateRequired,
    AlertDescription::BadCertificate,
    AlertDescription::CertificateUnknown,
];
/// How PKCS#8, and OpenSSL before it, mark a key that needs a passphrase.
const ENCRYPTED: &[&str] = &["BEGIN ENCRYPTED PRIVATE KEY", "Proc-Type: 4,ENCRYPTED"];

/// Certificate and key for TLS, or which of the two cannot be used.
pub(super) fn identity(
    given: &ClientCertificate,
    crypto: &CryptoProvider,
) -> Result<Arc<SingleCertAndKey>, Refusal> {
    let chain = chain(&given.chain)?;
    let key = private_key(given.private_key.expose(), crypto)?;
    if !belongs(&chain, &key, 0) {
        let elsewhere = (1..chain.len()).any(|position| belongs(&chain, &key, position));
        return Err(if elsewhere {
            invalid(
                CERTIFICATE,
                "must begin with the certificate of the private key; its issuers come after it",
            )
        } else {
            invalid(PRIVATE_KEY, "does not belong to the certificate")
        });
    }
    Ok(Arc::new(CertifiedKey::new(chain, key).into()))
}

fn chain(pem: &str) -> Result<Vec<CertificateDer<'static>>, Refusal> {
    let mut chain = Vec::new();
    for (position, found) in CertificateDer::pem_slice_iter(pem.as_bytes()).enumerate() {
        let readable = found
            .ok()
            .filter(|certificate| ParsedCertificate::try_from(certificate).is_ok());
        let Some(certificate) = readable else {
            let problem = format!("certificate {} cannot be read", position + 1);
            return Err(invalid(CERTIFICATE, &problem));
        };
        chain.push(certificate);
    }
    if chain.is_empty() {
        return Err(invalid(
            CERTIFICATE,
            "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)",
        ));
    }
    Ok(chain)
}

fn private_key(pem: &str, crypto: &CryptoProvider) -> Result<Arc<dyn SigningKey>, Refusal> {
    if ENCRYPTED.iter().any(|mark| pem.contains(mark)) {
        return Err(invalid(
            PRIVATE_KEY,
            "is encrypted; it must be unencrypted, as openssl pkey -in key.pem writes it",
        ));
    }
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| {
        invalid(
            PRIVATE_KEY,
            "holds no private key in PEM form (-----BEGIN PRIVATE KEY-----; PKCS#8, PKCS#1 or SEC1)",
        )
    })?;
    crypto.key_provider.load_private_key(key).map_err(|_| {
        invalid(
            PRIVATE_KEY,
            "cannot be used: it is damaged, or neither RSA of at least 2048 bits, ECDSA (P-256, P-384, P-521) nor Ed25519",
        )
    })
}

fn belongs(chain: &[CertificateDer<'static>], key: &Arc<dyn SigningKey>, position: usize) -> bool {
    let certificate = chain.get(position).cloned().into_iter().collect();
    CertifiedKey::new(certificate, Arc::clone(key))
        .keys_match()
        .is_ok()
}

fn invalid(part: &str, problem: &str) -> Refusal {
    Refusal::new(Reason::SourceSecretInvalid, format!("{part} {problem}"))
}

/// What the server says about our certificate, or about its absence. HTTP/2 keeps of an alert only its text, which is
/// the library's own and constant.
pub(super) fn judged<'a>(
    mut causes: impl Iterator<Item = &'a (dyn Error + 'static)>,
    shown: bool,
) -> Option<String> {
    let (alert, words) = causes.find_map(|error| {
        let text = error.to_string();
        ALERTS
            .iter()
            .find(|(alert, _)| text == rustls::Error::AlertReceived(*alert).to_string())
    })?;
    if shown {
        return Some(if *words == REFUSED {
            format!("{REFUSED}: {alert:?}")
        } else {
            (*words).to_owned()
        });
    }
    ASKS.contains(alert).then(|| {
        "the server asks for a client certificate; set connection.clientCertificate".to_owned()
    })
}
