//! Durations as users write them: `90s`, `15m`, `1h30m`, `500ms`.

use std::{fmt, str::FromStr};

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A duration as written by the user, kept verbatim so that a stored object round-trips unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", inline, extend("maxLength" = 16))]
pub struct HumanDuration {
    text: String,
    length: SignedDuration,
}

/// Why a text is not a duration.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a duration; write a number with a unit (ms, s, m, h), as in 90s or 1h30m")]
pub struct NotADuration;

/// Longest duration that is accepted, one hundred years: keeps all later sums inside a timestamp.
const LONGEST_MILLISECONDS: i64 = 100 * 365 * 24 * 3_600_000;

// === impl HumanDuration ===

impl HumanDuration {
    pub fn length(&self) -> SignedDuration {
        self.length
    }
}

impl FromStr for HumanDuration {
    type Err = NotADuration;

    fn from_str(text: &str) -> Result<Self, NotADuration> {
        let mut milliseconds: i64 = 0;
        let mut rest = text;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: i64 = rest[..digits].parse().map_err(|_| NotADuration)?;
            rest = &rest[digits..];
            let (unit, length) = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)]
                .into_iter()
                .find(|(unit, _)| rest.starts_with(unit))
                .ok_or(NotADuration)?;
            rest = &rest[unit.len()..];
            milliseconds = number
                .checked_mul(length)
                .and_then(|part| milliseconds.checked_add(part))
                .ok_or(NotADuration)?;
        }
        if text.is_empty() || milliseconds > LONGEST_MILLISECONDS {
            return Err(NotADuration);
        }
        Ok(Self {
            text: text.to_owned(),
            length: SignedDuration::from_millis(milliseconds),
        })
    }
}

impl TryFrom<String> for HumanDuration {
    type Error = NotADuration;

    fn try_from(text: String) -> Result<Self, NotADuration> {
        text.parse()
    }
}

impl From<HumanDuration> for String {
    fn from(duration: HumanDuration) -> Self {
        duration.text
    }
}

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A length of time for people, in at most two units: `47m 12s`, `3d 4h`.
pub fn spoken(length: SignedDuration) -> String {
    let total = length.as_secs().unsigned_abs();
    let (days, hours, minutes, seconds) = (
        total / 86_400,
        total / 3_600 % 24,
        total / 60 % 60,
        total % 60,
    );
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {seconds}s"),
        (0, _, _) => format!("{hours}h {minutes}m"),
        (_, _, _) => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_users_write() {
        for (text, milliseconds) in [
            ("90s", 90_000),
            ("15m", 900_000),
            ("1h30m", 5_400_000),
            ("500ms", 500),
            ("0s", 0),
        ] {
            let duration: HumanDuration = text.parse().unwrap();
            assert_eq!(duration.length().as_millis(), milliseconds, "{text}");
            assert_eq!(duration.to_string(), text);
        }
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "",
            "5",
            "s",
            "5 m",
            "-5s",
            "1d",
            "1.5h",
            "99999999999999999999h",
            "9999999999h",
        ] {
            assert_eq!(text.parse::<HumanDuration>(), Err(NotADuration), "{text}");
        }
    }

    #[test]
    fn speaks_in_two_units() {
        let spoken = |seconds| spoken(SignedDuration::from_secs(seconds));
        assert_eq!(
            [spoken(30), spoken(2832), spoken(7260), spoken(273_600)],
            ["30s", "47m 12s", "2h 1m", "3d 4h"]
        );
    }
}
