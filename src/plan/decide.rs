//! The decision: one ordered list of questions.

use jiff::Timestamp;

use super::{
    budget,
    observed::{Current, Grant, Observed, TargetState, Wanted, comparable},
    schedule,
};
use crate::{
    api::v1alpha1::DeletionPolicy,
    provider::Refusal,
    reason::{Class, Reason},
};

/// What is to be done now.
#[derive(Clone, Debug)]
pub enum Plan {
    /// The object is on its way out.
    Ignore,
    /// Suspended: no call and no write.
    Rest,
    /// Cannot be done, and nobody is asked.
    Refuse(Refusal),
    /// Would be done, but not yet.
    Hold(Hold),
    /// All is well.
    Keep,
    /// Obtain a credential and publish it.
    Issue(Issue),
    /// Publish the credential that is already in memory.
    Publish,
    /// Write targets again, without asking anybody.
    Repair(Vec<Repair>),
    /// Delete Secrets that are no longer targets.
    Prune(Vec<String>),
    /// Ask the probe whether the published credential lives.
    Probe,
}

/// Why nothing is done yet, and until when; none: until something changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// After a failure.
    BackOff { until: Option<Timestamp> },
    /// The identity provider asked this client to wait.
    Paused { until: Timestamp },
    /// Too many credentials outside the schedule.
    Rationed { until: Timestamp },
    /// The credential in memory is to be probed again.
    Probing { until: Timestamp },
}

/// An attempt to obtain a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    pub why: Why,
    /// Indices of the alternatives to try, in order; the next only after a refusal that waiting would not cure.
    pub order: Vec<usize>,
}

/// Why a credential is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Nothing was ever published.
    First,
    /// The schedule.
    Due,
    /// Somebody asked by annotation.
    Requested,
    /// A value in a source is another one.
    SourceChanged,
    /// The method is another one.
    SpecChanged,
    /// The Secret is gone, or its bytes are not ours.
    Lost,
    /// A probe found the credential dead.
    Dead,
}

/// A target to write again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    pub target: String,
    pub why: RepairWhy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepairWhy {
    /// Missing, while another target holds the credential.
    Missing,
    /// A hand edit is visible.
    Edited,
    /// It holds an older credential than another target.
    Behind,
    /// It is to look otherwise: format, data, labels, type.
    Reshaped,
    /// Its owner reference is not as the deletion policy asks.
    Disowned,
}

/// Judges what was seen. Asked again right after a success, it keeps.
#[must_use]
pub fn decide(seen: &Observed, now: Timestamp) -> Plan {
    if seen.being_deleted {
        return Plan::Ignore;
    }
    if seen.suspension.is_some() {
        return Plan::Rest;
    }
    let grants = match &seen.wanted {
        Wanted::Unresolved(refusal) => return Plan::Refuse(refusal.clone()),
        Wanted::Ready(grants) => grants,
    };
    if let Some(refusal) = no_place(seen) {
        return Plan::Refuse(refusal);
    }
    if let Some(plan) = held(seen, now) {
        return plan;
    }
    if let Some(why) = wanted_anew(seen, now) {
        return gate(
            seen,
            Issue {
                why,
                order: order(seen, grants, why),
            },
            now,
        );
    }
    let repairs = repairs(seen);
    if let Some(why) = beyond_repair(seen, &repairs) {
        return gate(seen, Issue { why, order: order(seen, grants, why) }, now);
    }
    if !repairs.is_empty() {
        return storage_gate(seen, now).unwrap_or(Plan::Repair(repairs));
    }
    if !seen.leftovers.is_empty() && seen.deletion_policy == DeletionPolicy::Delete {
        return Plan::Prune(seen.leftovers.clone());
    }
    match seen.probe_due {
        Some(due) if due <= now => Plan::Probe,
        Some(_) | None => Plan::Keep,
    }
}

/// No target can be written: every one belongs to somebody else or is on its way out.
fn no_place(seen: &Observed) -> Option<Refusal> {
    let usable = seen.targets.iter().any(|target| {
        matches!(
            target.state,
            TargetState::Absent | TargetState::Managed(_)
        )
    });
    if usable { None } else { conflict(seen) }
}

/// The first target that belongs to somebody else, named.
pub(super) fn conflict(seen: &Observed) -> Option<Refusal> {
    seen.targets.iter().find_map(|target| match &target.state {
        TargetState::Foreign { owner } => {
            let owner = owner
                .as_deref()
                .map(|owner| format!(" by {owner}"))
                .unwrap_or_default();
            let detail = format!(
                "Secret {} exists and is not managed by this object but{}",
                target.name, owner
            );
            let detail = if owner.is_empty() {
                detail.trim_end_matches(" but").to_owned()
            } else {
                detail
            };
            Some(Refusal::new(Reason::TargetConflict, detail))
        }
        TargetState::Absent
        | TargetState::Leaving
        | TargetState::Managed(_) => None,
    })
}

/// A credential in memory is published before anything else is asked for.
fn held(seen: &Observed, now: Timestamp) -> Option<Plan> {
    let held = seen.held.as_ref()?;
    let wanted = seen.grants().iter().any(|grant| grant.digest == held.grant);
    let alive = held.expires_at.is_none_or(|end| now < end);
    if !wanted || !alive || seen.open_request().is_some() {
        return None;
    }
    if now < held.not_before {
        return Some(Plan::Hold(Hold::Probing {
            until: held.not_before,
        }));
    }
    Some(storage_gate(seen, now).unwrap_or(Plan::Publish))
}

/// Why a new credential is needed; none: the published one will do.
fn wanted_anew(seen: &Observed, now: Timestamp) -> Option<Why> {
    if seen.open_request().is_some() {
        return Some(Why::Requested);
    }
    let Some(current) = seen.current() else {
        return missing(seen);
    };
    if seen.grant_of(&current.marks).is_none() {
        return Some(changed(seen, current));
    }
    if seen.found_dead.is_some() && seen.found_dead == current.marks.issued_at {
        return Some(Why::Dead);
    }
    refresh_at(seen, current)
        .filter(|due| *due <= now)
        .map(|_| Why::Due)
}

/// Nothing intact is there. An edited Secret is looked into first; its bytes may still be ours.
fn missing(seen: &Observed) -> Option<Why> {
    match seen.managed().find(|current| !current.intact) {
        Some(current) if seen.grant_of(&current.marks).is_none() => Some(changed(seen, current)),
        Some(_) => None,
        None if seen
            .targets
            .iter()
            .any(|target| matches!(target.state, TargetState::Leaving)) =>
        {
            None
        }
        None if seen.has_published() => Some(Why::Lost),
        None => Some(Why::First),
    }
}

/// A source is to blame when one moved; a spec when none did.
fn changed(seen: &Observed, current: &Current) -> Why {
    let source_moved = seen.sources.iter().any(|source| source.moved);
    if source_moved || current.marks.generation == Some(seen.generation) {
        Why::SourceChanged
    } else {
        Why::SpecChanged
    }
}

/// The schedule of a published credential; static ones have none.
pub(super) fn refresh_at(seen: &Observed, current: &Current) -> Option<Timestamp> {
    let asks = seen.grant_of(&current.marks).is_none_or(|grant| grant.asks);
    let issued_at = current.marks.issued_at.filter(|_| asks)?;
    schedule::refresh_at(
        issued_at,
        current.marks.expires_at,
        current.marks.repeats,
        &seen.policy,
        &seen.uid,
    )
}

/// The published alternative first, so that a refresh repeats what worked; after a change, as written.
fn order(seen: &Observed, grants: &[Grant], why: Why) -> Vec<usize> {
    let all = 0..grants.len();
    let published = seen.current().and_then(|current| {
        grants
            .iter()
            .position(|grant| Some(grant.digest.as_str()) == current.marks.grant.as_deref())
    });
    match (why, published) {
        (Why::Due | Why::Lost | Why::Dead, Some(first)) => std::iter::once(first)
            .chain(all.filter(|index| *index != first))
            .collect(),
        (_, _) => all.collect(),
    }
}

/// Everything that may stand before an attempt. What asks nobody passes.
fn gate(seen: &Observed, issue: Issue, now: Timestamp) -> Plan {
    let asks = issue
        .order
        .iter()
        .any(|index| seen.grants().get(*index).is_some_and(|grant| grant.asks));
    if !asks {
        return storage_gate(seen, now).unwrap_or(Plan::Issue(issue));
    }
    if let Some(until) = seen.paused_until.filter(|until| now < *until) {
        return Plan::Hold(Hold::Paused { until });
    }
    if issue.why != Why::Requested {
        if let Some(hold) = back_off(seen, now) {
            return Plan::Hold(hold);
        }
        let rationed = matches!(issue.why, Why::Lost | Why::Dead | Why::SpecChanged);
        let spent = seen.status.unscheduled_mints.as_ref();
        if let Some(until) =
            budget::allowed_from(spent, issue.why == Why::Dead, now).filter(|_| rationed)
        {
            return Plan::Hold(Hold::Rationed { until });
        }
    }
    Plan::Issue(issue)
}

/// The back-off of the last failure, unless what would be sent has changed since.
fn back_off(seen: &Observed, now: Timestamp) -> Option<Hold> {
    let error = seen.status.last_error.as_ref()?;
    let same = error
        .fingerprint
        .as_deref()
        .is_none_or(|print| seen.is_failure_of_now(print));
    match seen.status.next_attempt_at {
        _ if !same => None,
        Some(at) if at <= now => None,
        Some(at) => Some(Hold::BackOff { until: Some(at) }),
        None => Some(Hold::BackOff { until: None }).filter(|_| is_final(&error.reason)),
    }
}

/// Does this reason wait for a change rather than for a time?
fn is_final(reason: &str) -> bool {
    reason
        .parse::<Reason>()
        .is_ok_and(|reason| matches!(reason.class(), Class::Rejected | Class::Author))
}

/// A write that Kubernetes refused is repeated at its own pace.
fn storage_gate(seen: &Observed, now: Timestamp) -> Option<Plan> {
    let error = seen.status.last_error.as_ref()?;
    let storage = error
        .reason
        .parse::<Reason>()
        .is_ok_and(|reason| reason.class() == Class::Kubernetes);
    let until = seen
        .status
        .next_attempt_at
        .filter(|at| storage && now < *at)?;
    Some(Plan::Hold(Hold::BackOff { until: Some(until) }))
}

/// A repair was tried, and the bytes are not to be had from any Secret.
fn beyond_repair(seen: &Observed, repairs: &[Repair]) -> Option<Why> {
    let hopeless = |repair: &&Repair| {
        seen.targets.iter().any(|target| target.name == repair.target && target.unrecoverable)
    };
    repairs.iter().find(hopeless).map(|repair| match repair.why {
        RepairWhy::Reshaped => Why::SpecChanged,
        RepairWhy::Missing | RepairWhy::Edited | RepairWhy::Behind | RepairWhy::Disowned => Why::Lost,
    })
}

/// Targets that do not hold the current credential as they should.
fn repairs(seen: &Observed) -> Vec<Repair> {
    let newest = seen.current();
    let wrong = |target: &super::TargetSeen| match &target.state {
        TargetState::Absent => newest.map(|_| RepairWhy::Missing),
        TargetState::Foreign { .. } | TargetState::Leaving => None,
        TargetState::Managed(current) => flaw(current, newest, &target.publish),
    };
    seen.targets
        .iter()
        .filter_map(|target| {
            wrong(target).map(|why| Repair {
                target: target.name.clone(),
                why,
            })
        })
        .collect()
}

fn flaw(current: &Current, newest: Option<&Current>, publish: &str) -> Option<RepairWhy> {
    let reshaped = current
        .marks
        .publish
        .as_deref()
        .is_some_and(|was| was != publish && comparable(was, publish));
    let behind = newest.is_some_and(|newest| {
        newest.marks.issued_at != current.marks.issued_at
            || newest.marks.grant != current.marks.grant
    });
    if !current.intact {
        Some(RepairWhy::Edited)
    } else if behind {
        Some(RepairWhy::Behind)
    } else if reshaped {
        Some(RepairWhy::Reshaped)
    } else if !current.owned {
        Some(RepairWhy::Disowned)
    } else {
        None
    }
}

// === impl Plan ===

impl Plan {
    /// For logs and traces.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Rest => "rest",
            Self::Refuse(_) => "refuse",
            Self::Hold(_) => "hold",
            Self::Keep => "keep",
            Self::Issue(_) => "issue",
            Self::Publish => "publish",
            Self::Repair(_) => "repair",
            Self::Prune(_) => "prune",
            Self::Probe => "probe",
        }
    }
}
