//! What was granted, compared with what was asked for.

use serde_json::Value;

use super::body::Members;

/// Scopes of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Granted {
    /// Granted scopes, separated by one space; what was asked for where the server does not say (RFC 6749 section 5.1).
    pub text: Option<String>,
    /// Scopes that were asked for and not granted.
    pub missing: Vec<String>,
}

/// Text or an array; order does not matter, and an empty one says nothing.
pub(super) fn granted(members: &Members, asked: &[&str], separator: Option<&str>) -> Granted {
    let stated = members
        .get("scope")
        .map(|scope| names(scope, separator))
        .unwrap_or_default();
    let missing = asked
        .iter()
        .filter(|name| !stated.is_empty() && !stated.contains(*name) && !is_placeholder(name))
        .map(|name| (*name).to_owned())
        .collect();
    let shown = if stated.is_empty() { asked } else { &stated };
    Granted {
        text: (!shown.is_empty()).then(|| shown.join(" ")),
        missing,
    }
}

fn names<'a>(scope: &'a Value, separator: Option<&str>) -> Vec<&'a str> {
    let mut names = Vec::new();
    match scope {
        Value::String(text) => collect(text, separator, &mut names),
        Value::Array(items) => {
            for item in items {
                collect(item.as_str().unwrap_or_default(), separator, &mut names);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
    }
    names
}

fn collect<'a>(text: &'a str, separator: Option<&str>, names: &mut Vec<&'a str>) {
    let parts: Vec<&str> = match separator {
        Some(separator) if !separator.is_empty() => text.split(separator).collect(),
        Some(_) | None => vec![text],
    };
    for name in parts.into_iter().flat_map(|part| part.split([' ', ','])) {
        let name = name.trim();
        if !name.is_empty() && !name.chars().any(char::is_control) && !names.contains(&name) {
            names.push(name);
        }
    }
}

/// Microsoft's `…/.default` stands for whatever was consented to and is never granted by that name.
fn is_placeholder(name: &str) -> bool {
    name == ".default" || name.ends_with("/.default")
}
