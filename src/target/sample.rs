//! A credential of the right shape and without worth, to try targets with before there is a real one.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Published;
use crate::{
    api::v1alpha1::Block,
    provider::{Credential, Expiry, ExpirySource},
    sensitive::SecretText,
};

/// Fits wherever a credential fits, and is text after base64 decoding too, so that templates that decode can be tried.
const TOKEN: &str = "e30";

const KEYS_OF_BEARER: &[&str] = &["access_token", "token_type", "authorization", "scope"];
const KEYS_OF_BASIC: &[&str] = &["username", "password", "basic", "authorization"];

/// A placeholder with the keys that the provider gives.
pub fn sample(block: &Block) -> Credential {
    let header = stated_header(block);
    let (scheme, keys, header): (_, &[&str], _) = match block {
        Block::None(_) => ("None", &[], None),
        Block::ApiKey(_) => {
            let header = header.unwrap_or_else(|| "X-API-Key".to_owned());
            let keys: &[&str] = if header.eq_ignore_ascii_case("authorization") {
                &["api_key", "authorization"]
            } else {
                &["api_key"]
            };
            ("ApiKey", keys, Some(header))
        }
        Block::Bearer(_) => ("Bearer", KEYS_OF_BEARER, Some(or_authorization(header))),
        Block::Basic(_) => ("Basic", KEYS_OF_BASIC, Some(or_authorization(None))),
        Block::OAuth2(_) => ("Bearer", KEYS_OF_BEARER, Some(or_authorization(None))),
    };
    Credential {
        scheme,
        values: keys
            .iter()
            .map(|key| ((*key).to_owned(), SecretText::new(TOKEN)))
            .collect::<BTreeMap<_, _>>(),
        header: header.map(|name| (name, SecretText::new(TOKEN))),
        expiry: Expiry::At(Timestamp::UNIX_EPOCH, ExpirySource::Source),
        missing_scopes: Vec::new(),
        learned_client_auth: None,
    }
}

/// The placeholder with every time that a credential can have.
pub(super) fn published(credential: &Credential) -> Published<'_> {
    Published {
        credential,
        obtained_at: Some(Timestamp::UNIX_EPOCH),
        expires_at: Some(Timestamp::UNIX_EPOCH),
    }
}

/// `header` of the block, as it is written: not every block has one.
fn stated_header(block: &Block) -> Option<String> {
    let block = serde_json::to_value(block).ok()?;
    let members = block.as_object()?.values().next()?;
    Some(members.get("header")?.as_str()?.to_owned())
}

fn or_authorization(header: Option<String>) -> String {
    header.unwrap_or_else(|| "Authorization".to_owned())
}
