//! The credential that is served after a round.

use jiff::Timestamp;

use super::super::{
    decide::refresh_at,
    observed::{Current, Observed, TargetState},
    outcome::{Issued, Outcome, TargetWritten},
    repair::is_shaped,
    schedule,
};

/// The credential that is served after this round.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub(super) issued_at: Option<Timestamp>,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) expiry_source: Option<String>,
    pub(super) refresh_at: Option<Timestamp>,
    pub(super) repeats: u8,
    /// It is what the newest spec asks for.
    pub(super) is_wanted: bool,
    /// The generation it was obtained for.
    pub(super) generation: Option<i64>,
    pub(super) asks: bool,
}

// === impl Live ===

impl Live {
    pub(super) fn after(seen: &Observed, outcome: &Outcome) -> Option<Self> {
        let written = outcome.written();
        let issued = outcome.issued();
        if let Some(issued) = issued.filter(|_| written.iter().any(TargetWritten::is_done)) {
            return Some(Self::issued(seen, issued));
        }
        served(seen, |name| is_done(written, name))
            .map(|current| Self::published(seen, current, written))
    }

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

    fn published(seen: &Observed, current: &Current, written: &[TargetWritten]) -> Self {
        let grant = seen.grant_of(&current.marks);
        let shaped = seen.targets.iter().all(|target| match &target.state {
            _ if is_done(written, &target.name) => true,
            TargetState::Managed(current) => is_shaped(current, &target.publish),
            TargetState::Absent | TargetState::Foreign { .. } | TargetState::Leaving => false,
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

    pub(super) fn is_alive(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// The newest credential in a Secret that is intact, or is so again.
fn served(seen: &Observed, restored: impl Fn(&str) -> bool) -> Option<&Current> {
    seen.targets
        .iter()
        .filter_map(|target| match &target.state {
            TargetState::Managed(current) if current.intact || restored(&target.name) => {
                Some(current)
            }
            TargetState::Managed(_)
            | TargetState::Absent
            | TargetState::Foreign { .. }
            | TargetState::Leaving => None,
        })
        .max_by_key(|current| current.marks.issued_at)
}

pub(super) fn is_done(written: &[TargetWritten], name: &str) -> bool {
    written
        .iter()
        .any(|target| target.name == name && target.is_done())
}
