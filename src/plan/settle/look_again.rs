//! The earliest moment at which the same facts would be judged otherwise.

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{
        condition::find,
        decide::{Hold, Plan},
        outcome::{Outcome, ProbeVerdict},
    },
    PATIENCE, SOON, Situation, failure, later,
};
use crate::api::v1alpha1::{AuthenticationConfigurationStatus as Status, ConditionType};

/// A watch may need a moment to show what was written.
const ECHO: SignedDuration = SignedDuration::from_secs(1);
/// Pace of a write that fails while the identity provider is waited for.
const BESIDE: SignedDuration = SignedDuration::from_mins(1);

pub(super) fn look_again(
    situation: &Situation<'_>,
    status: &Status,
    outcome: &Outcome,
) -> Option<Timestamp> {
    let now = situation.now;
    let asked_for = [held(situation), answered(situation, outcome)];
    let foreseen = foreseen(situation, status);
    asked_for
        .into_iter()
        .flatten()
        .map(|at| at.max(now))
        .chain(foreseen.into_iter().flatten().filter(|at| *at > now))
        .min()
}

/// The end of a wait.
fn held(situation: &Situation<'_>) -> Option<Timestamp> {
    match situation.plan {
        Plan::Hold(Hold::BackOff { until }) => *until,
        Plan::Hold(Hold::Paused { until } | Hold::Rationed { until } | Hold::Probing { until }) => {
            Some(*until)
        }
        Plan::Rest => situation.seen.suspension.as_ref()?.until,
        Plan::Ignore
        | Plan::Refuse(_)
        | Plan::Keep
        | Plan::Issue(_)
        | Plan::Publish
        | Plan::Repair(_)
        | Plan::Prune(_)
        | Plan::Restart(_)
        | Plan::Probe => None,
    }
}

/// What the outcome asks for.
fn answered(situation: &Situation<'_>, outcome: &Outcome) -> Option<Timestamp> {
    let now = situation.now;
    match outcome {
        Outcome::Busy { until } | Outcome::ProbePending { until } => Some(*until),
        Outcome::Unrecoverable | Outcome::Probed(ProbeVerdict::Dead) => Some(now),
        Outcome::Issued(_) | Outcome::Repaired(_) => match &situation.failure {
            None if situation.repaired => Some(later(now, ECHO)),
            None => situation.live.as_ref()?.refresh_at,
            Some(refusal) => failure::is_beside(situation, refusal).then(|| later(now, BESIDE)),
        },
        Outcome::Pruned
        | Outcome::Restarted(_)
        | Outcome::Probed(ProbeVerdict::Alive | ProbeVerdict::Unclear) => Some(later(now, ECHO)),
        Outcome::Nothing | Outcome::Refused(_) | Outcome::Blocked(_) | Outcome::ProbeRefused => {
            None
        }
    }
}

/// What comes by itself.
fn foreseen(situation: &Situation<'_>, status: &Status) -> [Option<Timestamp>; 8] {
    let live = situation.live.as_ref();
    let end = live.and_then(|live| live.expires_at);
    let warning = end
        .filter(|_| live.is_some_and(|live| !live.asks))
        .map(|end| later(end, -SOON));
    let spent = status.unscheduled_mints.as_ref();
    let budget = spent.map(|spent| later(spent.since, SignedDuration::from_hours(1)));
    let restarts = situation.seen.restarts.iter().map(|restart| restart.due);
    let resting = matches!(situation.plan, Plan::Rest);
    let active = |at: Option<Timestamp>| at.filter(|_| !resting);
    [
        end,
        warning,
        budget,
        active(live.and_then(|live| live.refresh_at)),
        active(status.next_attempt_at),
        active(situation.seen.probe_due),
        active(restarts.filter(|due| *due > situation.now).min()),
        active(patience(status)),
    ]
}

/// When something missing counts as stalled.
fn patience(status: &Status) -> Option<Timestamp> {
    let resolved = find(&status.conditions, ConditionType::SourcesResolved)?;
    (resolved.status == "False").then(|| later(resolved.last_transition_time.0, PATIENCE))
}
