//! No value ever reaches a message.

use proptest::prelude::*;
use serde_json::json;

use super::{SourceKind, method, select_one, source};

/// Cannot occur in a message by chance.
const MARK: &str = "ZQXJ";

proptest! {
    #[test]
    fn no_value_reaches_a_refusal(
        kinds in proptest::collection::vec(0..3_usize, 3),
        values in proptest::collection::vec("[ \t\r\na\u{200b}\u{feff}\u{0}-]{0,3}", 3),
        field_type in proptest::sample::select(vec![
            "String", "Integer", "Boolean", "Duration", "Timestamp", "Url", "Pem", "Bytes",
        ]),
        pattern in proptest::option::of("[a(]{0,2}"),
        sensitive: bool,
    ) {
        let kind = |place: usize| {
            [SourceKind::Secret, SourceKind::ConfigMap, SourceKind::Values][kinds[place]]
        };
        let stored: Vec<String> = values.iter().map(|value| format!("{value}{MARK}{value}")).collect();
        let sources = [
            source(kind(0), "one", &[("user-name", &stored[0]), ("password", &stored[1])]),
            source(kind(1), "two", &[("Password", &stored[1]), ("username", &stored[2])]),
            source(kind(2), "three", &[("extra", &stored[2]), ("EXTRA", &stored[0])]),
        ];
        let method = method(json!({"basic": {}, "fields": [
            {"name": "UserName", "role": "principal", "sensitive": sensitive},
            {"name": "Password", "role": "credential", "type": field_type, "sensitive": sensitive},
            {"name": "Extra", "required": false, "pattern": pattern, "sensitive": sensitive},
        ]}));
        let shown = match select_one(&method, &sources) {
            Ok(candidate) => format!("{candidate:?}"),
            Err(refusal) => format!("{refusal:?}"),
        };
        prop_assert!(!shown.contains(MARK), "{}", shown);
        let shown = format!("{sources:?}");
        prop_assert!(!shown.contains(MARK), "{}", shown);
    }
}
