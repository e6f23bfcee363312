//! The decision: one ordered list of questions.

use jiff::Timestamp;

use super::{
    gate::{gate, storage},
    observed::{Current, Grant, Held, Observed, TargetState, Wanted},
    repair::{beyond_repair, feasible},
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
    /// Restart these workloads.
    Restart(Vec<String>),
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
    match credential(seen, now) {
        Some(wait @ (Plan::Hold(_) | Plan::Refuse(_))) => mend(seen, &wait, now).unwrap_or(wait),
        Some(plan) => plan,
        None => housekeeping(seen, now),
    }
}

/// What the credential itself needs; none: the published one will do.
fn credential(seen: &Observed, now: Timestamp) -> Option<Plan> {
    if let Wanted::Unresolved(refusal) = &seen.wanted {
        return Some(Plan::Refuse(refusal.clone()));
    }
    if !has_place(seen) {
        return Some(conflict(seen).map_or(Plan::Keep, Plan::Refuse));
    }
    if let Some(plan) = held(seen, now) {
        return Some(plan);
    }
    let why = match seen.open_request() {
        Some(_) => Why::Requested,
        None => needed(seen, now)?,
    };
    let order = order(seen, why);
    Some(gate(seen, Issue { why, order }, now))
}

/// What stands in the way of a new credential does not stand in the way of restoring the one that is there.
fn mend(seen: &Observed, wait: &Plan, now: Timestamp) -> Option<Plan> {
    let spoilt = matches!(wait, Plan::Refuse(refusal) if refusal.reason.class() != Class::Waiting);
    let repairs = feasible(seen);
    (!spoilt && !repairs.is_empty() && storage(seen, now).is_none())
        .then_some(Plan::Repair(repairs))
}

fn housekeeping(seen: &Observed, now: Timestamp) -> Plan {
    let repairs = feasible(seen);
    if !repairs.is_empty() {
        return storage(seen, now).map_or(Plan::Repair(repairs), Plan::Hold);
    }
    if !seen.leftovers.is_empty()
        && seen.deletion_policy == DeletionPolicy::Delete
        && is_whole(seen)
    {
        return storage(seen, now).map_or(Plan::Prune(seen.leftovers.clone()), Plan::Hold);
    }
    let due = seen.restarts.iter().filter(|restart| restart.due <= now);
    let workloads: Vec<_> = due.map(|restart| restart.workload.clone()).collect();
    if !workloads.is_empty() {
        return Plan::Restart(workloads);
    }
    match seen.probe_due {
        Some(due) if due <= now => Plan::Probe,
        Some(_) | None => Plan::Keep,
    }
}

/// Does every target hold the credential? Only then nobody needs a former one any more.
fn is_whole(seen: &Observed) -> bool {
    let newest = seen.current().map(|current| current.marks.issued_at);
    seen.targets.iter().all(|target| match &target.state {
        TargetState::Managed(current) => current.intact && Some(current.marks.issued_at) == newest,
        TargetState::Absent | TargetState::Foreign { .. } | TargetState::Leaving => false,
    })
}

/// Can any target be written? None can when each belongs to somebody else or is on its way out.
fn has_place(seen: &Observed) -> bool {
    seen.targets.iter().any(|target| match target.state {
        TargetState::Absent | TargetState::Managed(_) => true,
        TargetState::Foreign { .. } | TargetState::Leaving => false,
    })
}

/// The first target that belongs to somebody else, named.
pub(super) fn conflict(seen: &Observed) -> Option<Refusal> {
    seen.targets.iter().find_map(|target| match &target.state {
        TargetState::Foreign { owner } => {
            let owner = owner
                .as_deref()
                .map(|owner| format!(" but by {owner}"))
                .unwrap_or_default();
            let name = &target.name;
            Some(Refusal::new(
                Reason::TargetConflict,
                format!("Secret {name} exists and is not managed by this object{owner}"),
            ))
        }
        TargetState::Absent | TargetState::Leaving | TargetState::Managed(_) => None,
    })
}

/// A credential in memory is published before anything else is asked for.
fn held(seen: &Observed, now: Timestamp) -> Option<Plan> {
    let held = seen.held.as_ref()?;
    let current = seen.current();
    let wanted = seen.grants().iter().any(|grant| grant.digest == held.grant);
    let published = is_published(seen, held, now);
    let alive = |end: Option<Timestamp>| end.is_none_or(|end| now < end);
    if !wanted || published || !alive(held.expires_at) || seen.open_request().is_some() {
        return None;
    }
    let serving = current.is_some_and(|current| alive(current.marks.expires_at));
    if serving && now < held.not_before {
        return Some(Plan::Hold(Hold::Probing {
            until: held.not_before,
        }));
    }
    Some(storage(seen, now).map_or(Plan::Publish, Plan::Hold))
}

/// Does every target that can hold it hold it already? One that cannot be written must not keep the others from their
/// next credential: from then on, it is enough that any does.
fn is_published(seen: &Observed, held: &Held, now: Timestamp) -> bool {
    let holds = |current: &Current| {
        let at = current.marks.issued_at;
        current.intact && at.is_some_and(|at| held.issued_at <= at)
    };
    let any = seen.managed().any(holds);
    let all = seen.targets.iter().all(|target| match &target.state {
        TargetState::Managed(current) => holds(current),
        TargetState::Absent => false,
        TargetState::Foreign { .. } | TargetState::Leaving => true,
    });
    let due = seen
        .current()
        .is_some_and(|current| is_due(seen, current, now));
    any && (all || due)
}

/// Why a new credential is needed, a request by hand aside; none: the published one will do.
pub(super) fn needed(seen: &Observed, now: Timestamp) -> Option<Why> {
    let Some(current) = seen.current() else {
        return missing(seen).or_else(|| beyond_repair(seen));
    };
    let Some(grant) = seen.grant_of(&current.marks) else {
        return Some(changed(seen, current));
    };
    if grant.asks && current.marks.issued_at.is_none() {
        // Without its marks nobody could say when it is to be replaced.
        return Some(Why::Lost);
    }
    if seen.found_dead.is_some() && seen.found_dead == current.marks.issued_at {
        return Some(Why::Dead);
    }
    if is_due(seen, current, now) {
        let why = if seen.is_outdated(current) {
            Why::Lost
        } else {
            Why::Due
        };
        return Some(why);
    }
    beyond_repair(seen)
}

/// Nothing intact is there. An edited Secret is looked into first; its bytes may still be ours.
fn missing(seen: &Observed) -> Option<Why> {
    let leaving = |target: &super::TargetSeen| matches!(target.state, TargetState::Leaving);
    match seen.managed().next() {
        Some(current) if seen.grant_of(&current.marks).is_none() => Some(changed(seen, current)),
        Some(_) => None,
        None if seen.targets.iter().any(leaving) => None,
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

pub(super) fn is_due(seen: &Observed, current: &Current, now: Timestamp) -> bool {
    refresh_at(seen, current).is_some_and(|due| due <= now)
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
fn order(seen: &Observed, why: Why) -> Vec<usize> {
    let all = 0..seen.grants().len();
    let published = seen.managed().find_map(|current| {
        let grant = seen.grant_of(&current.marks)?;
        let same = |one: &Grant| one.digest == grant.digest;
        seen.grants().iter().position(same)
    });
    match (why, published) {
        (Why::Due | Why::Lost | Why::Dead, Some(first)) => std::iter::once(first)
            .chain(all.filter(|index| *index != first))
            .collect(),
        (_, _) => all.collect(),
    }
}

// === impl Plan ===

impl Plan {
    pub(super) fn issue(&self) -> Option<&Issue> {
        if let Self::Issue(issue) = self {
            Some(issue)
        } else {
            None
        }
    }

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
            Self::Restart(_) => "restart",
            Self::Probe => "probe",
        }
    }
}
