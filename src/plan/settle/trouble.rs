//! What stands in the way: of this round, or remembered.

use super::{
    super::{
        condition::find,
        decide::{Hold, Plan},
        message,
    },
    Situation,
    failure::{is_beside, is_outlasted},
};
use crate::{
    api::v1alpha1::{AuthenticationConfigurationStatus as Status, ConditionType, LastError},
    provider::Refusal,
    reason::Reason,
};

/// Something that stands in the way.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) reason: Reason,
    /// What it is and what to do.
    pub(super) text: String,
    /// When it is tried next, as a sentence.
    pub(super) next: Option<String>,
}

/// All of it, the most lasting first: that order does not depend on whether this round tried something.
pub(super) fn troubles(situation: &Situation<'_>, status: &Status) -> Vec<Trouble> {
    let obstacle = situation.obstacle.as_ref();
    [
        obstacle.map(|refusal| Trouble::new(refusal, None)),
        failed(situation, status),
        rationed(situation, status),
        remembered(situation, status),
        paused(situation),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn failed(situation: &Situation<'_>, status: &Status) -> Option<Trouble> {
    let refusal = situation.failure.as_ref();
    let refusal = refusal.filter(|refusal| !is_outlasted(situation, refusal))?;
    let recorded = !is_beside(situation, refusal);
    let next = recorded.then(|| message::next_try(status.next_attempt_at));
    Some(Trouble::new(refusal, next))
}

fn rationed(situation: &Situation<'_>, status: &Status) -> Option<Trouble> {
    let Plan::Hold(Hold::Rationed { until }) = situation.plan else {
        return None;
    };
    let spent = status.unscheduled_mints.as_ref();
    let count = spent.map_or(0, |spent| spent.count);
    Some(Trouble {
        reason: Reason::TargetUnstable,
        text: message::rationed(&situation.target_names(), count, *until),
        next: None,
    })
}

fn paused(situation: &Situation<'_>) -> Option<Trouble> {
    let Plan::Hold(Hold::Paused { until }) = situation.plan else {
        return None;
    };
    Some(Trouble {
        reason: Reason::Throttled,
        text: format!(
            "This client is asked to wait until {}. {}",
            message::time(*until),
            Reason::Throttled.hint()
        ),
        next: None,
    })
}

/// What status remembers, in the words in which it was told first.
fn remembered(situation: &Situation<'_>, status: &Status) -> Option<Trouble> {
    let error = status.last_error.as_ref()?;
    let reason = error.reason.parse().unwrap_or(Reason::InternalError);
    let text = told(situation, error)
        .unwrap_or_else(|| format!("{}. {}", message::last_error(error), reason.hint()));
    Some(Trouble {
        reason,
        text,
        next: Some(message::next_try(status.next_attempt_at)),
    })
}

fn told(situation: &Situation<'_>, error: &LastError) -> Option<String> {
    let before = &situation.seen.status.conditions;
    [
        ConditionType::Stalled,
        ConditionType::Reconciling,
        ConditionType::Ready,
    ]
    .into_iter()
    .filter_map(|kind| find(before, kind))
    .find(|condition| message::tells_of(&condition.message, &error.reason))
    .map(|condition| message::without_next_try(&condition.message).to_owned())
}

// === impl Trouble ===

impl Trouble {
    fn new(refusal: &Refusal, next: Option<String>) -> Self {
        Self {
            reason: refusal.reason,
            text: message::refusal(refusal),
            next,
        }
    }

    /// With the time of the next try.
    pub(super) fn sentence(&self) -> String {
        match &self.next {
            Some(next) => format!("{} {next}", self.text),
            None => self.text.clone(),
        }
    }
}
