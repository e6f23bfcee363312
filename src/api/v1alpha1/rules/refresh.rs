//! Rules of schedule and probe.

use serde_json::{Value, json};

use crate::rule::{self, rule};

pub(in crate::api) fn refresh() -> Value {
    json!([rule::ordered(
        ("minInterval", "10s"),
        ("maxInterval", "24h")
    )])
}

pub(in crate::api) fn retry() -> Value {
    json!([rule::ordered(("initial", "30s"), ("max", "15m"))])
}

pub(in crate::api) fn jitter() -> Value {
    json!([rule("self >= 0 && self <= 50", "must be from 0 to 50")])
}

pub(in crate::api) fn status_code() -> Value {
    json!({
        "type": "integer",
        "x-kubernetes-validations": [rule("self >= 100 && self <= 599", "must be an HTTP status code, 100 to 599")]
    })
}
