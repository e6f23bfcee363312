//! What a value must look like. Every message names the place and never the value.

use jiff::{Timestamp, civil};
use regex::{Regex, RegexBuilder};
use url::Url;

use super::{
    field::Wanted,
    find::{Found, Hit},
    pem,
};
use crate::{
    duration::HumanDuration,
    field::FieldType,
    provider::{Input, Refusal},
    reason::Reason,
    sensitive::{SecretBytes, SecretText},
};

/// Most memory for one compiled pattern, in bytes.
const PATTERN_LIMIT: usize = 1024 * 1024;

/// Where literal defaults come from, as status shows it.
const SPEC: &str = "spec";

/// What the text of one field must look like.
struct Checks<'a> {
    kind: FieldType,
    allowed: &'a [String],
    pattern: Option<Regex>,
}

/// The value of a field that was found, checked. None: it was absent.
pub(super) fn input(wanted: &Wanted<'_>, found: &Found<'_>) -> Result<Option<Input>, Refusal> {
    let checks = Checks::of(wanted)?;
    let (source, key, value) = match found {
        Found::Absent => return Ok(None),
        Found::Refused(refusal) => return Err(refusal.clone()),
        Found::Default(default) => {
            if wanted.sensitive {
                return Err(Refusal::new(
                    Reason::InvalidSpec,
                    format!(
                        "field {} is sensitive and cannot have a default: put it into a Secret, or set sensitive: false",
                        wanted.name
                    ),
                ));
            }
            let value = checks.run(default).map_err(|problem| {
                Refusal::new(
                    Reason::InvalidSpec,
                    format!("field {}: default {problem}", wanted.name),
                )
            })?;
            (SPEC.to_owned(), "default".to_owned(), value)
        }
        Found::Key(hit) => (
            hit.source.name.clone(),
            hit.key.to_owned(),
            from_key(wanted, &checks, hit)?,
        ),
    };
    Ok(Some(Input {
        field: wanted.name.to_owned(),
        source,
        key,
        value,
    }))
}

fn from_key(
    wanted: &Wanted<'_>,
    checks: &Checks<'_>,
    hit: &Hit<'_>,
) -> Result<SecretText, Refusal> {
    if wanted.sensitive && hit.source.kind != super::SourceKind::Secret {
        return Err(Refusal::new(
            Reason::InsecureSource,
            format!(
                "field {} is sensitive and must not come from {}, key {}: move it to a Secret, or declare it with \
                 sensitive: false",
                wanted.name,
                hit.source.described(),
                hit.key,
            ),
        ));
    }
    text(hit.value)
        .ok_or_else(|| "is not UTF-8".to_owned())
        .and_then(|text| checks.run(text))
        .map_err(|problem| invalid(hit, wanted.name, &problem))
}

pub(super) fn invalid(hit: &Hit<'_>, field: &str, problem: &str) -> Refusal {
    let place = hit.source.described();
    Refusal::new(
        Reason::SourceSecretInvalid,
        format!("{place}, key {} (field {field}): {problem}", hit.key),
    )
}

/// UTF-8, without the one line ending that `echo` leaves behind. White space inside and before stays: it may belong
/// to a password.
pub(super) fn text(value: &SecretBytes) -> Option<&str> {
    let text = str::from_utf8(value.expose()).ok()?;
    Some(
        text.strip_suffix("\r\n")
            .or_else(|| text.strip_suffix('\n'))
            .unwrap_or(text),
    )
}

fn typed(kind: FieldType, text: &str) -> Result<SecretText, String> {
    if !matches!(kind, FieldType::Pem | FieldType::Bytes) {
        visible(text)?;
    }
    let trimmed = text.trim();
    let (fits, what) = match kind {
        FieldType::String | FieldType::Bytes => return Ok(SecretText::new(text)),
        FieldType::Pem => {
            return pem::tidied(text).ok_or_else(|| "is not PEM".to_owned());
        }
        FieldType::Integer => (trimmed.parse::<i64>().is_ok(), "an integer"),
        FieldType::Boolean => (
            trimmed.eq_ignore_ascii_case("true") || trimmed.eq_ignore_ascii_case("false"),
            "true or false",
        ),
        FieldType::Duration => (
            trimmed.parse::<HumanDuration>().is_ok(),
            "a duration, as in 90s or 1h30m",
        ),
        FieldType::Timestamp => (
            is_time(trimmed),
            "a time, as in 2030-01-31T12:00:00Z or seconds since 1970",
        ),
        FieldType::Url => (
            Url::parse(trimmed)
                .is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host()),
            "an https address",
        ),
    };
    if !fits {
        return Err(format!("is not {what}"));
    }
    Ok(SecretText::new(trimmed))
}

/// What servers write into `expires_at`: RFC 3339, RFC 1123, epoch, or UTC without saying so.
fn is_time(text: &str) -> bool {
    text.parse::<Timestamp>().is_ok()
        || text.parse::<civil::DateTime>().is_ok()
        || jiff::fmt::rfc2822::parse(text).is_ok()
        || (text.len() <= 13 && text.parse::<u64>().is_ok())
}

/// Servers answer "invalid client" to a zero-width space that no editor shows.
fn visible(text: &str) -> Result<(), String> {
    match text.char_indices().find(|(_, part)| is_invisible(*part)) {
        None => Ok(()),
        Some((offset, part)) => Err(format!(
            "contains the invisible character U+{:04X} at byte {offset}",
            u32::from(part)
        )),
    }
}

/// Control characters, format characters (Unicode category Cf), and line and paragraph separators.
fn is_invisible(part: char) -> bool {
    part.is_control()
        || matches!(
            u32::from(part),
            0xAD | 0x600..=0x605
                | 0x61C
                | 0x6DD
                | 0x70F
                | 0x890..=0x891
                | 0x8E2
                | 0x180E
                | 0x200B..=0x200F
                | 0x2028..=0x202E
                | 0x2060..=0x206F
                | 0xFEFF
                | 0xFFF9..=0xFFFB
                | 0x110BD
                | 0x110CD
                | 0x13430..=0x1343F
                | 0x1BCA0..=0x1BCA3
                | 0x1D173..=0x1D17A
                | 0xE0000..=0xE007F
        )
}

/// A pattern that matches whole values.
fn whole(pattern: &str) -> Option<Regex> {
    let compile = |pattern: &str| {
        RegexBuilder::new(pattern)
            .size_limit(PATTERN_LIMIT)
            .build()
            .ok()
    };
    // Alone first: `a)|(b` is only refused as it was written.
    compile(pattern)?;
    compile(&format!(r"\A(?:{pattern})\z"))
}

// === impl Checks ===

impl<'a> Checks<'a> {
    fn of(wanted: &Wanted<'a>) -> Result<Self, Refusal> {
        let pattern = match wanted.pattern {
            None => None,
            Some(pattern) => Some(whole(pattern).ok_or_else(|| {
                Refusal::new(
                    Reason::InvalidSpec,
                    format!("field {}: pattern is not a regular expression", wanted.name),
                )
            })?),
        };
        Ok(Self {
            kind: wanted.kind,
            allowed: wanted.allowed_values,
            pattern,
        })
    }

    fn run(&self, text: &str) -> Result<SecretText, String> {
        let value = typed(self.kind, text)?;
        if !self.allowed.is_empty() && !self.allowed.iter().any(|one| one == value.expose()) {
            return Err("is not one of allowedValues".to_owned());
        }
        match &self.pattern {
            Some(pattern) if !pattern.is_match(value.expose()) => {
                Err("does not match pattern".to_owned())
            }
            Some(_) | None => Ok(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_and_format_character_is_invisible_and_nothing_else() {
        let invisible = regex::Regex::new(r"\A[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]\z").unwrap();
        let reserved = |part: char| matches!(u32::from(part), 0x2065 | 0xE0000..=0xE007F);
        for part in ('\0'..=char::MAX).filter(|part| !reserved(*part)) {
            let mut bytes = [0; 4];
            let text = part.encode_utf8(&mut bytes);
            assert_eq!(is_invisible(part), invisible.is_match(text), "{part:?}");
        }
    }

    #[test]
    fn one_line_ending_is_stripped_and_white_space_is_kept() {
        for (stored, expected) in [
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            (" a b ", " a b "),
            ("a\r", "a\r"),
        ] {
            assert_eq!(
                text(&SecretBytes::new(stored)),
                Some(expected),
                "{stored:?}"
            );
        }
        assert_eq!(text(&SecretBytes::new([0xff])), None);
    }

    #[test]
    fn types_accept_what_they_name() {
        use FieldType::{Boolean, Duration, Integer, Timestamp, Url};
        for (kind, good, bad) in [
            (Integer, "-12", "1.5"),
            (Boolean, "True", "yes"),
            (Duration, "1h30m", "90"),
            (Timestamp, "2030-01-31T12:00:00+01:00", "tomorrow"),
            (Timestamp, "1893499200", "12345678901234"),
            (Timestamp, "2030-01-31 12:00:00", "12:00"),
            (Timestamp, "Thu, 31 Jan 2030 12:00:00 GMT", ""),
            (Url, "https://login.example.com/token", "login.example.com"),
            (Url, " https://a.example/ ", "file:///etc/passwd"),
        ] {
            assert_eq!(typed(kind, good).unwrap().expose(), good.trim());
            assert!(typed(kind, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn patterns_match_the_whole_value() {
        assert!(whole("a|ab").unwrap().is_match("ab"));
        assert!(!whole("a").unwrap().is_match("ab"));
        for pattern in ["a)|(b", "(", "(a{1000}){1000}"] {
            assert!(whole(pattern).is_none(), "{pattern}");
        }
    }
}
