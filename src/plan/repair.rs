//! Which targets are to be written again, and whether that can help.

use super::{
    decide::{Repair, RepairWhy, Why},
    observed::{Current, Observed, TargetSeen, TargetState, comparable},
};

/// Targets that do not hold the current credential as they should.
fn repairs(seen: &Observed) -> Vec<Repair> {
    let newest = seen.current();
    let wrong = |target: &TargetSeen| match &target.state {
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

/// Those of them that nobody has tried in vain.
pub(super) fn feasible(seen: &Observed) -> Vec<Repair> {
    let mut repairs = repairs(seen);
    repairs.retain(|repair| !is_hopeless(seen, repair));
    repairs
}

/// A repair was tried, and the bytes are not to be had from any Secret. With nothing intact left, the last chance of
/// a repair is taken before a new credential.
pub(super) fn beyond_repair(seen: &Observed) -> Option<Why> {
    if seen.current().is_none() && !feasible(seen).is_empty() {
        return None;
    }
    let repairs = repairs(seen);
    let hopeless = repairs.iter().find(|repair| is_hopeless(seen, repair))?;
    Some(match hopeless.why {
        RepairWhy::Reshaped => Why::SpecChanged,
        RepairWhy::Missing if !was_there(seen, &hopeless.target) => Why::SpecChanged,
        RepairWhy::Missing | RepairWhy::Edited | RepairWhy::Behind | RepairWhy::Disowned => {
            Why::Lost
        }
    })
}

fn is_hopeless(seen: &Observed, repair: &Repair) -> bool {
    seen.targets
        .iter()
        .any(|target| target.name == repair.target && target.unrecoverable)
}

/// Did the last status name this target? A new one was not lost.
pub(super) fn was_there(seen: &Observed, name: &str) -> bool {
    let known = &seen.status.targets;
    known.iter().any(|target| target.name == name)
}

/// Does it look as it is to? Digests of another key cannot tell: then it does.
pub(super) fn is_shaped(current: &Current, publish: &str) -> bool {
    let was = current.marks.publish.as_deref();
    was.is_none_or(|was| was == publish || !comparable(was, publish))
}

fn flaw(current: &Current, newest: Option<&Current>, publish: &str) -> Option<RepairWhy> {
    let behind = newest.is_some_and(|newest| {
        newest.marks.issued_at != current.marks.issued_at
            || newest.marks.grant != current.marks.grant
    });
    if !current.intact {
        Some(RepairWhy::Edited)
    } else if behind {
        Some(RepairWhy::Behind)
    } else if !is_shaped(current, publish) {
        Some(RepairWhy::Reshaped)
    } else if !current.owned {
        Some(RepairWhy::Disowned)
    } else {
        None
    }
}
