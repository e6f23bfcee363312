//! Finds out what a body is, whatever its content type says.

use std::collections::BTreeMap;

use http::{HeaderMap, header};
use serde_json::{Value, value::RawValue};

/// A body, read.
#[derive(Debug)]
pub(super) enum Body {
    Members(Members),
    Empty,
    /// An HTML page or another kind of XML: usually a proxy, or the wrong address.
    Page,
    /// Compressed, although nobody asked for it.
    Compressed,
    /// JSON that does not parse.
    Broken,
    /// JSON that is not an object.
    NotAnObject,
    Unknown,
}

/// The members of an object, by name. `null` is as good as absent.
pub(super) struct Members(BTreeMap<String, Value>);

/// The byte order mark of UTF-8.
const BOM: &[u8] = b"\xef\xbb\xbf";

// === impl Body ===

impl Body {
    pub(super) fn read(headers: &HeaderMap, bytes: &[u8]) -> Self {
        let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes).trim_ascii();
        let kind = media_type(headers).unwrap_or_default();
        match bytes.first() {
            None => Self::Empty,
            Some(b'{' | b'[') => json(bytes),
            Some(_) if is_compressed(headers) => Self::Compressed,
            Some(_) if kind == "application/json" || kind.ends_with("+json") => json(bytes),
            Some(b'<') => Self::Page,
            Some(_) if kind.ends_with("/html") || kind.ends_with("xml") => Self::Page,
            Some(_) => match kind.as_str() {
                "application/x-www-form-urlencoded" | "text/plain" | "" => form(bytes),
                _ => Self::Unknown,
            },
        }
    }

    pub(super) fn members(&self) -> Option<&Members> {
        match self {
            Self::Members(members) => Some(members),
            Self::Empty
            | Self::Page
            | Self::Compressed
            | Self::Broken
            | Self::NotAnObject
            | Self::Unknown => None,
        }
    }

    /// For a message to a person.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Members(_) => "an object",
            Self::Empty => "nothing",
            Self::Page => "an HTML or XML page",
            Self::Compressed => "a compressed body",
            Self::Broken => "JSON that does not parse",
            Self::NotAnObject => "JSON that is not an object",
            Self::Unknown => "neither JSON nor a form",
        }
    }
}

/// Reads member by member: a number that no machine can hold spoils its own member only.
fn json(bytes: &[u8]) -> Body {
    match serde_json::from_slice::<BTreeMap<String, &RawValue>>(bytes) {
        Ok(members) => Body::Members(Members(
            members
                .into_iter()
                .map(|(name, raw)| (name, member(raw.get())))
                .collect(),
        )),
        Err(_) if serde_json::from_slice::<&RawValue>(bytes).is_ok() => Body::NotAnObject,
        Err(_) => Body::Broken,
    }
}

fn member(raw: &str) -> Value {
    serde_json::from_str(raw).unwrap_or_else(|_| match raw.parse::<f64>() {
        // Beyond what a float holds, as 1e400 is: as large as possible will do.
        Ok(number) if number > 0.0 => Value::from(f64::MAX),
        Ok(_) => Value::from(f64::MIN),
        Err(_) => Value::Null,
    })
}

/// A form (RFC 6749 appendix B), which GitHub sends by default. Every part must be a named value.
fn form(bytes: &[u8]) -> Body {
    let named = bytes.split(|byte| *byte == b'&').all(|pair| {
        let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
        pair.len() > name.len()
            && !name.is_empty()
            && name
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-.%[]".contains(byte))
    });
    if !named {
        return Body::Unknown;
    }
    Body::Members(Members(
        url::form_urlencoded::parse(bytes)
            .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
            .collect(),
    ))
}

/// The media type without parameters, in lower case, if it looks like one.
pub(super) fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let kind = text.split(';').next()?.trim().to_ascii_lowercase();
    let (main, sub) = kind.split_once('/')?;
    let fits = |part: &str| {
        (1..=40).contains(&part.len())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    (fits(main) && fits(sub)).then_some(kind)
}

fn is_compressed(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

// === impl Members ===

impl Members {
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A member that is text and not blank.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?
            .as_str()
            .filter(|text| !text.trim().is_empty())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl std::fmt::Debug for Members {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Members").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: &str, bytes: &[u8]) -> Body {
        let mut headers = HeaderMap::new();
        if !kind.is_empty() {
            headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        }
        Body::read(&headers, bytes)
    }

    #[test]
    fn the_body_says_what_it_is() {
        for (kind, bytes, name) in [
            ("", &b""[..], "nothing"),
            ("text/html", b"{\"a\":1}", "an object"),
            ("text/plain", b"a=1&b=2", "an object"),
            ("application/json", b"a=1", "JSON that does not parse"),
            ("text/plain", b"error code: 1020", "neither JSON nor a form"),
            ("", b"not a form", "neither JSON nor a form"),
            ("", b"a&b", "neither JSON nor a form"),
            ("text/html", b"down for maintenance", "an HTML or XML page"),
            ("application/json", b"<html>", "JSON that does not parse"),
            ("", b" \n<html>", "an HTML or XML page"),
            ("", b"[1]", "JSON that is not an object"),
            ("application/json", b"\"x\"", "JSON that is not an object"),
            ("", b"{\"a\":1", "JSON that does not parse"),
            ("", b"\xef\xbb\xbf{\"a\":1}", "an object"),
        ] {
            assert_eq!(read(kind, bytes).name(), name, "{kind} {bytes:?}");
        }
    }

    #[test]
    fn a_number_out_of_range_spoils_only_itself() {
        let Body::Members(members) = read("", br#"{"a":1e400,"b":-1e400,"c":{"d":1e400},"e":2}"#)
        else {
            panic!("an object");
        };
        assert_eq!(members.get("a"), Some(&Value::from(f64::MAX)));
        assert_eq!(members.get("b"), Some(&Value::from(f64::MIN)));
        assert_eq!(members.get("c"), None);
        assert_eq!(members.get("e"), Some(&Value::from(2)));
    }
}
