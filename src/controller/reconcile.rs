//! One round: observe, decide, act, settle, record.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use kube::{Resource, core::DeserializeGuard, runtime::controller::Action};

use super::{
    Error,
    act::act,
    context::Context,
    memory::Memory,
    observe::observe,
    record::{record, refuse_undecodable},
    round::{Round, Subject},
};
use crate::{
    api::v1alpha1::AuthenticationConfiguration,
    plan::{Outcome, Plan, decide, settle},
};

/// The object as it is watched: one that cannot be decoded does not stop the others.
pub(super) type Guarded = DeserializeGuard<AuthenticationConfiguration>;

/// At least so often the wall clock is looked at again: timers stand still while a machine sleeps.
const LOOK_AT_THE_CLOCK: Duration = Duration::from_secs(15 * 60);
/// After a failure of the API server.
const AFTER_AN_ERROR: Duration = Duration::from_secs(5);

/// Runs one round.
pub(super) async fn reconcile(
    object: Arc<Guarded>,
    context: Arc<Context>,
) -> Result<Action, Error> {
    let _working = context.metrics.working();
    let result = guarded(&object, &context).await;
    context.metrics.reconciled(result.as_ref().err());
    result
}

async fn guarded(object: &Guarded, context: &Context) -> Result<Action, Error> {
    let object = match &object.0 {
        Ok(object) => object,
        Err(invalid) => {
            refuse_undecodable(context, &invalid.metadata).await?;
            return Ok(Action::await_change());
        }
    };
    let Some(subject) = Subject::new(object) else {
        return Ok(Action::await_change());
    };
    let mut memory = context
        .known()
        .memory
        .remove(subject.uid)
        .unwrap_or_default();
    let result = round(context, subject, &mut memory).await;
    if object.meta().deletion_timestamp.is_none() {
        context
            .known()
            .memory
            .insert(subject.uid.to_owned(), memory);
    }
    result
}

async fn round(
    context: &Context,
    subject: Subject<'_>,
    memory: &mut Memory,
) -> Result<Action, Error> {
    let now = context.now();
    let sight = observe(context, subject, memory, now).await?;
    let plan = decide(&sight.facts, now);
    note_lateness(context, &sight.facts, &plan, now);
    let mut round = Round {
        context,
        subject,
        sight,
        memory,
        now,
    };
    let outcome = act(&mut round, &plan).await?;
    let seen = round.sight.facts;
    let now = context.now();
    let verdict = settle(&seen, &plan, &outcome, now);
    narrate(subject, &plan, &outcome);
    record(context, subject, memory, &verdict).await?;
    Ok(again(verdict.look_again, now))
}

fn again(at: Option<Timestamp>, now: Timestamp) -> Action {
    let wait = at.and_then(|at| Duration::try_from(now.duration_until(at)).ok());
    match (at, wait) {
        (None, _) => Action::requeue(LOOK_AT_THE_CLOCK),
        (Some(_), None) => Action::requeue(Duration::from_millis(1)),
        // A timer may fire within the millisecond before; a moment later the judgement is the same and final.
        (Some(_), Some(wait)) => {
            Action::requeue((wait + Duration::from_millis(1)).min(LOOK_AT_THE_CLOCK))
        }
    }
}

fn note_lateness(context: &Context, seen: &crate::plan::Observed, plan: &Plan, now: Timestamp) {
    let due = seen.status.refresh_at.filter(|due| *due <= now);
    if let (Plan::Issue(issue), Some(due)) = (plan, due)
        && issue.why == crate::plan::Why::Due
    {
        context.metrics.late(due, now);
    }
}

/// One line per refresh; nothing on a round that changes nothing.
fn narrate(subject: Subject<'_>, plan: &Plan, outcome: &Outcome) {
    let (namespace, name) = (subject.namespace, subject.name);
    match outcome {
        Outcome::Issued(issued) => {
            let failed = issued
                .targets
                .iter()
                .filter(|target| target.result.is_err())
                .count();
            let expires_at = issued.expires_at.map(|at| at.to_string());
            tracing::info!(namespace, name, method = %issued.method.name, expires_at, failed, "credential published");
        }
        Outcome::Refused(refusal) | Outcome::Blocked(refusal) => {
            tracing::warn!(namespace, name, reason = %refusal.reason, detail = %refusal.detail, http_status = refusal.http_status, "no credential");
        }
        Outcome::Repaired(_) => tracing::info!(namespace, name, "managed Secret written again"),
        Outcome::Pruned => tracing::info!(namespace, name, "former targets deleted"),
        Outcome::ProbeRefused => {
            tracing::warn!(namespace, name, "the probe refused the new credential");
        }
        Outcome::Probed(verdict) => tracing::debug!(namespace, name, ?verdict, "probed"),
        Outcome::Nothing
        | Outcome::Busy { .. }
        | Outcome::ProbePending { .. }
        | Outcome::Unrecoverable => {
            tracing::debug!(namespace, name, plan = plan.name(), "nothing written");
        }
    }
}

/// Sees failures of the API server only.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature is the one of kube's applier"
)]
pub(super) fn error_policy(object: Arc<Guarded>, error: &Error, context: Arc<Context>) -> Action {
    if matches!(error, Error::Panicked) {
        context.metrics.reconciled(Some(error));
    }
    let meta = object.meta();
    tracing::warn!(namespace = meta.namespace, name = meta.name, %error, "the round failed and is repeated");
    Action::requeue(AFTER_AN_ERROR)
}
