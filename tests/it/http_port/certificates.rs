//! Certificates as people make them, the wrong ones included.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A self-signed CA for `localhost`, so that it can be misused as a server certificate.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// What a server shows, and its key.
pub(crate) struct Leaf {
    pub certificate: CertificateDer<'static>,
    pem: String,
    key: Vec<u8>,
}

// === impl Authority ===

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = params(&["localhost"]);
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn leaf(&self, names: &[&str]) -> Leaf {
        self.sign(&params(names))
    }

    pub(crate) fn expired_leaf(&self) -> Leaf {
        let mut params = params(&["localhost"]);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2020, 2, 1);
        self.sign(&params)
    }

    /// The mistake of `openssl req -x509`: the CA serves by itself.
    pub(crate) fn as_leaf(&self) -> Leaf {
        Leaf {
            certificate: self.0.der().clone(),
            pem: self.0.pem(),
            key: self.0.key().serialize_der(),
        }
    }

    fn sign(&self, params: &CertificateParams) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Leaf {
            certificate: certificate.der().clone(),
            pem: certificate.pem(),
            key: key.serialize_der(),
        }
    }
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    CertificateParams::new(names).unwrap()
}

// === impl Leaf ===

impl Leaf {
    pub(crate) fn pem(&self) -> String {
        self.pem.clone()
    }

    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.clone()).into()
    }
}
