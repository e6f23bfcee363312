//! The conditions of a verdict.

use jiff::SignedDuration;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::{
    super::{
        budget,
        condition::{Conditions, Truth, find},
        decide::{Hold, Plan},
        message,
        outcome::ProbeVerdict,
        schedule,
    },
    Live, PATIENCE, Situation, later, validity,
};
use crate::{
    api::v1alpha1::{AuthenticationConfigurationStatus as Status, ConditionType},
    reason::{Class, Reason, Shown},
};

/// How long before its end a credential that cannot be renewed is warned of.
pub(super) const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);
/// What a kubelet may take to show a changed Secret in a mounted file.
const PROPAGATION: SignedDuration = SignedDuration::from_secs(150);

pub(super) fn conditions(situation: &Situation<'_>, status: &Status) -> Vec<Condition> {
    let before = &situation.seen.status.conditions;
    let mut conditions = Conditions::new(before, situation.seen.generation, situation.now);
    ready(situation, status, &mut conditions);
    accepted(situation, &mut conditions);
    sources_resolved(situation, &mut conditions);
    progress(situation, status, &mut conditions);
    suspended(situation, &mut conditions);
    degraded(situation, status, &mut conditions);
    conditions.into_vec()
}

fn ready(situation: &Situation<'_>, status: &Status, conditions: &mut Conditions<'_>) {
    let (truth, reason, message) = readiness(situation, status);
    let served = served_generation(situation);
    conditions.set_for(ConditionType::Ready, truth, reason, &message, served);
}

/// The generation whose credential is in the Secret, so that `apply` and `wait` mean the new one.
fn served_generation(situation: &Situation<'_>) -> i64 {
    let newest = situation.seen.generation;
    match &situation.live {
        Some(live) if live.is_wanted && situation.is_ready() => newest,
        Some(live) => {
            let before = find(&situation.seen.status.conditions, ConditionType::Ready);
            before
                .and_then(|ready| ready.observed_generation)
                .or(live.generation)
                .unwrap_or(newest)
        }
        None => newest,
    }
}

fn readiness(situation: &Situation<'_>, status: &Status) -> (Truth, Reason, String) {
    match &situation.live {
        Some(live) if situation.is_ready() => ready_now(situation, status, live),
        Some(live) if !situation.is_alive() => expired(situation, status, live),
        Some(_) | None => not_ready(situation, status),
    }
}

fn ready_now(situation: &Situation<'_>, status: &Status, live: &Live) -> (Truth, Reason, String) {
    let valid = validity(situation, live);
    match (&status.last_error, status.consecutive_failures) {
        (Some(error), Some(failures)) => {
            let times = if failures == 1 {
                "The last attempt".into()
            } else {
                format!("The last {failures} attempts")
            };
            let next = message::next_try(status.next_attempt_at);
            let message = format!(
                "{valid} {times} to replace it failed: {}. {next}",
                message::last_error(error)
            );
            (Truth::True, Reason::TokenValidRefreshFailing, message)
        }
        (_, _) => (Truth::True, Reason::TokenValid, valid),
    }
}

fn expired(situation: &Situation<'_>, status: &Status, live: &Live) -> (Truth, Reason, String) {
    let end = live.expires_at.map(message::time).unwrap_or_default();
    let why = match &status.last_error {
        Some(error) => {
            let hint = error
                .reason
                .parse::<Reason>()
                .map(Reason::hint)
                .unwrap_or_default();
            format!(
                ": {}. {hint} {}",
                message::last_error(error),
                message::next_try(status.next_attempt_at)
            )
        }
        None if situation.seen.suspension.is_some() => ": refreshing is suspended.".to_owned(),
        None => situation.refusal.as_ref().map_or_else(
            || ".".to_owned(),
            |no| format!(": {}", message::refusal(no)),
        ),
    };
    (
        Truth::False,
        Reason::TokenExpired,
        format!("The credential expired at {end} and was not replaced{why}"),
    )
}

fn not_ready(situation: &Situation<'_>, status: &Status) -> (Truth, Reason, String) {
    if let Some(refusal) = &situation.refusal {
        return (Truth::False, refusal.reason, message::refusal(refusal));
    }
    if let Plan::Hold(Hold::Rationed { until }) = situation.plan {
        let count = status
            .unscheduled_mints
            .as_ref()
            .map_or(0, |spent| spent.count);
        let message = message::rationed(&situation.target_names(), count, *until);
        return (Truth::False, Reason::TargetUnstable, message);
    }
    match &status.last_error {
        Some(error) => {
            let reason = error.reason.parse().unwrap_or(Reason::InternalError);
            let said = find(&situation.seen.status.conditions, ConditionType::Ready);
            let said = said
                .filter(|ready| ready.reason == error.reason)
                .map(|ready| ready.message.clone());
            let message = said
                .unwrap_or_else(|| format!("{}. {}", message::last_error(error), reason.hint()));
            (Truth::False, reason, message)
        }
        None if situation.seen.has_published() && situation.live.is_none() => (
            Truth::False,
            Reason::Progressing,
            "The managed Secret is missing and is written again.".to_owned(),
        ),
        None => (
            Truth::Unknown,
            Reason::Pending,
            Reason::Pending.hint().to_owned(),
        ),
    }
}

fn accepted(situation: &Situation<'_>, conditions: &mut Conditions<'_>) {
    match &situation.refusal {
        Some(refusal) if refusal.reason.shown() == Shown::Accepted => {
            conditions.set(
                ConditionType::Accepted,
                Truth::False,
                refusal.reason,
                &message::refusal(refusal),
            );
        }
        Some(_) | None => {
            conditions.set(
                ConditionType::Accepted,
                Truth::True,
                Reason::Accepted,
                Reason::Accepted.hint(),
            );
        }
    }
}

fn sources_resolved(situation: &Situation<'_>, conditions: &mut Conditions<'_>) {
    let kind = ConditionType::SourcesResolved;
    match situation
        .unresolved()
        .filter(|refusal| refusal.reason.shown() == Shown::SourcesResolved)
    {
        Some(refusal) => conditions.set(
            kind,
            Truth::False,
            refusal.reason,
            &message::refusal(refusal),
        ),
        None => conditions.set(
            kind,
            Truth::True,
            Reason::SourcesResolved,
            Reason::SourcesResolved.hint(),
        ),
    }
}

/// Reconciling while time may heal it, Stalled when somebody must act.
fn progress(situation: &Situation<'_>, status: &Status, conditions: &mut Conditions<'_>) {
    if situation.seen.suspension.is_some() {
        return;
    }
    let Some((reason, text)) = trouble(situation, status) else {
        if situation.live.as_ref().is_none_or(|live| !live.is_wanted) || !situation.is_ready() {
            conditions.set(
                ConditionType::Reconciling,
                Truth::True,
                Reason::Progressing,
                Reason::Progressing.hint(),
            );
        }
        return;
    };
    match reason.class() {
        Class::Author | Class::Rejected | Class::Refused => {
            conditions.set(ConditionType::Stalled, Truth::True, reason, &text);
        }
        Class::Waiting if patience_is_over(situation) => {
            conditions.set(ConditionType::Stalled, Truth::True, reason, &text);
        }
        Class::Waiting => {
            conditions.set(
                ConditionType::Reconciling,
                Truth::True,
                Reason::WaitingForSource,
                &text,
            );
        }
        Class::Healthy
        | Class::Warning
        | Class::Transient
        | Class::Malformed
        | Class::Throttled
        | Class::Kubernetes
        | Class::Internal => {
            conditions.set(
                ConditionType::Reconciling,
                Truth::True,
                Reason::ProgressingWithRetry,
                &text,
            );
        }
    }
}

/// What stands in the way, of this round or remembered.
fn trouble(situation: &Situation<'_>, status: &Status) -> Option<(Reason, String)> {
    if let Some(refusal) = &situation.refusal {
        let retried =
            !matches!(situation.plan, Plan::Refuse(_)) && refusal.reason != Reason::TargetConflict;
        let next = if retried {
            format!(" {}", message::next_try(status.next_attempt_at))
        } else {
            String::new()
        };
        return Some((
            refusal.reason,
            format!("{}{next}", message::refusal(refusal)),
        ));
    }
    if let Plan::Hold(Hold::Paused { until }) = situation.plan {
        let text = format!(
            "This client is asked to wait until {}. {}",
            message::time(*until),
            Reason::Throttled.hint()
        );
        return Some((Reason::Throttled, text));
    }
    if let Plan::Hold(Hold::Rationed { until }) = situation.plan {
        let count = status
            .unscheduled_mints
            .as_ref()
            .map_or(0, |spent| spent.count);
        let text = message::rationed(&situation.target_names(), count, *until);
        return Some((Reason::TargetUnstable, text));
    }
    let error = status.last_error.as_ref()?;
    let reason = error.reason.parse().unwrap_or(Reason::InternalError);
    let before = &situation.seen.status.conditions;
    let said = [ConditionType::Stalled, ConditionType::Reconciling]
        .into_iter()
        .find_map(|kind| find(before, kind));
    let said = said
        .filter(|condition| condition.message.starts_with(&error.reason))
        .map(|said| said.message.clone());
    let text = said.unwrap_or_else(|| {
        format!(
            "{}. {} {}",
            message::last_error(error),
            reason.hint(),
            message::next_try(status.next_attempt_at)
        )
    });
    Some((reason, text))
}

fn patience_is_over(situation: &Situation<'_>) -> bool {
    let before = find(
        &situation.seen.status.conditions,
        ConditionType::SourcesResolved,
    );
    before
        .filter(|condition| condition.status == "False")
        .is_some_and(|condition| later(condition.last_transition_time.0, PATIENCE) <= situation.now)
}

fn suspended(situation: &Situation<'_>, conditions: &mut Conditions<'_>) {
    if let Some(suspension) = &situation.seen.suspension {
        let until = match suspension.until {
            Some(until) => format!("Suspended until {}.", message::time(until)),
            None => "Suspended by spec.suspend.".to_owned(),
        };
        let message =
            format!("{until} No call to the identity provider and no write to the Secret.");
        conditions.set(
            ConditionType::Suspended,
            Truth::True,
            Reason::Suspended,
            &message,
        );
    }
}

/// One condition for every warning: the first gives the reason, the message names all.
fn degraded(situation: &Situation<'_>, status: &Status, conditions: &mut Conditions<'_>) {
    let warnings: Vec<(Reason, String)> = [
        unstable(situation, status),
        probe(situation),
        repeats(situation),
        scopes(situation),
        ends_soon(situation),
        short_life(situation),
    ]
    .into_iter()
    .flatten()
    .collect();
    if let Some((reason, _)) = warnings.first() {
        let message = warnings
            .iter()
            .map(|(_, text)| text.as_str())
            .collect::<Vec<_>>()
            .join(" ");
        conditions.set(ConditionType::Degraded, Truth::True, *reason, &message);
    }
}

fn unstable(situation: &Situation<'_>, status: &Status) -> Option<(Reason, String)> {
    let spent = status
        .unscheduled_mints
        .as_ref()
        .filter(|spent| budget::is_unstable(Some(spent)))?;
    let place = message::secrets(&situation.target_names());
    let text = format!(
        "{place}: {} credentials outside the schedule since {}. {}",
        spent.count,
        message::time(spent.since),
        Reason::TargetUnstable.hint()
    );
    Some((Reason::TargetUnstable, text))
}

fn probe(situation: &Situation<'_>) -> Option<(Reason, String)> {
    match situation.probe {
        Some(ProbeVerdict::Alive) => None,
        Some(ProbeVerdict::Dead) => Some((
            Reason::ProbeFailed,
            "The probe refused the credential.".to_owned(),
        )),
        Some(ProbeVerdict::Unclear) => Some((
            Reason::ProbeFailed,
            "The probe could not tell whether the credential works.".to_owned(),
        )),
        None => remembered(situation, Reason::ProbeFailed),
    }
}

fn scopes(situation: &Situation<'_>) -> Option<(Reason, String)> {
    match &situation.missing_scopes {
        Some(missing) if missing.is_empty() => None,
        Some(missing) => Some((
            Reason::ScopesReduced,
            format!("Scopes not granted: {}.", missing.join(", ")),
        )),
        None => remembered(situation, Reason::ScopesReduced),
    }
}

/// A warning that only an attempt can renew or lift stays until the next one.
fn remembered(situation: &Situation<'_>, reason: Reason) -> Option<(Reason, String)> {
    let said = find(&situation.seen.status.conditions, ConditionType::Degraded)?;
    situation.live.as_ref()?;
    (said.reason == reason.as_str()).then(|| (reason, first_warning(&said.message)))
}

/// Messages join warnings; the remembered one is the first sentence.
fn first_warning(message: &str) -> String {
    message
        .split_inclusive(". ")
        .next()
        .unwrap_or(message)
        .trim_end()
        .to_owned()
}

fn repeats(situation: &Situation<'_>) -> Option<(Reason, String)> {
    let live = situation.live.as_ref().filter(|live| live.repeats >= 2)?;
    let _ = live;
    Some((
        Reason::SameTokenReturned,
        Reason::SameTokenReturned.hint().to_owned(),
    ))
}

fn ends_soon(situation: &Situation<'_>) -> Option<(Reason, String)> {
    let end = situation
        .live
        .as_ref()
        .filter(|live| !live.asks)?
        .expires_at?;
    let soon = later(end, -SOON) <= situation.now && situation.now < end;
    soon.then(|| {
        (
            Reason::ExpiringSoon,
            format!(
                "The credential ends at {}. {}",
                message::time(end),
                Reason::ExpiringSoon.hint()
            ),
        )
    })
}

fn short_life(situation: &Situation<'_>) -> Option<(Reason, String)> {
    let live = situation.live.as_ref().filter(|live| live.asks)?;
    let life = schedule::life(live.issued_at?, live.expires_at?);
    let lead = live
        .refresh_at
        .map_or(life, |at| schedule::life(at, live.expires_at.unwrap_or(at)));
    (lead < PROPAGATION).then(|| {
        (
            Reason::ShortLifetime,
            Reason::ShortLifetime.hint().to_owned(),
        )
    })
}
