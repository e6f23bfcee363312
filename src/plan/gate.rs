//! What may stand before an attempt, and before a write.

use jiff::Timestamp;

use super::{
    budget,
    decide::{Hold, Issue, Plan, Why, is_due},
    observed::Observed,
};
use crate::reason::{Class, Reason};

/// The attempt, or what it has to wait for.
pub(super) fn gate(seen: &Observed, issue: Issue, now: Timestamp) -> Plan {
    let asks = asks(seen, &issue);
    let paused = seen.paused_until.filter(|until| asks && now < *until);
    let hold = match (paused, issue.why) {
        (Some(until), _) => Some(Hold::Paused { until }),
        (None, Why::Requested) => None,
        (None, why) => back_off(seen, why, now).or_else(|| ration(seen, why, now).filter(|_| asks)),
    };
    hold.map_or(Plan::Issue(issue), Plan::Hold)
}

/// Would a server be asked?
pub(super) fn asks(seen: &Observed, issue: &Issue) -> bool {
    let grant = |index: &usize| seen.grants().get(*index);
    issue.order.iter().filter_map(grant).any(|grant| grant.asks)
}

/// A write that Kubernetes refused is repeated at its own pace.
pub(super) fn storage(seen: &Observed, now: Timestamp) -> Option<Hold> {
    let failed = seen
        .failure()
        .is_some_and(|error| is_storage(&error.reason));
    let until = seen.status.next_attempt_at.filter(|_| failed);
    until
        .filter(|until| now < *until)
        .map(|at| Hold::BackOff { until: Some(at) })
}

/// Was it Kubernetes that said no, rather than the identity provider?
pub(super) fn is_storage(reason: &str) -> bool {
    reason.parse().is_ok_and(|reason: Reason| {
        reason.class() == Class::Kubernetes
            || matches!(reason, Reason::TargetInvalid | Reason::TargetConflict)
    })
}

/// Credentials outside the schedule are rationed.
pub(super) fn is_rationed(why: Why) -> bool {
    matches!(why, Why::Lost | Why::Dead | Why::SpecChanged)
}

/// The back-off of the last failure. A target that cannot be written does not let the others expire.
fn back_off(seen: &Observed, why: Why, now: Timestamp) -> Option<Hold> {
    let error = seen.failure()?;
    if matches!(why, Why::Due | Why::Dead) && is_storage(&error.reason) {
        return None;
    }
    let until = seen.status.next_attempt_at;
    until
        .is_none_or(|at| now < at)
        .then_some(Hold::BackOff { until })
}

/// What the schedule grants anyway is not rationed: flipping specs must not let a token expire.
fn ration(seen: &Observed, why: Why, now: Timestamp) -> Option<Hold> {
    let due = seen
        .current()
        .is_some_and(|current| is_due(seen, current, now) && !seen.is_outdated(current));
    let spent = seen.status.unscheduled_mints.as_ref();
    budget::allowed_from(spent, why == Why::Dead, now)
        .filter(|_| is_rationed(why) && !due)
        .map(|until| Hold::Rationed { until })
}
