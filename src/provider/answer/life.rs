//! When a token ends, from everything that says so. The earlier of two statements wins.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::super::{Expiry, ExpirySource};
use super::{
    body::Members,
    jwt, number,
    time::{self, Stated},
};
use crate::reason::Reason;

/// Members that name a moment.
const ABSOLUTE: &[&str] = &[
    "expires_at",
    "expiresAt",
    "expires_on",
    "expireTime",
    "expire_time",
    "expiration",
    "expiry_time",
    "access_token_expires_at",
];

/// Members that count from the request.
const RELATIVE: &[&str] = &[
    "expires_in",
    "expiresIn",
    "expire_in",
    "expireIn",
    "expire",
    "lifetime",
    "ttl",
    "lease_duration",
    "access_token_validity",
    "expirySeconds",
];

/// A member that means either: old Facebook answers count seconds from now in it.
const EITHER: &[&str] = &["expires"];

/// No moment since 2001-09-09 is a smaller number of seconds.
const SMALLEST_EPOCH: f64 = 1e9;

/// When the token ends. An end that is not in the future is refused: such a token is never published.
pub(super) fn expiry(
    members: &Members,
    token: &str,
    now: Timestamp,
) -> Result<Expiry, (Reason, String)> {
    let named = |names: &[&'static str], reads: fn(f64, Timestamp) -> Stated| {
        names.iter().find_map(|name| {
            let end = end(stated(members.get(name)?, now, reads)?, now);
            Some((end, ExpirySource::Member(name)))
        })
    };
    let inside = jwt::end(token).map(|end| (end, ExpirySource::JwtExp));
    let ends = [
        named(RELATIVE, relative),
        named(ABSOLUTE, absolute),
        named(EITHER, relative),
        inside,
    ];
    let earliest = ends.into_iter().flatten().min_by_key(|(end, _)| *end);
    match earliest {
        None => Ok(Expiry::Unstated),
        Some((end, source)) if end <= now => Err((
            Reason::InvalidLifetime,
            format!("by {}, the token has already ended", source.as_str()),
        )),
        Some((end, source)) => Ok(Expiry::At(end, source)),
    }
}

/// What a member says; nothing, if it is zero in any notation or is not a time.
fn stated(value: &Value, now: Timestamp, reads: fn(f64, Timestamp) -> Stated) -> Option<Stated> {
    let stated = match number::of(value) {
        Some(0.0) => return None,
        Some(number) => reads(number, now),
        None => time::of_text(value.as_str()?)?,
    };
    let silent = match stated {
        // A life below one second has been stated all the same.
        Stated::After(life) => life.is_zero() && number::of(value).is_none(),
        // The zero times of Unix and of Go.
        Stated::At(moment) => moment == Timestamp::UNIX_EPOCH || moment.as_second() == GO_ZERO,
    };
    (!silent).then_some(stated)
}

/// 0001-01-01T00:00:00Z
const GO_ZERO: i64 = -62_135_596_800;

/// Seconds from now, unless only the reading as a moment is plausible.
fn relative(number: f64, now: Timestamp) -> Stated {
    let moment = number::epoch(number);
    if number >= SMALLEST_EPOCH && moment > now && moment < end(Stated::At(Timestamp::MAX), now) {
        return Stated::At(moment);
    }
    Stated::After(number::seconds(number))
}

fn absolute(number: f64, _now: Timestamp) -> Stated {
    Stated::At(number::epoch(number))
}

/// The moment that is meant, at most the longest life away.
fn end(stated: Stated, now: Timestamp) -> Timestamp {
    let latest = now
        .checked_add(SignedDuration::from_secs(number::LONGEST_SECONDS))
        .unwrap_or(Timestamp::MAX);
    let end = match stated {
        Stated::At(moment) => moment,
        Stated::After(life) => now.checked_add(life).unwrap_or(if life.is_negative() {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        }),
    };
    end.min(latest)
}
