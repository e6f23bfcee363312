//! One round: observe, decide, act, settle, record.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
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
    plan::{Outcome, Plan, decide, schedule, settle},
};

/// The object as it is watched: one that cannot be decoded does not stop the others.
pub(super) type Guarded = DeserializeGuard<AuthenticationConfiguration>;

/// At least so often the wall clock is looked at again: timers stand still while a machine sleeps.
const LOOK_AT_THE_CLOCK: Duration = Duration::from_secs(15 * 60);
/// After a failure of the API server.
const AFTER_AN_ERROR: SignedDuration = SignedDuration::from_secs(5);
/// After a panic: it may come after the identity provider was asked, and would come again.
const AFTER_A_PANIC: Duration = Duration::from_secs(60);

/// Runs one round.
pub(super) async fn reconcile(
    object: Arc<Guarded>,
    context: Arc<Context>,
) -> Result<Action, Error> {
    let _working = context.metrics.working();
    let began = Instant::now();
    let result = guarded(&object, &context).await;
    let failure = match &result {
        Ok(Rounded { failure, .. }) => failure.as_ref(),
        Err(error) => Some(error),
    };
    context.metrics.reconciled(failure, began.elapsed());
    Ok(result?.next)
}

/// What came of a round that was decided.
struct Rounded {
    next: Action,
    /// The verdict could not be written down. The schedule holds all the same.
    failure: Option<Error>,
}

impl Rounded {
    fn until_changed() -> Self {
        Self {
            next: Action::await_change(),
            failure: None,
        }
    }
}

async fn guarded(object: &Guarded, context: &Context) -> Result<Rounded, Error> {
    let object = match &object.0 {
        Ok(object) => object,
        Err(invalid) => {
            refuse_undecodable(context, &invalid.metadata).await?;
            return Ok(Rounded::until_changed());
        }
    };
    let Some(subject) = Subject::new(object) else {
        return Ok(Rounded::until_changed());
    };
    let mut memory = context
        .known()
        .memory
        .remove(subject.uid)
        .unwrap_or_default();
    let result = round(context, subject, &mut memory).await;
    let mut known = context.known();
    // Deleted while this round went on: nobody would ever drop its memory, which may hold a credential.
    let lives = known.index.knows(
        &(subject.namespace.to_owned(), subject.name.to_owned()),
        subject.uid,
    );
    if lives && object.meta().deletion_timestamp.is_none() {
        known.memory.insert(subject.uid.to_owned(), memory);
    }
    drop(known);
    result
}

async fn round(
    context: &Context,
    subject: Subject<'_>,
    memory: &mut Memory,
) -> Result<Rounded, Error> {
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
    let failure = record(context, subject, memory, &verdict).await.err();
    let mut look_again = verdict.look_again;
    if let Some(error) = &failure {
        tracing::warn!(namespace = subject.namespace, name = subject.name, %error, "the status was not written and is written again");
        let soon = schedule::later(now, AFTER_AN_ERROR);
        look_again = Some(look_again.map_or(soon, |at| at.min(soon)));
    }
    Ok(Rounded {
        next: again(look_again, now),
        failure,
    })
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
    // From the marks: the status may be left out of routine writes, or not be written yet.
    let due = seen.current().and_then(|current| {
        let (issued_at, expires_at) = (current.marks.issued_at?, current.marks.expires_at);
        let repeats = current.marks.repeats;
        schedule::refresh_at(issued_at, expires_at, repeats, &seen.policy, &seen.uid)
    });
    let due = due.filter(|due| *due <= now);
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
        Outcome::Restarted(workloads) => {
            tracing::info!(
                namespace,
                name,
                workloads = workloads.len(),
                "workloads restarted"
            );
        }
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
    let meta = object.meta();
    if matches!(error, Error::Panicked) {
        context.metrics.panicked();
        tracing::error!(namespace = meta.namespace, name = meta.name, %error, "the round ended and is repeated in a minute");
        return Action::requeue(AFTER_A_PANIC);
    }
    tracing::warn!(namespace = meta.namespace, name = meta.name, %error, "the round failed and is repeated");
    Action::requeue(AFTER_AN_ERROR.unsigned_abs())
}
