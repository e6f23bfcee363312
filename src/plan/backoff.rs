//! When a failed attempt is repeated.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{
    RefreshPolicy,
    schedule::{fraction, later, scaled},
};
use crate::reason::Class;

/// A failure, as far as its repetition goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure<'a> {
    pub(super) class: Class,
    /// Failures in a row, this one included; at least 1.
    pub(super) attempts: u32,
    pub(super) retry_after: Option<Duration>,
    /// When the credential that is still served ends.
    pub(super) live_until: Option<Timestamp>,
    /// When a source last changed: identity providers take minutes to spread a new secret.
    pub(super) source_changed_at: Option<Timestamp>,
    pub(super) policy: &'a RefreshPolicy,
    pub(super) uid: &'a str,
}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
/// Pauses after a refusal that follows a change of a source.
const SPREADING: [i64; 3] = [30, 2 * MINUTE, 5 * MINUTE];

/// The time of the next attempt; none: not before something changes.
pub(super) fn next_attempt(failure: &Failure<'_>, now: Timestamp) -> Option<Timestamp> {
    match failure.class {
        Class::Transient | Class::Internal => Some(within_life(
            failure,
            passing(failure, failure.policy.retry_max),
            now,
        )),
        Class::Malformed => {
            let most = failure.policy.retry_max * 2;
            Some(within_life(failure, passing(failure, most), now))
        }
        Class::Throttled => Some(later(now, asked_for(failure))),
        Class::Kubernetes => Some(later(now, doubled(5, failure.attempts, 5 * MINUTE))),
        Class::Refused => Some(refused(failure, now)),
        Class::Healthy | Class::Warning | Class::Waiting | Class::Author | Class::Rejected => None,
    }
}

fn passing(failure: &Failure<'_>, most: SignedDuration) -> SignedDuration {
    let stated = failure.retry_after.map(signed);
    let wait = times(failure.policy.retry_initial, failure.attempts).min(most);
    stated.unwrap_or_else(|| earlier_by_up_to_a_fifth(failure, wait))
}

/// As the server asked; else a minute, doubling to an hour. Never sooner than asked.
fn asked_for(failure: &Failure<'_>) -> SignedDuration {
    let hour = SignedDuration::from_secs(HOUR);
    match failure.retry_after {
        Some(asked) => signed(asked).clamp(SignedDuration::from_secs(1), hour),
        None => doubled(MINUTE, failure.attempts, HOUR),
    }
}

fn refused(failure: &Failure<'_>, now: Timestamp) -> Timestamp {
    let fresh = failure
        .source_changed_at
        .is_some_and(|changed| now < later(changed, SignedDuration::from_secs(HOUR)));
    let step = usize::try_from(failure.attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    if let (true, Some(pause)) = (fresh, SPREADING.get(step)) {
        return later(now, SignedDuration::from_secs(*pause));
    }
    let spread = if fresh {
        u32::try_from(SPREADING.len()).unwrap_or(0)
    } else {
        0
    };
    let long = later(
        now,
        doubled(
            30 * MINUTE,
            failure.attempts - spread.min(failure.attempts - 1),
            6 * HOUR,
        ),
    );
    match failure.live_until {
        // Once more before the served credential ends: the other side may have been mended meanwhile.
        Some(end) if failure.attempts == 1 && end > now => {
            long.min(later(now, now.duration_until(end) / 2))
        }
        Some(_) | None => long,
    }
}

/// Retries must fit what is left of the served credential: at least three of them before it ends.
fn within_life(failure: &Failure<'_>, wait: SignedDuration, now: Timestamp) -> Timestamp {
    let floor = SignedDuration::from_secs(1);
    let wait = match failure.live_until {
        Some(end) if end > now && failure.retry_after.is_none() => {
            wait.min((now.duration_until(end) / 4).max(floor))
        }
        Some(_) | None => wait,
    };
    later(now, wait.max(floor))
}

fn earlier_by_up_to_a_fifth(failure: &Failure<'_>, wait: SignedDuration) -> SignedDuration {
    wait - scaled(
        wait,
        20,
        100,
        fraction(failure.uid, &format!("retry {}", failure.attempts)),
    )
}

fn doubled(first_seconds: i64, attempts: u32, most_seconds: i64) -> SignedDuration {
    times(SignedDuration::from_secs(first_seconds), attempts)
        .min(SignedDuration::from_secs(most_seconds))
}

/// `first × 2^(attempts − 1)`.
fn times(first: SignedDuration, attempts: u32) -> SignedDuration {
    first
        .checked_mul(1 << attempts.saturating_sub(1).min(20))
        .unwrap_or(SignedDuration::MAX)
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
