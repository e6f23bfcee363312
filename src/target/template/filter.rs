//! Filters of templates. All take text and give text; none is longer than what fuel pays for.

use std::fmt::Write as _;

use aws_lc_rs::digest;
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose},
};
use minijinja::{Environment, Error, ErrorKind, filters, tests};

/// Lenient about padding, since tokens come with and without.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const LENIENT_STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const LENIENT_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

pub(super) fn add_to(environment: &mut Environment<'_>) {
    environment.add_filter("b64", |text: &str| general_purpose::STANDARD.encode(text));
    environment.add_filter("b64url", |text: &str| {
        general_purpose::URL_SAFE_NO_PAD.encode(text)
    });
    environment.add_filter("b64d", decode);
    environment.add_filter("hex", |text: &str| hex::encode(text));
    environment.add_filter("sha256", |text: &str| {
        hex::encode(digest::digest(&digest::SHA256, text.as_bytes()))
    });
    environment.add_filter("urlenc", percent_encode);
    environment.add_filter("lower", |text: &str| text.to_lowercase());
    environment.add_filter("upper", |text: &str| text.to_uppercase());
    environment.add_filter("trim", |text: &str| text.trim().to_owned());
    environment.add_filter("json", |text: &str| quoted(text));
    environment.add_filter("yaml", |text: &str| quoted(text));
    environment.add_filter("toml", |text: &str| quoted(text));
    environment.add_filter("shell", shell);
    environment.add_filter("ini", ini);
    environment.add_filter("default", filters::default);
    environment.add_test("defined", tests::is_defined);
    environment.add_test("undefined", tests::is_undefined);
}

fn unsuitable() -> Error {
    Error::from(ErrorKind::InvalidOperation)
}

fn decode(text: &str) -> Result<String, Error> {
    let text = text.trim();
    let bytes = LENIENT_STANDARD
        .decode(text)
        .or_else(|_| LENIENT_URL.decode(text))
        .map_err(|_| unsuitable())?;
    String::from_utf8(bytes).map_err(|_| unsuitable())
}

/// RFC 3986: everything but unreserved characters.
fn percent_encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&hex::encode_upper([byte]));
        }
        out
    })
}

/// In double quotes, with the escapes that JSON, YAML and TOML have in common. JSON leaves some characters alone that
/// the others refuse.
fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json.chars().fold(String::new(), |mut out, part| {
        if matches!(
            part,
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}'
        ) {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{:04x}", u32::from(part));
        } else {
            out.push(part);
        }
        out
    })
}

/// One word of a POSIX shell, and of a dotenv file.
pub(in crate::target) fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The value of one line. There is no standard; this is what git and systemd read. Line breaks cannot be written.
fn ini(text: &str) -> Result<String, Error> {
    if text.chars().any(char::is_control) {
        return Err(unsuitable());
    }
    let plain = text.trim() == text && !text.contains(['"', '\\', ';', '#']);
    if plain {
        return Ok(text.to_owned());
    }
    Ok(format!(
        "\"{}\"",
        text.replace('\\', r"\\").replace('"', "\\\"")
    ))
}
