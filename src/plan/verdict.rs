//! What is to be recorded, and when to look again.

use jiff::Timestamp;

use crate::{api::v1alpha1::AuthenticationConfigurationStatus, reason::Reason};

/// The result of one round.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub status: AuthenticationConfigurationStatus,
    /// When to look again; none: only when something changes.
    pub look_again: Option<Timestamp>,
    pub events: Vec<Event>,
}

/// Something worth telling once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub kind: EventKind,
    pub reason: Reason,
    pub note: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    Normal,
    Warning,
}

// === impl Event ===

impl Event {
    pub fn normal(reason: Reason, note: impl Into<String>) -> Self {
        Self {
            kind: EventKind::Normal,
            reason,
            note: note.into(),
        }
    }

    pub fn warning(reason: Reason, note: impl Into<String>) -> Self {
        Self {
            kind: EventKind::Warning,
            reason,
            note: note.into(),
        }
    }
}
