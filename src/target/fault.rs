//! What is wrong with a target, before it is said whose.

use super::template::TemplateError;
use crate::{provider::Refusal, reason::Reason};

/// A mistake in a target, by the member that holds it.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) reason: Reason,
    /// Path inside the target, as in `data["TOKEN"]`.
    pub(super) member: String,
    pub(super) problem: String,
    /// It depends on the bytes of the credential: a trial says nothing.
    pub(super) depends_on_value: bool,
}

// === impl Fault ===

impl Fault {
    pub(super) fn spec(member: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            reason: Reason::InvalidSpec,
            member: member.into(),
            problem: problem.into(),
            depends_on_value: false,
        }
    }

    pub(super) fn template(member: String, error: TemplateError) -> Self {
        let problem = match error.line {
            Some(line) => format!("line {line}: {}", error.problem),
            None => error.problem,
        };
        Self {
            depends_on_value: error.depends_on_value,
            ..Self::spec(member, problem)
        }
    }

    pub(super) fn of_value(mut self) -> Self {
        self.depends_on_value = true;
        self
    }

    /// In words, with the target before it.
    pub(super) fn at(self, target: &str) -> Refusal {
        Refusal::new(
            self.reason,
            format!("{target}.{}: {}", self.member, self.problem),
        )
    }
}
