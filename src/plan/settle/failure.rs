//! Failures in a row are remembered in status, so that neither an event nor a restart forgets the back-off.

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{
        backoff::{self, Failure},
        decide::{Plan, needed},
        gate::is_storage,
        observed::Wanted,
        outcome::Outcome,
    },
    Situation, later,
};
use crate::{
    api::v1alpha1::{AuthenticationConfigurationStatus as Status, LastError},
    provider::Refusal,
    reason::{Class, Reason},
};

/// Three refusals of a probe in an hour: each costs a credential.
const PROBE_PAUSE: SignedDuration = SignedDuration::from_mins(20);

pub(super) fn record(situation: &Situation<'_>, outcome: &Outcome, status: &mut Status) {
    match &situation.failure {
        Some(refusal) if is_beside(situation, refusal) || is_outlasted(situation, refusal) => {}
        Some(refusal) => remember(situation, status, refusal),
        None if is_over(situation, outcome) => {
            status.consecutive_failures = None;
            status.next_attempt_at = None;
            status.last_error = None;
        }
        None => {}
    }
    await_schedule(situation, status);
}

/// A write that fails while the identity provider is waited for: it must not shorten that wait.
pub(super) fn is_beside(situation: &Situation<'_>, refusal: &Refusal) -> bool {
    matches!(situation.plan, Plan::Repair(_) | Plan::Publish)
        && is_storage(refusal.reason.as_str())
        && asked(situation).is_some()
}

/// A rejection outlasts what else goes wrong with a refresh by hand: the credential is as bad as before.
pub(super) fn is_outlasted(situation: &Situation<'_>, refusal: &Refusal) -> bool {
    let rejected = asked(situation).is_some_and(|error| {
        let reason = error.reason.parse();
        reason.is_ok_and(|reason: Reason| reason.class() == Class::Rejected)
    });
    let accepted = situation.issued.is_some() || refusal.reason == Reason::ProbeFailed;
    rejected && !accepted && refusal.reason.class() != Class::Rejected
}

/// The failure of the identity provider that stands.
fn asked<'a>(situation: &Situation<'a>) -> Option<&'a LastError> {
    let error = situation.seen.failure()?;
    (!is_storage(&error.reason)).then_some(error)
}

/// Has the remembered failure become untrue? A success ends it; so does a change of what would be sent, and for a
/// refused write that nothing is left to be written.
fn is_over(situation: &Situation<'_>, outcome: &Outcome) -> bool {
    if matches!(situation.seen.wanted, Wanted::Unresolved(_)) {
        return false;
    }
    match situation.plan {
        Plan::Ignore | Plan::Rest | Plan::Refuse(_) => false,
        Plan::Issue(_) => outcome.issued().is_some(),
        Plan::Publish => outcome.issued().is_some_and(|issued| {
            // What was obtained before the failure says nothing about it.
            asked(situation).is_none_or(|error| error.time < issued.issued_at)
        }),
        Plan::Hold(_) => situation.seen.failure().is_none(),
        Plan::Repair(_) if matches!(outcome, Outcome::Unrecoverable) => false,
        Plan::Keep | Plan::Repair(_) | Plan::Prune(_) | Plan::Restart(_) | Plan::Probe => {
            asked(situation).is_none()
        }
    }
}

fn remember(situation: &Situation<'_>, status: &mut Status, refusal: &Refusal) {
    let seen = situation.seen;
    let same_side =
        |error: &&LastError| is_storage(&error.reason) == is_storage(refusal.reason.as_str());
    let before = seen
        .failure()
        .filter(same_side)
        .and(seen.status.consecutive_failures);
    let attempts = before.unwrap_or(0).saturating_add(1);
    status.consecutive_failures = Some(attempts);
    status.next_attempt_at = next_attempt(situation, status, refusal, attempts);
    status.last_error = Some(LastError {
        time: situation.now,
        reason: refusal.reason.as_str().to_owned(),
        http_status: refusal.http_status,
        oauth_error: refusal.oauth_error.clone(),
        provider_code: refusal.provider_code.clone(),
        correlation_id: refusal.correlation_id.clone(),
        endpoint: refusal.endpoint.clone(),
        fingerprint: Some(seen.fingerprint()),
    });
}

fn next_attempt(
    situation: &Situation<'_>,
    status: &Status,
    refusal: &Refusal,
    attempts: u32,
) -> Option<Timestamp> {
    let now = situation.now;
    let live_until = situation.live.as_ref().and_then(|live| live.expires_at);
    if refusal.reason == Reason::ProbeFailed {
        let pause = later(now, PROBE_PAUSE);
        let end = live_until.filter(|end| now < *end);
        return Some(end.map_or(pause, |end| end.min(pause)));
    }
    let changes = status.sources.iter();
    let failure = Failure {
        class: pace(refusal.reason),
        attempts,
        retry_after: refusal.retry_after,
        live_until,
        source_changed_at: changes.filter_map(|source| source.changed_at).max(),
        policy: &situation.seen.policy,
        uid: &situation.seen.uid,
    };
    backoff::next_attempt(&failure, now)
}

/// What Kubernetes calls invalid may be made valid from outside, and asking again costs nobody anything.
fn pace(reason: Reason) -> Class {
    if is_storage(reason.as_str()) {
        Class::Kubernetes
    } else {
        reason.class()
    }
}

/// Where the served credential will do (a refresh by hand failed), the next attempt is the one of the schedule.
fn await_schedule(situation: &Situation<'_>, status: &mut Status) {
    let asked = status
        .last_error
        .as_ref()
        .is_some_and(|error| !is_storage(&error.reason));
    let attempting = !matches!(situation.plan, Plan::Refuse(_) | Plan::Rest);
    if asked && attempting && needed(situation.seen, situation.now).is_none() {
        let due = situation.live.as_ref().and_then(|live| live.refresh_at);
        status.next_attempt_at = status
            .next_attempt_at
            .and_then(|at| due.map(|due| due.max(at)));
    }
}
