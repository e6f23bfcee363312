//! Rules of the schema of the `oauth2` block.

use serde_json::{Value, json};

use crate::rule::{self, rule};

/// Parameters that the protocol fills from other members or from the sources.
const RESERVED_PARAMETERS: &[&str] = &[
    "grant_type",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "scope",
    "audience",
    "resource",
    "username",
    "password",
    "refresh_token",
    "assertion",
];

/// RFC 6749 section 3.3. A space would make two scopes of one item.
pub(super) fn scope() -> Value {
    rule::text_with(
        1024,
        &json!([rule(
            "self.matches('^[!#-\\\\[\\\\]-~]+$')",
            "must be one scope, without spaces, quotes and backslashes; write one list item per scope",
        )]),
    )
}

pub(super) fn grant_type() -> Value {
    json!([rule(
        "self.matches('^[!-~]+$')",
        "must be printable ASCII without spaces",
    )])
}

pub(super) fn parameters() -> Value {
    let reserved: Vec<_> = RESERVED_PARAMETERS
        .iter()
        .map(|name| format!("'{name}'"))
        .collect();
    json!([
        rule(
            "self.all(name, name.matches('^[!-~]+$'))",
            "the name of a parameter is printable ASCII without spaces",
        ),
        rule(
            &format!("self.all(name, !(name in [{}]))", reserved.join(", ")),
            &format!(
                "these parameters have a member of their own or come from a source: {}",
                RESERVED_PARAMETERS.join(", ")
            ),
        ),
    ])
}
