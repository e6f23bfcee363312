//! Reads the answers of token endpoints, as they are and not as they should be: any content type, lifetimes in every
//! notation, refusals with status 200, the words of vendors. Pure: bytes and a time in, a token or a refusal out.
//!
//! Nothing that a server wrote leaves this module but a token, its scopes, and codes from a closed list.

mod body;
mod codes;
mod jwt;
mod life;
mod number;
mod pause;
mod scope;
mod signals;
mod time;
mod token;
mod verdict;
mod words;

use http::HeaderMap;
use jiff::Timestamp;
use url::Url;

use super::{Credential, Expiry, Material, Refusal, http::Response};
use crate::{reason::Reason, sensitive::SecretText};
use body::{Body, Members};

pub(super) use jwt::end as jwt_end;
pub(super) use time::stated_by_source;

/// What the reading of an answer depends on besides the answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'a> {
    pub now: Timestamp,
    /// Where the request went.
    pub endpoint: &'a Url,
    /// What was sent: a word of the server that repeats a part of it is never reported.
    pub material: &'a Material,
    /// What `invalid_grant` means for the grant that was used.
    pub rejected_grant: Reason,
    /// Scopes that were asked for.
    pub scopes: &'a [&'a str],
    /// Text between two scopes, where it is not a space.
    pub scope_separator: Option<&'a str>,
}

/// An answer, taken apart.
#[derive(Debug)]
struct Answer<'a> {
    status: u16,
    headers: &'a HeaderMap,
    body: Body,
}

/// Reads the answer to a token request (RFC 6749 section 5).
pub(super) fn token(response: &Response, reading: Reading<'_>) -> Result<Credential, Refusal> {
    let answer = Answer {
        status: response.status,
        headers: &response.headers,
        body: Body::read(&response.headers, response.body.expose()),
    };
    if let Some(refusal) = verdict::refusal(&answer, reading) {
        return Err(refusal);
    }
    let Body::Members(members) = &answer.body else {
        return Err(verdict::malformed(&answer, reading));
    };
    let refuse = |(reason, detail)| verdict::report(&answer, reading, reason, detail);
    let Some(token) = token::access_token(members).map_err(refuse)? else {
        return Err(verdict::malformed(&answer, reading));
    };
    token::check_type(members).map_err(refuse)?;
    let expiry = life::expiry(members, token, reading.now).map_err(refuse)?;
    Ok(bearer(token, expiry, members, reading))
}

/// The credential of the class bearer: every consumer finds the same keys.
fn bearer(token: &str, expiry: Expiry, members: &Members, reading: Reading<'_>) -> Credential {
    let line = format!("Bearer {token}");
    let mut values = std::collections::BTreeMap::from([
        ("access_token".to_owned(), SecretText::new(token)),
        ("token_type".to_owned(), SecretText::new("Bearer")),
        ("authorization".to_owned(), SecretText::new(line.as_str())),
    ]);
    let granted = scope::granted(members, reading.scopes, reading.scope_separator);
    if let Some(scope) = granted.text {
        values.insert("scope".to_owned(), SecretText::new(scope));
    }
    Credential {
        scheme: "Bearer",
        values,
        header: Some(("Authorization".to_owned(), SecretText::new(line))),
        expiry,
        missing_scopes: granted.missing,
        learned_client_auth: None,
    }
}
