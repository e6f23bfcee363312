//! Conditions: set by name, kept in order, and moved in time only when their status flips.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use crate::{api::v1alpha1::ConditionType, reason::Reason};

/// Longest message of a condition, in characters.
const LONGEST_MESSAGE: usize = 1024;

/// The conditions of one verdict.
#[derive(Debug)]
pub(super) struct Conditions<'a> {
    before: &'a [Condition],
    generation: i64,
    now: Timestamp,
    after: Vec<Condition>,
}

/// Status of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    True,
    False,
    Unknown,
}

// === impl Conditions ===

impl<'a> Conditions<'a> {
    pub(super) fn new(before: &'a [Condition], generation: i64, now: Timestamp) -> Self {
        Self {
            before,
            generation,
            now,
            after: Vec::new(),
        }
    }

    pub(super) fn set(&mut self, kind: ConditionType, truth: Truth, reason: Reason, message: &str) {
        let generation = self.generation;
        self.set_for(kind, truth, reason, message, generation);
    }

    /// As [`set`](Self::set), for another generation than the newest.
    pub(super) fn set_for(
        &mut self,
        kind: ConditionType,
        truth: Truth,
        reason: Reason,
        message: &str,
        generation: i64,
    ) {
        let name = kind.to_string();
        let status = truth.as_str();
        let since = find(self.before, kind)
            .filter(|before| before.status == status)
            .map_or(Time(self.now), |before| before.last_transition_time.clone());
        self.after.push(Condition {
            type_: name,
            status: status.to_owned(),
            reason: reason.as_str().to_owned(),
            message: message.chars().take(LONGEST_MESSAGE).collect(),
            last_transition_time: since,
            observed_generation: Some(generation),
        });
    }

    pub(super) fn into_vec(self) -> Vec<Condition> {
        self.after
    }
}

impl Truth {
    fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

pub(super) fn find(conditions: &[Condition], kind: ConditionType) -> Option<&Condition> {
    let name = kind.to_string();
    conditions.iter().find(|condition| condition.type_ == name)
}

pub(super) fn is_true(conditions: &[Condition], kind: ConditionType) -> bool {
    find(conditions, kind).is_some_and(|condition| condition.status == "True")
}
