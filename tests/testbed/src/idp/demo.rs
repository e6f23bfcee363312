//! A small honest OAuth server for the demo: client credentials, introspection, metadata and keys.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Answer, Recorded, ScriptedIdp};
use crate::jwt::SigningKey;
use crate::random::letters;

/// Where tokens are issued.
pub const TOKEN_PATH: &str = "/token";

/// How the demo's server behaves.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    pub client_id: String,
    pub client_secret: String,
    /// How long a token lives.
    pub lifetime: Duration,
    /// Whether tokens are JWTs that `/jwks` verifies, or opaque.
    pub jwt: bool,
}

/// The server; stops when dropped.
#[derive(Debug)]
pub struct DemoIdp {
    server: ScriptedIdp,
    desk: Arc<Desk>,
}

/// Issues tokens and remembers them.
#[derive(Debug)]
struct Desk {
    options: DemoOptions,
    issuer: String,
    key: SigningKey,
    issued: Mutex<HashMap<String, Timestamp>>,
}

// === impl DemoIdp ===

impl DemoIdp {
    pub fn start(options: DemoOptions) -> Result<Self> {
        let server = ScriptedIdp::http()?;
        let (issuer, key) = (server.url(""), SigningKey::generate()?);
        let desk = Arc::new(Desk {
            options,
            issuer,
            key,
            issued: Mutex::default(),
        });
        let state = Arc::clone(&desk);
        server.otherwise(move |request| state.answer(request));
        Ok(Self { server, desk })
    }

    pub fn issuer(&self) -> &str {
        &self.desk.issuer
    }

    pub fn token_url(&self) -> String {
        self.server.url(TOKEN_PATH)
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The one client: id and secret.
    pub fn client(&self) -> (&str, &str) {
        let options = &self.desk.options;
        (&options.client_id, &options.client_secret)
    }

    /// How many tokens were issued.
    pub fn issued(&self) -> usize {
        self.desk.issued().len()
    }

    /// Until when the token is valid, if it was issued here.
    pub fn expiry(&self, token: &str) -> Option<Timestamp> {
        self.desk.issued().get(token).copied()
    }

    /// The server below, to script faults and read the ledger.
    pub fn server(&self) -> &ScriptedIdp {
        &self.server
    }
}

// === impl Desk ===

impl Desk {
    fn answer(&self, request: &Recorded) -> Answer {
        let issuer = &self.issuer;
        match (request.method.as_str(), request.path.as_str()) {
            (
                "GET",
                "/.well-known/openid-configuration" | "/.well-known/oauth-authorization-server",
            ) => Answer::json(
                200,
                &json!({
                    "issuer": issuer,
                    "token_endpoint": format!("{issuer}{TOKEN_PATH}"),
                    "introspection_endpoint": format!("{issuer}/introspect"),
                    "jwks_uri": format!("{issuer}/jwks"),
                    "grant_types_supported": ["client_credentials"],
                    "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                }),
            ),
            ("GET", "/jwks") => Answer::json(200, &self.key.jwks()),
            ("POST", TOKEN_PATH) => self.token(request),
            ("POST", "/introspect") => self.introspect(request),
            _ => Answer::status(404),
        }
    }

    fn token(&self, request: &Recorded) -> Answer {
        if !self.is_client(request) {
            return Answer::error(401, "invalid_client", "unknown client or wrong secret");
        }
        if request.field("grant_type").as_deref() != Some("client_credentials") {
            return Answer::error(400, "unsupported_grant_type", "only client_credentials");
        }
        match self.issue(request) {
            Ok(token) => Answer::token(&token, self.options.lifetime.as_secs())
                .header("cache-control", "no-store"),
            Err(error) => Answer::error(500, "server_error", &error.to_string()),
        }
    }

    fn issue(&self, request: &Recorded) -> Result<String> {
        let now = Timestamp::now();
        let expiry = now + SignedDuration::try_from(self.options.lifetime)?;
        let unique = letters(24)?;
        let token = if self.options.jwt {
            self.key.sign(&json!({
                "iss": self.issuer,
                "sub": self.options.client_id,
                "client_id": self.options.client_id,
                "aud": request.field("resource").unwrap_or_else(|| self.issuer.clone()),
                "scope": request.field("scope").unwrap_or_default(),
                "iat": now.as_second(),
                "exp": expiry.as_second(),
                "jti": unique,
            }))?
        } else {
            unique
        };
        self.issued().insert(token.clone(), expiry);
        Ok(token)
    }

    fn introspect(&self, request: &Recorded) -> Answer {
        if !self.is_client(request) {
            return Answer::error(401, "invalid_client", "unknown client or wrong secret");
        }
        let expiry = request
            .field("token")
            .and_then(|token| self.issued().get(&token).copied());
        match expiry.filter(|expiry| *expiry > Timestamp::now()) {
            Some(expiry) => Answer::json(
                200,
                &json!({"active": true, "client_id": self.options.client_id, "exp": expiry.as_second()}),
            ),
            None => Answer::json(200, &json!({"active": false})),
        }
    }

    fn is_client(&self, request: &Recorded) -> bool {
        let given = request.basic().or_else(|| {
            request
                .field("client_id")
                .zip(request.field("client_secret"))
        });
        given.is_some_and(|(id, secret)| {
            id == self.options.client_id && secret == self.options.client_secret
        })
    }

    fn issued(&self) -> MutexGuard<'_, HashMap<String, Timestamp>> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
