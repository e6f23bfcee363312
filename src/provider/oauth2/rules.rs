//! Rules of the schema of the `oauth2` block.

use serde_json::{Value, json};

use super::reserved::PARAMETERS;
use crate::rule::{self, rule};

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
    json!([
        rule(
            "self.all(name, name.matches('^[!-~]+$'))",
            "the name of a parameter is printable ASCII without spaces",
        ),
        rule(
            &format!("self.all(name, !(name in {}))", rule::list(PARAMETERS)),
            &format!(
                "these parameters have a member of their own or come from a source: {}",
                PARAMETERS.join(", ")
            ),
        ),
    ])
}
