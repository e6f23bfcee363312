//! What is told once. Nothing on a routine refresh.

use super::{
    super::{
        condition::find,
        decide::{Plan, RepairWhy, Why},
        message,
        verdict::Event,
    },
    Situation, validity,
};
use crate::{
    api::v1alpha1::{AuthenticationConfigurationStatus as Status, ConditionType},
    reason::{Class, Reason},
};

pub(super) fn events(situation: &Situation<'_>, status: &Status) -> Vec<Event> {
    [
        requested(situation),
        issued(situation, status),
        restored(situation),
        suspension(situation),
        failed(situation, status),
        turned(
            situation,
            status,
            ConditionType::Ready,
            Reason::TokenExpired,
        ),
        turned(
            situation,
            status,
            ConditionType::Degraded,
            Reason::ScopesReduced,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn requested(situation: &Situation<'_>) -> Option<Event> {
    let attempted = situation.issued == Some(Why::Requested) || situation.refused_attempt();
    (attempted && situation.seen.open_request().is_some())
        .then(|| Event::normal(Reason::RefreshRequested, Reason::RefreshRequested.hint()))
}

/// On first issue, with another method, and on recovery.
fn issued(situation: &Situation<'_>, status: &Status) -> Option<Event> {
    let why = situation.issued?;
    let live = situation.live.as_ref()?;
    let before = &situation.seen.status;
    let other_method = before.method.as_ref().map(|method| &method.name)
        != status.method.as_ref().map(|method| &method.name);
    let recovered = before.last_error.is_some() && status.last_error.is_none();
    let method = status
        .method
        .as_ref()
        .map(|method| method.name.as_str())
        .unwrap_or_default();
    (why == Why::First || other_method || recovered).then(|| {
        Event::normal(
            Reason::TokenIssued,
            format!("Obtained with {method}. {}", validity(situation, live)),
        )
    })
}

fn restored(situation: &Situation<'_>) -> Option<Event> {
    let healed =
        situation.issued == Some(Why::Lost) || (situation.repaired && situation.lost_something());
    healed.then(|| Event::normal(Reason::SecretRestored, Reason::SecretRestored.hint()))
}

fn suspension(situation: &Situation<'_>) -> Option<Event> {
    let was = situation.was_true(ConditionType::Suspended);
    match (was, situation.seen.suspension.is_some()) {
        (false, true) => Some(Event::normal(
            Reason::RefreshSuspended,
            Reason::RefreshSuspended.hint(),
        )),
        (true, false) => Some(Event::normal(
            Reason::RefreshResumed,
            Reason::RefreshResumed.hint(),
        )),
        (_, _) => None,
    }
}

/// A failure is told when its reason is new, not at each attempt.
fn failed(situation: &Situation<'_>, status: &Status) -> Option<Event> {
    let refusal = situation.refusal.as_ref()?;
    let before = &situation.seen.status;
    let shown =
        |conditions| find(conditions, ConditionType::Ready).map(|ready| ready.reason.as_str());
    let known = before
        .last_error
        .as_ref()
        .is_some_and(|error| error.reason == refusal.reason.as_str())
        || shown(&before.conditions) == Some(refusal.reason.as_str());
    let text = message::refusal(refusal);
    let note = format!("{text} {}", message::next_try(status.next_attempt_at));
    match refusal.reason.class() {
        _ if known => None,
        Class::Author if refusal.reason == Reason::TargetConflict => {
            Some(Event::warning(refusal.reason, text))
        }
        Class::Author | Class::Rejected | Class::Refused => {
            Some(Event::warning(Reason::RefreshStalled, note))
        }
        Class::Waiting => Some(Event::warning(Reason::WaitingForSource, text)),
        Class::Healthy
        | Class::Warning
        | Class::Transient
        | Class::Malformed
        | Class::Throttled
        | Class::Kubernetes
        | Class::Internal => Some(Event::warning(Reason::RefreshFailed, note)),
    }
}

/// A condition that has just taken this reason.
fn turned(
    situation: &Situation<'_>,
    status: &Status,
    kind: ConditionType,
    reason: Reason,
) -> Option<Event> {
    let before = find(&situation.seen.status.conditions, kind);
    let after =
        find(&status.conditions, kind).filter(|condition| condition.reason == reason.as_str())?;
    let known = before.is_some_and(|before| before.reason == reason.as_str());
    (!known).then(|| Event::warning(reason, after.message.clone()))
}

impl Situation<'_> {
    /// A target that was there before had to be written again.
    fn lost_something(&self) -> bool {
        let Plan::Repair(repairs) = self.plan else {
            return false;
        };
        let known = |name: &str| {
            self.seen
                .status
                .targets
                .iter()
                .any(|target| target.name == name)
        };
        repairs.iter().any(|repair| {
            matches!(repair.why, RepairWhy::Missing | RepairWhy::Edited) && known(&repair.target)
        })
    }
}
