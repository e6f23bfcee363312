//! Validation rules of the schema, as data.
//!
//! They stand beside the field they guard, in `#[schemars(extend(…))]`, so that a provider can state its rules without
//! Kubernetes types. Each mistake meets one rule: a field never has both a `pattern` and a rule, and rules that could
//! meet the same mistake exclude each other.

use serde_json::{Value, json};

/// Names of Kubernetes objects (RFC 1123 subdomain).
const OBJECT_NAME: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
/// Keys of Secrets and ConfigMaps.
const KEY: &str = "^[-._a-zA-Z0-9]+$";
/// Durations short enough that no sum leaves what CEL and the operator can hold.
const DURATION: &str = "^([0-9]{1,9}(ms|s)|[0-9]{1,7}m|[0-9]{1,5}h)+$";
/// Absolute, http or https, and a host that is not a template. User information is left to a rule of its own.
const URL: &str =
    "^(?i:https?)://([^/?#]*@)?([-._a-zA-Z0-9]+|[[][0-9a-fA-F:.]+[]])(:[0-9]{1,5})?([/?#].*)?$";
/// Names of header fields (RFC 9110 section 5.6.2).
const HEADER_NAME: &str = "^[-!#$%&*+.^_`|~0-9a-zA-Z]+$";
/// Header fields that belong to the connection and not to the caller.
const CONNECTION_HEADERS: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// One rule: a CEL expression that must hold, and what to say when it does not.
pub fn rule(expression: &str, message: &str) -> Value {
    json!({"rule": expression, "message": message})
}

/// A rule that needs to see more than the member at fault, and blames that member.
pub fn rule_for(member: &str, expression: &str, message: &str) -> Value {
    json!({"rule": expression, "message": message, "fieldPath": member})
}

pub fn object_name() -> Value {
    json!([rule(
        &format!("self.matches('{OBJECT_NAME}')"),
        "must be the name of an object: lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit",
    )])
}

pub fn key() -> Value {
    json!([rule(
        &format!("self.matches('{KEY}')"),
        "may contain letters, digits, '-', '_' and '.' only",
    )])
}

/// The keys of a map are keys of a Secret or `ConfigMap`.
pub fn keys() -> Value {
    json!([rule(
        &format!("self.all(key, key.matches('{KEY}'))"),
        "keys may contain letters, digits, '-', '_' and '.' only",
    )])
}

pub fn one_line() -> Value {
    json!([rule("!self.matches('[[:cntrl:]]')", "must be one line")])
}

/// An address that requests are sent to.
pub fn url() -> Value {
    json!([
        rule(
            &format!("self.matches('{URL}')"),
            "must be an absolute URL whose host is written out, as in https://login.example.com/oauth2/token",
        ),
        rule(
            "!self.matches('^[^/?#]*//[^/?#]*@')",
            "must not contain a user name or password; put them into a source",
        ),
        rule("!self.contains('#')", "must not have a fragment (#)"),
    ])
}

/// True for an address that the network can read along.
pub fn is_plain_http(address: &str) -> String {
    format!("{address}.lowerAscii().startsWith('http://')")
}

pub fn duration_above_zero() -> Value {
    duration("duration(self) > duration('0s')", "longer than 0s")
}

pub fn duration_from(least: &str) -> Value {
    duration(
        &format!("duration(self) >= duration('{least}')"),
        &format!("at least {least}"),
    )
}

pub fn duration_between(least: &str, most: &str) -> Value {
    duration(
        &format!("duration(self) >= duration('{least}') && duration(self) <= duration('{most}')"),
        &format!("at least {least} and at most {most}"),
    )
}

fn duration(range: &str, words: &str) -> Value {
    json!([rule(
        &format!("self.matches('{DURATION}') && {range}"),
        &format!("must be a duration such as 90s, 15m or 1h30m, {words}"),
    )])
}

/// Blames `shorter` when it is longer than `longer`; what is no duration of at least a second is left to its own rule.
pub fn ordered(shorter: (&str, &str), longer: (&str, &str)) -> Value {
    let value =
        |(name, default): (&str, &str)| format!("(has(self.{name}) ? self.{name} : '{default}')");
    let (low, high) = (value(shorter), value(longer));
    rule_for(
        &format!(".{}", shorter.0),
        &format!(
            "!{low}.matches('{DURATION}') || !{high}.matches('{DURATION}') || duration({high}) < duration('1s') || \
             duration({low}) <= duration({high})"
        ),
        &format!(
            "{} must not be longer than {} (default {})",
            shorter.0, longer.0, longer.1
        ),
    )
}

/// A map of header fields; `reserved` are those that the caller sets itself, in lower case.
pub fn headers(reserved: &[&str]) -> Value {
    let names: Vec<_> = CONNECTION_HEADERS
        .iter()
        .chain(reserved)
        .map(|name| format!("'{name}'"))
        .collect();
    json!([
        rule(
            &format!("self.all(name, name.matches('{HEADER_NAME}'))"),
            "not the name of a header: letters, digits and '-' only",
        ),
        rule(
            &format!(
                "self.all(name, !(name.lowerAscii() in [{}]))",
                names.join(", ")
            ),
            &format!(
                "these headers are set by authkeeper or belong to the connection: {}",
                names.join(", ").replace('\'', "")
            ),
        ),
        rule(
            "self.all(name, !self[name].matches('[[:cntrl:]]'))",
            "the value of a header must be one line",
        ),
    ])
}

/// One header field name.
pub fn header_name() -> Value {
    json!([rule(
        &format!("self.matches('{HEADER_NAME}')"),
        "must be the name of a header: letters, digits and '-' only",
    )])
}

/// Schema of the texts in a list or map: at most `longest` long.
pub fn text(longest: u32) -> Value {
    json!({"type": "string", "maxLength": longest})
}

/// As [`text`], with rules.
pub fn text_with(longest: u32, rules: &Value) -> Value {
    json!({"type": "string", "maxLength": longest, "x-kubernetes-validations": rules})
}
