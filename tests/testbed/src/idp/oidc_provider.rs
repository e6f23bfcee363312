//! npm `oidc-provider`, a certified implementation by other people, and `jose` to verify tokens.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::process::Supervised;
use crate::random::letters;
use crate::{node, ports};

const SERVER: &str = include_str!("../../node/oidc-provider.mjs");
const VERIFIER: &str = include_str!("../../node/verify.mjs");
/// Characters that RFC 6749 §2.3.1 wants form-encoded in Basic credentials.
const RESERVED: &str = " %&+:=/";

/// A client's name and secret, made for one run.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub id: String,
    pub secret: String,
}

/// A running provider; stops when dropped.
#[derive(Debug)]
pub struct OidcProvider {
    process: Supervised,
    port: u16,
    basic: Credentials,
    by_post: Credentials,
    introspector: Credentials,
    http: reqwest::Client,
}

/// One token request in the provider's ledger.
#[derive(Clone, Debug, Deserialize)]
pub struct TokenRequest {
    /// When it arrived (RFC 3339).
    pub at: String,
    /// The status of the answer; zero while there is none.
    pub status: u16,
}

/// A running verifier; stops when dropped.
#[derive(Debug)]
pub struct Verifier {
    process: Supervised,
    url: String,
    http: reqwest::Client,
}

// === impl OidcProvider ===

impl OidcProvider {
    /// Starts one whose tokens live so many seconds.
    pub fn start(lifetime_seconds: u32) -> Result<Self> {
        let [basic, by_post, introspector] = [
            credentials("basic")?,
            credentials("post")?,
            credentials("introspector")?,
        ];
        let client = |client: &Credentials, method| json!({"id": client.id, "secret": client.secret, "method": method});
        let configuration = json!({
            "port": ports::free(),
            "lifetimeSeconds": lifetime_seconds,
            "introspector": introspector.id,
            "clients": [
                client(&basic, "client_secret_basic"),
                client(&by_post, "client_secret_post"),
                client(&introspector, "client_secret_post"),
            ],
        });
        let (process, port) =
            node::serve("oidc-provider", SERVER, Some(&configuration.to_string()))?;
        Ok(Self {
            process,
            port,
            basic,
            by_post,
            introspector,
            http: http_client()?,
        })
    }

    pub fn issuer(&self) -> String {
        format!("http://{}", self.address())
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    pub fn token_url(&self) -> String {
        format!("{}/token", self.issuer())
    }

    pub fn jwks_url(&self) -> String {
        format!("{}/jwks", self.issuer())
    }

    /// The client that authenticates by `client_secret_basic`.
    pub fn basic_client(&self) -> &Credentials {
        &self.basic
    }

    /// The client that authenticates by `client_secret_post`.
    pub fn post_client(&self) -> &Credentials {
        &self.by_post
    }

    /// Whether the provider itself says that an opaque token is valid (RFC 7662).
    pub async fn is_active(&self, token: &str) -> Result<bool> {
        let Credentials { id, secret } = &self.introspector;
        let form = [
            ("client_id", id.as_str()),
            ("client_secret", secret),
            ("token", token),
        ];
        let url = format!("{}/token/introspection", self.issuer());
        let answer: Value = self
            .http
            .post(url)
            .form(&form)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        answer["active"]
            .as_bool()
            .context("an introspection answer without `active`")
    }

    /// The token requests so far.
    pub async fn token_requests(&self) -> Result<Vec<TokenRequest>> {
        let url = format!("{}/ledger", self.issuer());
        Ok(self
            .http
            .get(url)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?)
    }

    /// The process, for its output and to kill it.
    pub fn process(&self) -> &Supervised {
        &self.process
    }
}

// === impl Verifier ===

impl Verifier {
    pub fn start() -> Result<Self> {
        let (process, port) = node::serve("verify", VERIFIER, None)?;
        Ok(Self {
            process,
            url: format!("http://127.0.0.1:{port}/"),
            http: http_client()?,
        })
    }

    /// Verifies signature, expiry, issuer and audience; returns the claims, or an error with jose's reason.
    pub async fn verify(
        &self,
        token: &str,
        jwks_url: &str,
        issuer: &str,
        audience: &str,
    ) -> Result<Value> {
        let question =
            json!({"token": token, "jwksUrl": jwks_url, "issuer": issuer, "audience": audience});
        let answer = self.http.post(&self.url).json(&question).send().await?;
        let accepted = answer.status().is_success();
        let mut answer: Value = answer.json().await?;
        if !accepted {
            bail!("jose refused the token: {answer}");
        }
        Ok(answer["payload"].take())
    }

    /// The process, for its output.
    pub fn process(&self) -> &Supervised {
        &self.process
    }
}

fn http_client() -> Result<reqwest::Client> {
    crate::crypto::install();
    Ok(reqwest::Client::builder()
        .no_proxy()
        .timeout(std::time::Duration::from_secs(10))
        .build()?)
}

fn credentials(name: &str) -> Result<Credentials> {
    Ok(Credentials {
        id: format!("{name}{RESERVED}{}", letters(4)?),
        secret: format!("{}{RESERVED}{}", letters(8)?, letters(8)?),
    })
}
