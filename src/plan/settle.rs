//! From outcome to status: what is recorded, told, and when to look again.

use jiff::{SignedDuration, Timestamp};

use super::{
    backoff::{self, Failure},
    budget,
    condition::{find, is_true},
    decide::{Hold, Plan, Why, conflict, refresh_at},
    message,
    observed::{Current, Observed, TargetState, Wanted},
    outcome::{Issued, Outcome, ProbeVerdict, TargetWritten},
    schedule::{self, later},
    verdict::Verdict,
};
use crate::{
    api::v1alpha1::{
        AuthenticationConfigurationStatus, ConditionType, LastError, MethodStatus, SourceStatus,
        TargetStatus,
    },
    provider::Refusal,
    reason::{Class, Reason},
};

mod conditions;
mod events;

/// How long something may be missing before it counts as stalled.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// The credential that is served after this round.
#[derive(Clone, Debug)]
struct Live {
    issued_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    expiry_source: Option<String>,
    refresh_at: Option<Timestamp>,
    repeats: u8,
    /// It is what the newest spec asks for.
    is_wanted: bool,
    /// The generation it was obtained for.
    generation: Option<i64>,
    asks: bool,
}

/// Everything that the parts of the verdict are made from.
#[derive(Debug)]
struct Situation<'a> {
    seen: &'a Observed,
    plan: &'a Plan,
    now: Timestamp,
    live: Option<Live>,
    targets: Vec<TargetStatus>,
    /// A refusal of this round.
    refusal: Option<Refusal>,
    missing_scopes: Option<Vec<String>>,
    probe: Option<ProbeVerdict>,
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
    status.conditions = conditions::conditions(&situation, &status);
    let look_again = situation.look_again(&status, outcome);
    let events = events::events(&situation, &status);
    Verdict {
        status,
        look_again,
        events,
    }
}

// === impl Situation ===

impl<'a> Situation<'a> {
    fn new(seen: &'a Observed, plan: &'a Plan, outcome: &Outcome, now: Timestamp) -> Self {
        let written: &[TargetWritten] = match outcome {
            Outcome::Issued(issued) => &issued.targets,
            Outcome::Repaired(targets) => targets,
            _ => &[],
        };
        let failed_write = written
            .iter()
            .find_map(|target| target.result.clone().err());
        let refusal = match (plan, outcome) {
            (Plan::Refuse(refusal), _)
            | (_, Outcome::Refused(refusal) | Outcome::Blocked(refusal)) => Some(refusal.clone()),
            (_, Outcome::ProbeRefused) => Some(Refusal::new(Reason::ProbeFailed, "")),
            (_, _) => failed_write.or_else(|| conflict(seen)),
        };
        let live = match outcome {
            Outcome::Issued(issued)
                if issued.targets.iter().any(|target| target.result.is_ok()) =>
            {
                Some(Live::issued(seen, issued))
            }
            _ => seen.current().map(|current| Live::published(seen, current)),
        };
        Self {
            seen,
            plan,
            now,
            targets: targets(seen, written),
            live,
            refusal,
            missing_scopes: match outcome {
                Outcome::Issued(issued) => Some(issued.missing_scopes.clone()),
                _ => None,
            },
            probe: match outcome {
                Outcome::Issued(Issued { probe, .. }) => *probe,
                Outcome::Probed(verdict) => Some(*verdict),
                Outcome::ProbeRefused => Some(ProbeVerdict::Dead),
                _ => None,
            },
            issued: match (plan, outcome) {
                (Plan::Issue(issue), Outcome::Issued(_)) => Some(issue.why),
                (_, Outcome::Issued(_)) => Some(Why::Due),
                (_, _) => None,
            },
            repaired: matches!(outcome, Outcome::Repaired(targets) if targets.iter().all(|target| target.result.is_ok())),
        }
    }

    /// Does a credential that has not ended serve every target?
    fn is_ready(&self) -> bool {
        self.is_alive() && self.targets.iter().all(|target| target.ready)
    }

    fn is_alive(&self) -> bool {
        self.live
            .as_ref()
            .is_some_and(|live| live.expires_at.is_none_or(|end| self.now < end))
    }

    fn target_names(&self) -> Vec<&str> {
        self.seen
            .targets
            .iter()
            .map(|target| target.name.as_str())
            .collect()
    }

    fn status(&self, outcome: &Outcome) -> AuthenticationConfigurationStatus {
        let before = &self.seen.status;
        let mut status = before.clone();
        status.observed_generation = Some(self.seen.generation);
        if let Some(live) = &self.live {
            status.obtained_at = live.issued_at;
            status.expires_at = live.expires_at;
            status.expiry_source.clone_from(&live.expiry_source);
            status.refresh_at = live.refresh_at;
        }
        if let Some(method) = self.method(outcome) {
            status.method = Some(method);
        }
        status.targets.clone_from(&self.targets);
        status.sources = self.sources();
        status.last_handled_refresh_request = self.handled_request();
        status.unscheduled_mints = self.unscheduled_mints(outcome);
        self.record_failure(&mut status, outcome);
        status
    }

    fn method(&self, outcome: &Outcome) -> Option<MethodStatus> {
        if let Outcome::Issued(issued) = outcome {
            return Some(issued.method.clone());
        }
        let current = self.seen.current()?;
        let method = &self.seen.grant_of(&current.marks)?.method;
        let known = self
            .seen
            .status
            .method
            .as_ref()
            .filter(|known| known.name == method.name);
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

    fn sources(&self) -> Vec<SourceStatus> {
        let used_anew = self.refusal.is_none() || matches!(self.plan, Plan::Issue(_));
        let known = |name: &str| {
            self.seen
                .status
                .sources
                .iter()
                .find(|source| source.name == name)
        };
        let status = |source: &super::SourceSeen| {
            let known = known(&source.name);
            let changed = known.is_none() || (source.moved && used_anew);
            let changed_at = if changed {
                Some(self.now)
            } else {
                known.and_then(|known| known.changed_at)
            };
            SourceStatus {
                name: source.name.clone(),
                changed_at,
            }
        };
        self.seen.sources.iter().map(status).collect()
    }

    /// The request is echoed with the attempt, whatever its outcome; one that was there at first sight at once.
    fn handled_request(&self) -> Option<String> {
        let attempted =
            matches!(self.plan, Plan::Issue(_)) && self.issued.is_some() || self.refused_attempt();
        if self.seen.open_request().is_some() && !attempted {
            return self.seen.status.last_handled_refresh_request.clone();
        }
        self.seen
            .refresh_requested
            .clone()
            .filter(|value| !value.is_empty())
            .or_else(|| self.seen.status.last_handled_refresh_request.clone())
    }

    fn refused_attempt(&self) -> bool {
        matches!(self.plan, Plan::Issue(_)) && self.refusal.is_some()
    }

    fn unscheduled_mints(
        &self,
        outcome: &Outcome,
    ) -> Option<crate::api::v1alpha1::UnscheduledMints> {
        let spent = self.seen.status.unscheduled_mints.as_ref();
        let asks = self.live.as_ref().is_none_or(|live| live.asks);
        match (self.plan, outcome) {
            (
                Plan::Issue(issue),
                Outcome::Issued(_) | Outcome::ProbePending { .. } | Outcome::ProbeRefused,
            ) if asks && matches!(issue.why, Why::Lost | Why::Dead | Why::SpecChanged) => {
                Some(budget::spend(spent, issue.why == Why::Dead, self.now))
            }
            (_, _) => budget::settle(spent, self.now),
        }
    }

    /// Failures in a row are remembered in status, so that neither an event nor a restart forgets the back-off.
    fn record_failure(&self, status: &mut AuthenticationConfigurationStatus, outcome: &Outcome) {
        let attempted = matches!(self.plan, Plan::Issue(_) | Plan::Publish | Plan::Repair(_));
        match (&self.refusal, self.plan) {
            (Some(refusal), _) if attempted && refusal.reason != Reason::TargetConflict => {
                self.remember(status, refusal);
            }
            (_, Plan::Hold(_) | Plan::Refuse(_) | Plan::Rest) => {}
            (_, _)
                if matches!(
                    outcome,
                    Outcome::Busy { .. } | Outcome::ProbePending { .. } | Outcome::Unrecoverable
                ) => {}
            (_, _) => {
                status.consecutive_failures = None;
                status.next_attempt_at = None;
                status.last_error = None;
            }
        }
    }

    fn remember(&self, status: &mut AuthenticationConfigurationStatus, refusal: &Refusal) {
        let before = &self.seen.status;
        let again = before.last_error.as_ref().is_some_and(|error| {
            error
                .fingerprint
                .as_deref()
                .is_none_or(|print| self.seen.is_failure_of_now(print))
        });
        let attempts = if again {
            before.consecutive_failures.unwrap_or(0).saturating_add(1)
        } else {
            1
        };
        status.consecutive_failures = Some(attempts);
        status.next_attempt_at = backoff::next_attempt(
            &Failure {
                class: class_of(refusal.reason),
                attempts,
                retry_after: refusal.retry_after,
                live_until: self.live.as_ref().and_then(|live| live.expires_at),
                source_changed_at: status
                    .sources
                    .iter()
                    .filter_map(|source| source.changed_at)
                    .max(),
                policy: &self.seen.policy,
                uid: &self.seen.uid,
            },
            self.now,
        );
        status.last_error = Some(LastError {
            time: self.now,
            reason: refusal.reason.as_str().to_owned(),
            http_status: refusal.http_status,
            oauth_error: refusal.oauth_error.clone(),
            provider_code: refusal.provider_code.clone(),
            correlation_id: refusal.correlation_id.clone(),
            endpoint: refusal.endpoint.clone(),
            fingerprint: Some(self.seen.fingerprint()),
        });
    }

    /// The earliest moment at which the same facts would be judged otherwise.
    fn look_again(
        &self,
        status: &AuthenticationConfigurationStatus,
        outcome: &Outcome,
    ) -> Option<Timestamp> {
        let held = match self.plan {
            Plan::Hold(Hold::BackOff { until }) => *until,
            Plan::Hold(
                Hold::Paused { until } | Hold::Rationed { until } | Hold::Probing { until },
            ) => Some(*until),
            Plan::Rest => self
                .seen
                .suspension
                .as_ref()
                .and_then(|suspension| suspension.until),
            _ => None,
        };
        let answered = match outcome {
            Outcome::Busy { until } | Outcome::ProbePending { until } => Some(*until),
            Outcome::Unrecoverable | Outcome::Pruned => Some(self.now),
            Outcome::Repaired(_) if self.refusal.is_none() => Some(self.now),
            Outcome::Probed(ProbeVerdict::Dead) => Some(self.now),
            _ => None,
        };
        let resting = matches!(self.plan, Plan::Rest);
        let live = self.live.as_ref();
        let scheduled = live
            .and_then(|live| live.refresh_at)
            .filter(|at| !resting && *at > self.now);
        let retry = status.next_attempt_at.filter(|_| !resting);
        let end = live
            .and_then(|live| live.expires_at)
            .filter(|end| *end > self.now);
        let warning = end
            .map(|end| later(end, -conditions::SOON))
            .filter(|at| *at > self.now && scheduled.is_none());
        let patience = self
            .waiting_since(status)
            .map(|since| later(since, PATIENCE))
            .filter(|at| *at > self.now);
        let probe = self
            .seen
            .probe_due
            .filter(|due| !resting && *due > self.now);
        let budget = status
            .unscheduled_mints
            .as_ref()
            .map(|spent| later(spent.since, SignedDuration::from_hours(1)));
        [
            held, answered, scheduled, retry, end, warning, patience, probe, budget,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Since when something that the object refers to has been missing.
    fn waiting_since(&self, status: &AuthenticationConfigurationStatus) -> Option<Timestamp> {
        self.unresolved()
            .filter(|refusal| refusal.reason.class() == Class::Waiting)?;
        let before = find(&self.seen.status.conditions, ConditionType::SourcesResolved);
        let now = find(&status.conditions, ConditionType::SourcesResolved);
        before
            .filter(|condition| condition.status == "False")
            .or(now)
            .map(|condition| condition.last_transition_time.0)
    }

    fn unresolved(&self) -> Option<&Refusal> {
        match &self.seen.wanted {
            Wanted::Unresolved(refusal) => Some(refusal),
            Wanted::Ready(_) => None,
        }
    }

    fn was_true(&self, kind: ConditionType) -> bool {
        is_true(&self.seen.status.conditions, kind)
    }
}

// === impl Live ===

impl Live {
    fn issued(seen: &Observed, issued: &Issued) -> Self {
        let asks = seen
            .grants()
            .iter()
            .find(|grant| grant.method.name == issued.method.name)
            .is_none_or(|grant| grant.asks);
        let due = schedule::refresh_at(
            issued.issued_at,
            issued.expires_at,
            issued.repeats,
            &seen.policy,
            &seen.uid,
        );
        Self {
            issued_at: Some(issued.issued_at).filter(|_| asks),
            expires_at: issued.expires_at,
            expiry_source: issued.expiry_source.clone(),
            refresh_at: due.filter(|_| asks),
            repeats: issued.repeats,
            is_wanted: true,
            generation: Some(seen.generation),
            asks,
        }
    }

    fn published(seen: &Observed, current: &Current) -> Self {
        let grant = seen.grant_of(&current.marks);
        let shaped = seen.targets.iter().all(|target| match &target.state {
            TargetState::Managed(current) => current.marks.publish.as_deref().is_none_or(|was| {
                was == target.publish || !super::observed::comparable(was, &target.publish)
            }),
            TargetState::Absent
            | TargetState::Foreign { .. }
            | TargetState::Leaving => false,
        });
        Self {
            issued_at: current.marks.issued_at,
            expires_at: current.marks.expires_at,
            expiry_source: current.marks.expiry_source.clone(),
            refresh_at: refresh_at(seen, current),
            repeats: current.marks.repeats,
            is_wanted: grant.is_some() && shaped,
            generation: current.marks.generation,
            asks: grant.map_or(current.marks.issued_at.is_some(), |grant| grant.asks),
        }
    }
}

/// Which targets hold the served credential.
fn targets(seen: &Observed, written: &[TargetWritten]) -> Vec<TargetStatus> {
    let newest = seen.current().map(|current| current.marks.issued_at);
    let ready = |target: &super::TargetSeen| match written
        .iter()
        .find(|written| written.name == target.name)
    {
        Some(written) => written.result.is_ok(),
        None => match &target.state {
            TargetState::Managed(current) => {
                current.intact && Some(current.marks.issued_at) == newest
            }
            TargetState::Absent
            | TargetState::Foreign { .. }
            | TargetState::Leaving => false,
        },
    };
    seen.targets
        .iter()
        .map(|target| TargetStatus {
            name: target.name.clone(),
            ready: ready(target),
        })
        .collect()
}

/// A probe that refuses the new credential is retried like a passing failure.
fn class_of(reason: Reason) -> Class {
    if reason == Reason::ProbeFailed {
        Class::Transient
    } else {
        reason.class()
    }
}

/// `… until …; next refresh …` for the served credential.
fn validity(situation: &Situation<'_>, live: &Live) -> String {
    let place = message::secrets(&situation.target_names());
    let end = match live.expires_at {
        Some(end) => format!("is valid until {}", message::time(end)),
        None => "is valid and states no end".to_owned(),
    };
    let next = live
        .refresh_at
        .map(|at| format!("; next refresh {}", message::time(at)))
        .unwrap_or_default();
    let capped = match (live.issued_at, live.expires_at) {
        (Some(start), Some(end))
            if schedule::is_capped(schedule::life(start, end), &situation.seen.policy) =>
        {
            " (refresh.before is longer than two thirds of the token's life and is capped there)"
        }
        (_, _) => "",
    };
    format!("Credential in {place} {end}{next}{capped}.")
}
