//! What should happen next. Pure and total: no client, no clock, no `async`, no secret bytes.
//!
//! [`decide`] judges what was seen; [`settle`] turns the outcome into status, events and the next time to look.

mod backoff;
mod budget;
mod condition;
mod decide;
mod gate;
mod message;
mod observed;
mod outcome;
mod policy;
mod repair;
pub mod schedule;
mod settle;
#[cfg(test)]
mod tests;
mod verdict;

pub use decide::{Hold, Issue, Plan, Repair, RepairWhy, Why, decide};
pub use observed::{
    Current, Grant, Held, Observed, RestartSeen, SourceSeen, Suspension, TargetSeen, TargetState,
    Wanted,
};
pub use outcome::{Issued, Outcome, ProbeVerdict, Restarted, TargetWritten};
pub use policy::RefreshPolicy;
pub use settle::settle;
pub use verdict::{Event, EventKind, Verdict};

use crate::reason::{Class, Reason};

/// May another alternative be tried after this refusal? Only when waiting would not help (`FirstSuccessful`).
pub fn falls_through(reason: Reason) -> bool {
    matches!(
        reason.class(),
        Class::Refused | Class::Rejected | Class::Author
    )
}
