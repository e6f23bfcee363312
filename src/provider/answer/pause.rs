//! The pause that a server asks for (RFC 9110 section 10.2.3).

use std::time::Duration;

use http::{HeaderMap, header};
use jiff::{Timestamp, civil::DateTime, fmt::strtime, tz::TimeZone};

use super::time;

const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(3600);

/// Seconds, or a date in one of the three notations of RFC 9110 section 5.6.7; within bounds. Anything else says
/// nothing.
pub(super) fn asked_for(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().map_or(LONGEST, Duration::from_secs)
    } else {
        let until = date(text)?.duration_since(now);
        Duration::try_from(until).unwrap_or(SHORTEST)
    };
    Some(pause.clamp(SHORTEST, LONGEST))
}

fn date(text: &str) -> Option<Timestamp> {
    time::moment(text).or_else(|| {
        ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
            .into_iter()
            .find_map(|format| {
                let date: DateTime = strtime::parse(format, text).ok()?.to_datetime().ok()?;
                Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_in_every_notation() {
        let now: Timestamp = "2025-11-25T03:06:00Z".parse().unwrap();
        for (text, seconds) in [
            ("40", Some(40)),
            ("0", Some(1)),
            ("7200", Some(3600)),
            ("99999999999999999999999", Some(3600)),
            ("Tue, 25 Nov 2025 03:06:40 GMT", Some(40)),
            ("Tuesday, 25-Nov-25 03:06:40 GMT", Some(40)),
            ("Tue Nov 25 03:06:40 2025", Some(40)),
            ("2025-11-25T03:06:40Z", Some(40)),
            ("Tue, 25 Nov 2025 03:05:00 GMT", Some(1)),
            ("Fri, 25 Nov 2050 03:06:40 GMT", Some(3600)),
            ("soon", None),
            ("-5", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, text.parse().unwrap())]);
            let pause = asked_for(&headers, now).map(|pause| pause.as_secs());
            assert_eq!(pause, seconds, "{text}");
        }
        assert_eq!(asked_for(&HeaderMap::new(), now), None);
    }
}
