//! When a credential is replaced. Derived from facts, never stored, so that an edit of `refresh` works at once.

use jiff::{SignedDuration, Timestamp};

use super::RefreshPolicy;

/// Longest life that is reckoned with; keeps every sum inside a timestamp.
const LONGEST: SignedDuration = SignedDuration::from_hours(10 * 365 * 24);

/// How often the same token came back in a row (`SameTokenReturned`).
pub type Repeats = u8;

/// The time of the next scheduled refresh; none when there is nothing to wait for.
///
/// Bounds in order: not before `minInterval`, not after `maxInterval`, and always before the end, which wins.
pub fn refresh_at(
    issued_at: Timestamp,
    expires_at: Option<Timestamp>,
    repeats: Repeats,
    policy: &RefreshPolicy,
    uid: &str,
) -> Option<Timestamp> {
    let Some(expires_at) = expires_at else {
        return policy
            .max_interval_stated
            .then(|| later(issued_at, policy.max_interval));
    };
    let life = life(issued_at, expires_at);
    if repeats > 0 {
        return Some(after_repeats(expires_at, life, repeats));
    }
    let lead = lead(life, policy);
    let wished = later(issued_at, life - lead - jitter(lead, policy, uid));
    let last_moment = later(expires_at, -SignedDuration::from_secs(1).min(life / 10));
    Some(
        wished
            .max(later(issued_at, policy.min_interval))
            .min(later(issued_at, policy.max_interval))
            .min(last_moment),
    )
}

/// The lead before the end: a third of the life, or what was wished up to two thirds of it.
pub fn lead(life: SignedDuration, policy: &RefreshPolicy) -> SignedDuration {
    policy
        .before
        .map_or(life / 3, |before| before.min(life / 3 * 2))
}

/// Was the wished lead longer than two thirds of the life?
pub fn is_capped(life: SignedDuration, policy: &RefreshPolicy) -> bool {
    policy.before.is_some_and(|before| before > life / 3 * 2)
}

pub fn life(issued_at: Timestamp, expires_at: Timestamp) -> SignedDuration {
    issued_at
        .duration_until(expires_at)
        .clamp(SignedDuration::ZERO, LONGEST)
}

/// A sum that stays inside the range of timestamps whatever a server said.
pub fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(if by.is_negative() {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// The server hands out the same token until its last second: ask shortly before the end, then right after it. A
/// token that came again long before its end (asked for by hand) says nothing about the end yet.
fn after_repeats(expires_at: Timestamp, left: SignedDuration, repeats: Repeats) -> Timestamp {
    if repeats == 1 || left > SignedDuration::from_mins(1) {
        let shortly = (left / 100).max(SignedDuration::from_secs(5).min(left / 2));
        later(expires_at, -shortly)
    } else {
        later(expires_at, SignedDuration::from_millis(500))
    }
}

/// Always earlier, always the same for one object.
fn jitter(lead: SignedDuration, policy: &RefreshPolicy, uid: &str) -> SignedDuration {
    scaled(
        lead,
        u64::from(policy.jitter_percent),
        100,
        fraction(uid, "refresh"),
    )
}

/// `length × numerator / denominator × fraction / 65 536`, without overflow for the lengths used here.
pub(super) fn scaled(
    length: SignedDuration,
    numerator: u64,
    denominator: u64,
    fraction: u16,
) -> SignedDuration {
    let milliseconds = u128::try_from(length.as_millis()).unwrap_or(0);
    let part = milliseconds * u128::from(numerator) * u128::from(fraction)
        / u128::from(denominator)
        / 65_536;
    SignedDuration::from_millis(i64::try_from(part).unwrap_or(i64::MAX))
}

/// A fixed pseudo-random number for an object and a purpose (FNV-1a, folded).
pub(super) fn fraction(uid: &str, purpose: &str) -> u16 {
    let hash = uid
        .bytes()
        .chain(purpose.bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let [low, high] = [hash, hash >> 8]
        .map(|hash| (0..4).fold(0, |sum, step| sum ^ (hash >> (step * 16)).to_le_bytes()[0]));
    u16::from_le_bytes([low, high])
}

/// The first beat after a time, on a beat that is fixed for one object, so that a restart does not move it.
pub fn next_beat(since: Timestamp, interval: SignedDuration, uid: &str) -> Timestamp {
    let interval = interval.as_millis().max(1);
    let phase = interval * i128::from(fraction(uid, "probe")) / 65_536;
    let since = i128::from(since.as_millisecond());
    let beats = (since - phase).div_euclid(interval) + 1;
    i64::try_from(beats * interval + phase)
        .ok()
        .and_then(|at| Timestamp::from_millisecond(at).ok())
        .unwrap_or(Timestamp::MAX)
}
