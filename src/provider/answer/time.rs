//! Moments and durations as servers and people write them.

use jiff::{
    SignedDuration, Span, SpanRelativeTo, Timestamp, civil::DateTime, fmt::rfc2822, tz::TimeZone,
};

use super::super::{Expiry, ExpirySource, Material, Refusal, characters};
use super::number;

/// What a text says about an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stated {
    After(SignedDuration),
    At(Timestamp),
}

/// RFC 3339 with any offset, RFC 1123, a date and time without offset (UTC), or a duration: `3600s`, `1h`, `PT1H`.
pub(super) fn of_text(text: &str) -> Option<Stated> {
    let text = text.trim();
    moment(text)
        .map(Stated::At)
        .or_else(|| duration(text).map(Stated::After))
}

pub(super) fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(moment) = text.parse() {
        return Some(moment);
    }
    if let Ok(moment) = rfc2822::parse(text) {
        return Some(moment.timestamp());
    }
    let moment: DateTime = text.parse().ok()?;
    Some(moment.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

fn duration(text: &str) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
}

/// The end that the field `ExpiresAt` of a source states: a moment, or a number of seconds or milliseconds since the
/// epoch. It may be over.
pub(in super::super) fn stated_by_source(material: &Material) -> Result<Option<Expiry>, Refusal> {
    let Some(input) = material.auxiliary.get("ExpiresAt") else {
        return Ok(None);
    };
    let text = input.value.expose().trim();
    let end = number::of_text(text)
        .map(number::epoch)
        .or_else(|| moment(text))
        .ok_or_else(|| {
            characters::invalid(
                input,
                "must be a time, as in 2026-01-31T12:00:00Z, or seconds since 1970",
            )
        })?;
    Ok(Some(Expiry::At(end, ExpirySource::Source)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_in_every_notation() {
        for text in [
            "2025-11-25T03:06:40Z",
            "2025-11-25T04:06:40+01:00",
            "2025-11-25T03:06:40.000+00:00",
            "2025-11-25 03:06:40",
            "2025-11-25T03:06:40",
            "Tue, 25 Nov 2025 03:06:40 GMT",
        ] {
            let Some(Stated::At(moment)) = of_text(text) else {
                panic!("{text} is a moment");
            };
            assert_eq!(moment.as_second(), 1_764_040_000, "{text}");
        }
    }

    #[test]
    fn durations_in_every_notation() {
        for text in ["3600s", "1h", "PT1H", "60m", "3600000ms", "PT3600S"] {
            let hour = SignedDuration::from_hours(1);
            assert_eq!(of_text(text), Some(Stated::After(hour)), "{text}");
        }
        assert_eq!(
            of_text("1d"),
            Some(Stated::After(SignedDuration::from_hours(24)))
        );
    }

    #[test]
    fn anything_else_says_nothing() {
        for text in ["", "soon", "never", "1 month", "NaN", "2025-13-45"] {
            assert_eq!(of_text(text), None, "{text}");
        }
    }
}
