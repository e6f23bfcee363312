//! Signed tokens for the demo identity provider (ES256).

use anyhow::{Result, anyhow};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A signing key made for one run.
#[derive(Debug)]
pub struct SigningKey(EcdsaKeyPair);

// === impl SigningKey ===

impl SigningKey {
    pub fn generate() -> Result<Self> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map_err(|_| anyhow!("no signing key"))?;
        Ok(Self(key))
    }

    /// The key set that a `jwks_uri` serves.
    pub fn jwks(&self) -> Value {
        // An uncompressed point: a marker byte and the two coordinates.
        let point = self.0.public_key().as_ref();
        let coordinate = |at: usize| URL_SAFE_NO_PAD.encode(&point[at..at + 32]);
        json!({"keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "demo",
            "x": coordinate(1), "y": coordinate(33),
        }]})
    }

    /// The claims as a signed token.
    pub fn sign(&self, claims: &Value) -> Result<String> {
        let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": "demo"});
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let signature = self
            .0
            .sign(&SystemRandom::new(), signed.as_bytes())
            .map_err(|_| anyhow!("the token was not signed"))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
