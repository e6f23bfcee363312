//! User name and password, for formats that know nothing else.

use super::Shape;
use crate::target::fault::Fault;

/// What most servers accept beside a token.
const USERNAME: &str = "oauth2";

/// The pair of the credential; for a token or a key, the target's user name beside it.
pub(super) fn login<'a>(shape: &'a Shape<'_>) -> Result<(&'a str, &'a str), Fault> {
    if let (Some(username), Some(password)) = (shape.member("username"), shape.member("password")) {
        return Ok((username, password));
    }
    let token = shape
        .member("access_token")
        .or_else(|| shape.member("api_key"));
    match token {
        Some(token) => Ok((shape.target.username.as_deref().unwrap_or(USERNAME), token)),
        None => Err(Fault::spec(
            "format",
            "needs a credential with a password, a token or a key",
        )),
    }
}
