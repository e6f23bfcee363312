//! Validation rules of the schema, as data.
//!
//! They stand beside the field they guard, in `#[schemars(extend(…))]`, so that a provider can state its rules without
//! Kubernetes types. Each mistake meets one rule: a field never has both a `pattern` and a rule, and rules that could
//! meet the same mistake exclude each other.

use serde_json::{Value, json};

/// Names of Kubernetes objects (RFC 1123 subdomain).
const OBJECT_NAME: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
/// Keys of a Secret or `ConfigMap`.
const KEY: &str = "^[-._a-zA-Z0-9]+$";
/// Durations short enough that no sum leaves what CEL and the operator can hold.
const DURATION: &str = "^([0-9]{1,9}(ms|s)|[0-9]{1,7}m|[0-9]{1,5}h)+$";
/// Scheme, host and port of an absolute address. The host is never a template, so that nobody who may edit a source
/// decides where a secret is sent. User information is left to a rule of its own.
const ORIGIN: &str =
    "(?i:https?)://([^/?#]*@)?([-._a-zA-Z0-9]+|[[][0-9a-fA-F:.]+[]])(:[0-9]{1,5})?";
/// Names of header fields (RFC 9110 section 5.6.2).
const HEADER_NAME: &str = "^[-!#$%&*+.^_`|~0-9a-zA-Z]+$";
/// Header fields that belong to the connection and not to the caller.
pub const CONNECTION_HEADERS: &[&str] = &[
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

/// An address that requests are sent to, written out.
pub fn address() -> Value {
    address_rules(
        "([/?#][^{}[:space:][:cntrl:]]*)?",
        "must be an absolute URL without templates, as in https://login.example.com/oauth2/token",
    )
}

/// An address whose path and query may be templates.
pub fn address_with_template() -> Value {
    address_rules(
        "([/?#][^[:cntrl:]]*)?",
        "must be an absolute URL whose host is written out, as in https://api.example.com/me",
    )
}

fn address_rules(path: &str, message: &str) -> Value {
    json!([
        rule(&format!("self.matches('^{ORIGIN}{path}$')"), message),
        rule(
            "!self.matches('^[^/?#]*//[^/?#]*@')",
            "must not contain a user name or password; put them into a source",
        ),
        rule("!self.contains('#')", "must not have a fragment (#)"),
    ])
}

/// The address of a proxy, which has no path.
pub fn proxy_address() -> Value {
    json!([
        rule(
            &format!("self.matches('^{ORIGIN}/?$')"),
            "must be http:// or https:// with host and port, without a path, as in http://proxy.example.com:3128",
        ),
        rule(
            "!self.matches('^[^/?#]*//[^/?#]*@')",
            "must not contain a user name or password; proxies that ask for them are not supported",
        ),
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

/// A map of header fields; `reserved` are those that nobody may set by hand, in lower case.
pub fn headers(reserved: &[&str]) -> Value {
    json!([
        rule(
            &format!("self.all(name, name.matches('{HEADER_NAME}'))"),
            "not the name of a header: letters, digits and '-' only",
        ),
        rule(
            &format!("self.all(name, !(name.lowerAscii() in {}))", list(reserved)),
            &format!(
                "these headers are set by authkeeper or belong to the connection: {}",
                reserved.join(", ")
            ),
        ),
        rule(
            "self.all(name, self[name].matches('^[ -~]*$'))",
            "the value of a header must be printable ASCII",
        ),
    ])
}

/// The name of the header that carries a credential.
pub fn header_name() -> Value {
    json!([rule(
        &format!(
            "self.matches('{HEADER_NAME}') && !(self.lowerAscii() in {})",
            list(CONNECTION_HEADERS)
        ),
        "must be the name of a header, letters, digits and '-' only, and none that belongs to the connection",
    )])
}

/// What stands before a credential in its header.
pub fn header_prefix() -> Value {
    json!([rule(
        "self.matches('^[!-~][ -~]*$')",
        "must be printable ASCII that does not begin with a space",
    )])
}

/// A CEL list of texts.
pub fn list(texts: &[&str]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| format!("'{text}'")).collect();
    format!("[{}]", texts.join(", "))
}

/// Schema of the texts in a list or map: at most `longest` long.
pub fn text(longest: u32) -> Value {
    json!({"type": "string", "maxLength": longest})
}

/// As [`text`], with rules.
pub fn text_with(longest: u32, rules: &Value) -> Value {
    json!({"type": "string", "maxLength": longest, "x-kubernetes-validations": rules})
}
