//! Credentials outside the schedule are rationed per event, not per error: every step may succeed and still be one
//! too many, when somebody deletes the Secret after each write.

use jiff::{SignedDuration, Timestamp};

use super::schedule::later;
use crate::api::v1alpha1::UnscheduledMints;

const WINDOW: SignedDuration = SignedDuration::from_hours(1);
const MOST: u32 = 8;
const MOST_FOR_PROBE: u32 = 3;
const FIRST_PAUSE_SECONDS: i64 = 10;

/// From when the next unscheduled credential is allowed; none: now.
pub(super) fn allowed_from(
    spent: Option<&UnscheduledMints>,
    for_probe: bool,
    now: Timestamp,
) -> Option<Timestamp> {
    let spent = spent.filter(|spent| now < later(spent.since, WINDOW))?;
    let exhausted =
        spent.count >= MOST || (for_probe && spent.probe.unwrap_or(0) >= MOST_FOR_PROBE);
    let from = if exhausted {
        later(spent.since, WINDOW)
    } else {
        let pause = FIRST_PAUSE_SECONDS << spent.count.saturating_sub(1).min(MOST);
        later(spent.last, SignedDuration::from_secs(pause))
    };
    (now < from).then_some(from)
}

/// The account after one more.
pub(super) fn spend(
    spent: Option<&UnscheduledMints>,
    for_probe: bool,
    now: Timestamp,
) -> UnscheduledMints {
    let open = spent.filter(|spent| now < later(spent.since, WINDOW));
    let probe = open.and_then(|spent| spent.probe).unwrap_or(0) + u32::from(for_probe);
    UnscheduledMints {
        since: open.map_or(now, |spent| spent.since),
        count: open.map_or(0, |spent| spent.count) + 1,
        probe: (probe > 0).then_some(probe),
        last: now,
    }
}

/// The account, forgotten when its hour is over.
pub(super) fn unexpired(
    spent: Option<&UnscheduledMints>,
    now: Timestamp,
) -> Option<UnscheduledMints> {
    spent
        .filter(|spent| now < later(spent.since, WINDOW))
        .cloned()
}

/// So many in the hour that somebody should look for the cause.
pub(super) fn is_unstable(spent: &UnscheduledMints) -> bool {
    spent.count >= 3
}
