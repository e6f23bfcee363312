//! What is told once. Nothing on a routine refresh.

use super::{
    super::{
        condition::{find, is_true},
        decide::{Plan, RepairWhy, Why},
        message,
        outcome::Outcome,
        repair::was_there,
        verdict::Event,
    },
    Situation,
    conditions::validity,
    degraded::newly_reduced,
};
use crate::{
    api::v1alpha1::{AuthenticationConfigurationStatus as Status, ConditionType},
    reason::{Class, Reason},
};

pub(super) fn events(situation: &Situation<'_>, status: &Status, outcome: &Outcome) -> Vec<Event> {
    [
        requested(situation),
        issued(situation, status),
        restored(situation),
        suspension(situation),
        failed(situation, status),
        expired(situation, status),
        newly_reduced(situation).map(|(reason, text)| Event::warning(reason, text)),
    ]
    .into_iter()
    .flatten()
    .chain(restarted(outcome))
    .collect()
}

fn restarted(outcome: &Outcome) -> impl Iterator<Item = Event> {
    let restarted = if let Outcome::Restarted(restarted) = outcome {
        restarted.as_slice()
    } else {
        &[]
    };
    restarted.iter().map(|one| match &one.result {
        Ok(()) => {
            let reason = Reason::WorkloadRestarted;
            Event::normal(reason, format!("{}. {}", one.workload, reason.hint()))
        }
        Err(refusal) => {
            let reason = Reason::RestartFailed;
            Event::warning(
                reason,
                format!("{}: {}. {}", one.workload, refusal.detail, reason.hint()),
            )
        }
    })
}

fn requested(situation: &Situation<'_>) -> Option<Event> {
    (situation.attempted && situation.seen.open_request().is_some())
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
    let was = is_true(&situation.seen.status.conditions, ConditionType::Suspended);
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
    let resting = matches!(situation.plan, Plan::Rest);
    let refusal = situation.failure.as_ref().or(situation.obstacle.as_ref());
    let refusal = refusal.filter(|refusal| !resting && !is_known(situation, refusal.reason))?;
    let text = message::refusal(refusal);
    let note = format!("{text} {}", message::next_try(status.next_attempt_at));
    Some(match refusal.reason.class() {
        Class::Author if refusal.reason == Reason::TargetConflict => {
            Event::warning(refusal.reason, text)
        }
        Class::Author | Class::Rejected | Class::Refused => {
            Event::warning(Reason::RefreshStalled, note)
        }
        Class::Waiting => Event::warning(Reason::WaitingForSource, text),
        Class::Healthy
        | Class::Warning
        | Class::Transient
        | Class::Malformed
        | Class::Throttled
        | Class::Kubernetes
        | Class::Internal => Event::warning(Reason::RefreshFailed, note),
    })
}

/// Did the last status tell of it already?
fn is_known(situation: &Situation<'_>, reason: Reason) -> bool {
    let before = &situation.seen.status;
    let name = reason.as_str();
    let error = before.last_error.as_ref();
    let mut conditions = before.conditions.iter();
    error.is_some_and(|error| error.reason == name)
        || conditions.any(|one| one.reason == name || message::tells_of(&one.message, name))
}

/// The served credential has just ended.
fn expired(situation: &Situation<'_>, status: &Status) -> Option<Event> {
    let reason = Reason::TokenExpired;
    let ready = |conditions| {
        find(conditions, ConditionType::Ready).filter(|ready| ready.reason == reason.as_str())
    };
    let known = ready(&situation.seen.status.conditions).is_some();
    ready(&status.conditions)
        .filter(|_| !known)
        .map(|ready| Event::warning(reason, ready.message.clone()))
}

impl Situation<'_> {
    /// A target that was there before had to be written again.
    fn lost_something(&self) -> bool {
        let Plan::Repair(repairs) = self.plan else {
            return false;
        };
        repairs.iter().any(|repair| {
            matches!(repair.why, RepairWhy::Missing | RepairWhy::Edited)
                && was_there(self.seen, &repair.target)
        })
    }
}
