//! Numbers as servers write them: integers, floats, text; clamped, since a server must not be able to make us overflow.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// Longest life that is believed, ten years, in seconds.
pub(super) const LONGEST_SECONDS: i64 = 10 * 366 * 86_400;

/// Seconds since the epoch are at most this; from here on, a number counts milliseconds.
const MILLISECONDS_FROM: f64 = 1e11;

/// A number, or text that is one. Words that Rust reads as floats (`NaN`, `inf`) are not numbers.
pub(super) fn of(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => of_text(text),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

pub(super) fn of_text(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.trim_start_matches(['+', '-']);
    digits
        .starts_with(|c: char| c.is_ascii_digit() || c == '.')
        .then(|| text.parse().ok())
        .flatten()
}

/// Whole seconds, rounded down, within what is believed.
pub(super) fn seconds(number: f64) -> SignedDuration {
    SignedDuration::from_secs(whole(number, LONGEST_SECONDS))
}

/// Seconds or milliseconds since the epoch.
pub(super) fn epoch(number: f64) -> Timestamp {
    let seconds = if number.abs() >= MILLISECONDS_FROM {
        number / 1_000.0
    } else {
        number
    };
    let latest = Timestamp::MAX.as_second();
    Timestamp::from_second(whole(seconds, latest)).unwrap_or(Timestamp::MAX)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "both bounds are far below 2^53, and a float is converted only after it was clamped to them"
)]
fn whole(number: f64, bound: i64) -> i64 {
    number.floor().clamp(-bound as f64, bound as f64) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_a_number_is_one() {
        for (text, number) in [
            ("3599", Some(3599.0)),
            (" 3.6e3 ", Some(3600.0)),
            ("-1", Some(-1.0)),
            (".5", Some(0.5)),
            ("NaN", None),
            ("inf", None),
            ("-infinity", None),
            ("", None),
            ("1h", None),
        ] {
            assert_eq!(of_text(text), number, "{text}");
        }
    }

    #[test]
    fn absurd_numbers_are_clamped() {
        for number in [1e19, 1e308, f64::MAX, f64::INFINITY] {
            assert_eq!(seconds(number).as_secs(), LONGEST_SECONDS);
            assert_eq!(seconds(-number).as_secs(), -LONGEST_SECONDS);
            assert_eq!(epoch(number).as_second(), Timestamp::MAX.as_second());
            assert!(epoch(-number) < Timestamp::UNIX_EPOCH);
        }
    }

    #[test]
    fn epoch_is_read_in_seconds_and_milliseconds() {
        let moment: Timestamp = "2025-11-25T03:06:40Z".parse().unwrap();
        assert_eq!(epoch(1_764_040_000.0), moment);
        assert_eq!(epoch(1_764_040_000_999.0), moment);
    }
}
