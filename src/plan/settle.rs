//! From outcome to status: what is recorded, told, and when to look again.

use jiff::{SignedDuration, Timestamp};

use super::{
    budget,
    decide::{Issue, Plan, Why, conflict},
    gate::{asks, is_rationed},
    observed::{Observed, TargetSeen, TargetState, Wanted},
    outcome::{Outcome, ProbeVerdict, TargetWritten},
    schedule::later,
    verdict::Verdict,
};
use crate::{
    api::v1alpha1::{
        AuthenticationConfigurationStatus as Status, MethodStatus, SourceStatus, TargetStatus,
        UnscheduledMints,
    },
    provider::Refusal,
};

mod conditions;
mod degraded;
mod events;
mod failure;
mod live;
mod look_again;
mod trouble;

use live::Live;

/// How long something may be missing before it counts as stalled.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);
/// How long before its end a credential that cannot be renewed is warned of.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Everything that the parts of the verdict are made from.
#[derive(Debug)]
struct Situation<'a> {
    seen: &'a Observed,
    plan: &'a Plan,
    now: Timestamp,
    live: Option<Live>,
    targets: Vec<TargetStatus>,
    /// What stands in the way whatever is tried.
    obstacle: Option<Refusal>,
    /// Why what was tried in this round failed.
    failure: Option<Refusal>,
    missing_scopes: Option<Vec<String>>,
    probe: Option<ProbeVerdict>,
    /// A new credential was asked for and an answer came.
    attempted: bool,
    issued: Option<Why>,
    repaired: bool,
}

/// Turns the outcome of a plan into what is recorded.
#[must_use]
pub fn settle(seen: &Observed, plan: &Plan, outcome: &Outcome, now: Timestamp) -> Verdict {
    if matches!(plan, Plan::Ignore) {
        return Verdict {
            status: seen.status.clone(),
            look_again: None,
            events: Vec::new(),
        };
    }
    let situation = Situation::new(seen, plan, outcome, now);
    let mut status = situation.status(outcome);
    failure::record(&situation, outcome, &mut status);
    let troubles = trouble::troubles(&situation, &status);
    status.conditions = conditions::conditions(&situation, &status, &troubles);
    Verdict {
        look_again: look_again::look_again(&situation, &status, outcome),
        events: events::events(&situation, &status, outcome),
        status,
    }
}

// === impl Situation ===

impl<'a> Situation<'a> {
    fn new(seen: &'a Observed, plan: &'a Plan, outcome: &Outcome, now: Timestamp) -> Self {
        let issued = outcome.issued();
        Self {
            seen,
            plan,
            now,
            live: Live::after(seen, outcome),
            targets: targets(seen, outcome.written()),
            obstacle: obstacle(seen, plan),
            failure: outcome.failure(),
            missing_scopes: issued.map(|issued| issued.missing_scopes.clone()),
            probe: outcome.probe(),
            attempted: was_attempted(plan, outcome),
            issued: issued.map(|_| plan.issue().map_or(Why::Due, |issue| issue.why)),
            repaired: matches!(outcome, Outcome::Repaired(_)) && outcome.failure().is_none(),
        }
    }

    /// Does a credential that has not ended serve every target?
    fn is_ready(&self) -> bool {
        self.is_alive() && self.targets.iter().all(|target| target.ready)
    }

    fn is_alive(&self) -> bool {
        self.live
            .as_ref()
            .is_some_and(|live| live.is_alive(self.now))
    }

    fn target_names(&self) -> Vec<&str> {
        let names = self.seen.targets.iter();
        names.map(|target| target.name.as_str()).collect()
    }

    fn status(&self, outcome: &Outcome) -> Status {
        let before = &self.seen.status;
        let mut status = before.clone();
        let live = self.live.as_ref();
        status.observed_generation = Some(self.seen.generation);
        status.obtained_at = live.map_or(before.obtained_at, |live| live.issued_at);
        status.expires_at = live.and_then(|live| live.expires_at);
        status.expiry_source = live.and_then(|live| live.expiry_source.clone());
        status.refresh_at = live.and_then(|live| live.refresh_at);
        status.method = self.method(outcome).or(status.method);
        status.targets.clone_from(&self.targets);
        status.sources = self.sources();
        status.last_handled_refresh_request = self.handled_request();
        status.unscheduled_mints = self.unscheduled_mints(outcome);
        status
    }

    fn method(&self, outcome: &Outcome) -> Option<MethodStatus> {
        if let Some(issued) = outcome.issued() {
            return Some(issued.method.clone());
        }
        let current = self.seen.current()?;
        let method = &self.seen.grant_of(&current.marks)?.method;
        let before = self.seen.status.method.as_ref();
        let known = before.filter(|known| known.name == method.name);
        let learned = known.and_then(|known| known.client_auth.clone());
        let fields = if method.fields.is_empty() {
            known.map(|known| known.fields.clone()).unwrap_or_default()
        } else {
            method.fields.clone()
        };
        Some(MethodStatus {
            client_auth: learned.or_else(|| method.client_auth.clone()),
            fields,
            ..method.clone()
        })
    }

    /// A change of a source is noticed with the first attempt that uses it.
    fn sources(&self) -> Vec<SourceStatus> {
        let served = self.seen.current();
        let used_anew = self.attempted
            && self.seen.failure().is_none()
            && served.is_none_or(|current| self.seen.grant_of(&current.marks).is_none());
        let known = self.seen.status.sources.iter();
        let status = |source: &super::SourceSeen| {
            let known = known.clone().find(|known| known.name == source.name);
            SourceStatus {
                name: source.name.clone(),
                changed_at: match known {
                    Some(known) if !(source.moved && used_anew) => known.changed_at,
                    Some(_) | None => Some(self.now),
                },
            }
        };
        self.seen.sources.iter().map(status).collect()
    }

    /// The request is echoed with the attempt, whatever its outcome; one that was there at first sight at once.
    fn handled_request(&self) -> Option<String> {
        let before = &self.seen.status.last_handled_refresh_request;
        let stated = self.seen.refresh_requested.as_ref();
        let open = self.seen.open_request().is_some() && !self.attempted;
        stated
            .filter(|value| !value.is_empty() && !open)
            .or(before.as_ref())
            .cloned()
    }

    fn unscheduled_mints(&self, outcome: &Outcome) -> Option<UnscheduledMints> {
        let spent = self.seen.status.unscheduled_mints.as_ref();
        let minted = matches!(
            outcome,
            Outcome::Issued(_) | Outcome::ProbePending { .. } | Outcome::ProbeRefused
        );
        let rationed = |issue: &&Issue| is_rationed(issue.why) && asks(self.seen, issue);
        match self.plan.issue().filter(rationed) {
            Some(issue) if minted => Some(budget::spend(spent, issue.why == Why::Dead, self.now)),
            Some(_) | None => budget::unexpired(spent, self.now),
        }
    }
}

/// What stands in the way whatever is tried: nothing to ask with, or a target of somebody else.
fn obstacle(seen: &Observed, plan: &Plan) -> Option<Refusal> {
    match (plan, &seen.wanted) {
        (Plan::Refuse(refusal), _) | (_, Wanted::Unresolved(refusal)) => Some(refusal.clone()),
        (_, Wanted::Ready(_)) => conflict(seen),
    }
}

fn was_attempted(plan: &Plan, outcome: &Outcome) -> bool {
    let answered = match outcome {
        Outcome::Issued(_)
        | Outcome::Refused(_)
        | Outcome::Blocked(_)
        | Outcome::ProbePending { .. }
        | Outcome::ProbeRefused => true,
        Outcome::Nothing
        | Outcome::Busy { .. }
        | Outcome::Repaired(_)
        | Outcome::Unrecoverable
        | Outcome::Pruned
        | Outcome::Restarted(_)
        | Outcome::Probed(_) => false,
    };
    answered && matches!(plan, Plan::Issue(_))
}

/// Which targets hold the served credential.
fn targets(seen: &Observed, written: &[TargetWritten]) -> Vec<TargetStatus> {
    let newest = seen.current().map(|current| current.marks.issued_at);
    let holds = |target: &TargetSeen| match &target.state {
        TargetState::Managed(current) => current.intact && Some(current.marks.issued_at) == newest,
        TargetState::Absent | TargetState::Foreign { .. } | TargetState::Leaving => false,
    };
    let ready = |target: &TargetSeen| {
        let mut written = written.iter();
        written
            .find(|written| written.name == target.name)
            .map_or_else(|| holds(target), TargetWritten::is_done)
    };
    let status = |target| TargetStatus {
        name: TargetSeen::clone(target).name,
        ready: ready(target),
    };
    seen.targets.iter().map(status).collect()
}
