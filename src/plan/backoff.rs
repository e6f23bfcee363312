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
    let most = failure.policy.retry_max;
    let attempts = failure.attempts;
    let wait = match failure.class {
        Class::Transient | Class::Internal => failure.passing(most, now),
        Class::Malformed => failure.passing(most * 2, now),
        Class::Throttled => failure.throttled(),
        Class::Kubernetes => doubled(5, attempts, 5 * MINUTE),
        // Judged here, without asking anybody, out of more than the fingerprint covers: worth another look.
        Class::Waiting => doubled(5, attempts, HOUR),
        Class::Author => doubled(5 * MINUTE, attempts, HOUR),
        Class::Refused => failure.refused(now),
        Class::Healthy | Class::Warning | Class::Rejected => return None,
    };
    Some(later(now, wait))
}

// === impl Failure ===

impl Failure<'_> {
    /// Never sooner than the server asked.
    fn passing(&self, most: SignedDuration, now: Timestamp) -> SignedDuration {
        let wait = times(self.policy.retry_initial, self.attempts).min(most);
        let wait = self.within_life(self.earlier_by_up_to_a_fifth(wait), now);
        wait.max(self.asked().unwrap_or_default())
    }

    /// As the server asked, and a little more when it asks again and again; else a minute, doubling to an hour.
    fn throttled(&self) -> SignedDuration {
        match self.asked() {
            Some(asked) => asked.max(doubled(1, self.attempts, MINUTE)),
            None => doubled(MINUTE, self.attempts, HOUR),
        }
    }

    fn refused(&self, now: Timestamp) -> SignedDuration {
        let spread = self.is_spreading(now);
        let step = usize::try_from(self.attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        if let (true, Some(pause)) = (spread, SPREADING.get(step)) {
            return SignedDuration::from_secs(*pause);
        }
        let skipped = if spread { SPREADING.len() } else { 0 };
        let attempts = u32::try_from(step.saturating_sub(skipped)).unwrap_or(u32::MAX);
        let long = doubled(30 * MINUTE, attempts.saturating_add(1), 6 * HOUR);
        match self.live_until {
            // Once more before the served credential ends: the other side may have been mended meanwhile.
            Some(end) if attempts == 0 && end > now => long.min(now.duration_until(end) / 2),
            Some(_) | None => long,
        }
    }

    /// Did the failures begin within an hour of a change of a source? On the long ladder alone, so many attempts
    /// would have taken longer.
    fn is_spreading(&self, now: Timestamp) -> bool {
        let first = SignedDuration::from_secs(30 * MINUTE);
        let ladder = times(first, self.attempts).saturating_sub(first);
        let within = SignedDuration::from_secs(HOUR).saturating_add(ladder);
        self.source_changed_at
            .is_some_and(|changed| now < later(changed, within))
    }

    /// At least three retries before the served credential ends; after its end, waits grow with the gap from anew.
    fn within_life(&self, wait: SignedDuration, now: Timestamp) -> SignedDuration {
        let floor = SignedDuration::from_secs(1);
        let fits = match self.live_until {
            Some(end) if end > now => now.duration_until(end) / 4,
            Some(end) => end.duration_until(now).max(self.policy.retry_initial),
            None => SignedDuration::MAX,
        };
        wait.min(fits).max(floor)
    }

    /// What the server asked for, as far as that can be meant.
    fn asked(&self) -> Option<SignedDuration> {
        let asked = SignedDuration::try_from(self.retry_after?).unwrap_or(SignedDuration::MAX);
        Some(asked.clamp(
            SignedDuration::from_secs(1),
            SignedDuration::from_secs(HOUR),
        ))
    }

    fn earlier_by_up_to_a_fifth(&self, wait: SignedDuration) -> SignedDuration {
        let fraction = fraction(self.uid, &format!("retry {}", self.attempts));
        wait - scaled(wait, 20, 100, fraction)
    }
}

fn doubled(first_seconds: i64, attempts: u32, most_seconds: i64) -> SignedDuration {
    let first = SignedDuration::from_secs(first_seconds);
    times(first, attempts).min(SignedDuration::from_secs(most_seconds))
}

/// `first × 2^(attempts − 1)`.
fn times(first: SignedDuration, attempts: u32) -> SignedDuration {
    let factor = 1 << attempts.saturating_sub(1).min(20);
    first.checked_mul(factor).unwrap_or(SignedDuration::MAX)
}
