//! Which characters a looked-up value may hold. What a terminal does not show is the usual cause of a refused secret,
//! so the place is named; the value never is.

use super::{Input, Refusal};
use crate::reason::Reason;

/// For values that travel in a header as they are: visible ASCII, with spaces inside only.
pub(super) fn header_value(input: &Input) -> Result<(), Refusal> {
    let text = input.value.expose();
    printable(input, |c| matches!(c, ' '..='~'))?;
    if text.starts_with(' ') || text.ends_with(' ') {
        return Err(invalid(
            input,
            "begins or ends with a space, which a header cannot carry",
        ));
    }
    Ok(())
}

/// For values that are encoded before they travel: any text without control and invisible characters.
pub(super) fn visible(input: &Input) -> Result<(), Refusal> {
    printable(input, |c| !c.is_control() && !is_invisible(c))
}

/// `b64token` of RFC 6750 section 2.1.
pub(super) fn bearer_token(input: &Input) -> Result<(), Refusal> {
    printable(input, |c| matches!(c, '!'..='~'))?;
    let body = input.value.expose().trim_end_matches('=');
    let position = body
        .find(|c: char| !(c.is_ascii_alphanumeric() || "-._~+/".contains(c)))
        .or(body.is_empty().then_some(0));
    match position {
        None => Ok(()),
        Some(offset) => Err(invalid(
            input,
            &format!(
                "the character at byte {offset} is not allowed in a bearer token (RFC 6750 section 2.1); \
                 for such a token use apiKey with header Authorization and prefix Bearer"
            ),
        )),
    }
}

/// A value of a source that cannot be used, by the name of its key.
pub(super) fn invalid(input: &Input, why: &str) -> Refusal {
    let Input { source, key, .. } = input;
    Refusal::new(
        Reason::SourceSecretInvalid,
        format!("key {key} of source {source}: {why}"),
    )
}

/// The character is named by its number, and only where it is not one that somebody chose for a secret.
fn printable(input: &Input, allowed: impl Fn(char) -> bool) -> Result<(), Refusal> {
    let found = input
        .value
        .expose()
        .char_indices()
        .find(|(_, c)| !allowed(*c));
    match found {
        None => Ok(()),
        Some((offset, c)) => Err(invalid(
            input,
            &format!(
                "the character U+{:04X} at byte {offset} is not allowed here",
                u32::from(c)
            ),
        )),
    }
}

/// Format characters that terminals and editors hide. Joiners are part of some scripts and stay.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensitive::SecretText;

    fn input(value: &str) -> Input {
        Input {
            field: "ApiKey".into(),
            source: "orders".into(),
            key: "api_key".into(),
            value: SecretText::new(value),
        }
    }

    #[test]
    fn invisible_character_is_named_by_place_and_number() {
        for (value, place) in [
            ("abc\u{200b}", "U+200B at byte 3"),
            ("\u{feff}abc", "U+FEFF at byte 0"),
            ("ab\rc", "U+000D at byte 2"),
        ] {
            for check in [header_value, visible, bearer_token] {
                let refusal = check(&input(value)).unwrap_err();
                assert_eq!(refusal.reason, Reason::SourceSecretInvalid);
                assert!(refusal.detail.contains(place), "{}", refusal.detail);
                assert!(refusal.detail.contains("key api_key of source orders"));
            }
        }
    }

    #[test]
    fn spaces_are_kept_in_what_is_encoded_and_refused_around_a_header() {
        assert_eq!(visible(&input(" lead and trail ")), Ok(()));
        assert_eq!(header_value(&input("ab c")), Ok(()));
        assert!(header_value(&input("abc ")).is_err());
        assert!(bearer_token(&input("ab c")).is_err());
    }

    #[test]
    fn bearer_token_follows_rfc_6750() {
        assert_eq!(bearer_token(&input("mF_9.B5f-4.1JqM~+/==")), Ok(()));
        for value in ["a|b", "a=b", "==", "a,b"] {
            assert!(bearer_token(&input(value)).is_err(), "{value}");
        }
    }
}
