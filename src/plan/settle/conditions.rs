//! The conditions of a verdict.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::{
    super::{
        condition::{Conditions, Truth, find},
        message, schedule,
    },
    PATIENCE, Situation,
    degraded::degraded,
    later,
    live::Live,
    trouble::Trouble,
};
use crate::{
    api::v1alpha1::{AuthenticationConfigurationStatus as Status, ConditionType},
    reason::{Class, Reason, Shown},
};

pub(super) fn conditions(
    situation: &Situation<'_>,
    status: &Status,
    troubles: &[Trouble],
) -> Vec<Condition> {
    let before = &situation.seen.status.conditions;
    let mut conditions = Conditions::new(before, situation.seen.generation, situation.now);
    ready(situation, status, troubles, &mut conditions);
    judged(
        troubles,
        ConditionType::Accepted,
        (Shown::Accepted, Reason::Accepted),
        &mut conditions,
    );
    judged(
        troubles,
        ConditionType::SourcesResolved,
        (Shown::SourcesResolved, Reason::SourcesResolved),
        &mut conditions,
    );
    progress(situation, troubles.first(), &mut conditions);
    suspended(situation, &mut conditions);
    degraded(situation, status, &mut conditions);
    conditions.into_vec()
}

fn ready(
    situation: &Situation<'_>,
    status: &Status,
    troubles: &[Trouble],
    conditions: &mut Conditions<'_>,
) {
    let (truth, reason, message) = match &situation.live {
        Some(live) if situation.is_ready() => ready_now(situation, status, live),
        Some(live) if !situation.is_alive() => expired(situation, troubles, live),
        Some(_) | None => not_ready(situation, troubles),
    };
    let served = served_generation(situation);
    conditions.set_for(ConditionType::Ready, truth, reason, &message, served);
}

/// The generation whose credential is in the Secret, so that `apply` and `wait` mean the new one.
fn served_generation(situation: &Situation<'_>) -> i64 {
    let newest = situation.seen.generation;
    let published = situation.seen.has_published();
    let before = find(&situation.seen.status.conditions, ConditionType::Ready);
    let before = before.and_then(|ready| ready.observed_generation);
    match &situation.live {
        Some(live) if live.is_wanted => newest,
        None if !published => newest,
        live => before
            .filter(|_| published)
            .or(live.as_ref().and_then(|live| live.generation))
            .unwrap_or(newest),
    }
}

fn ready_now(situation: &Situation<'_>, status: &Status, live: &Live) -> (Truth, Reason, String) {
    let valid = validity(situation, live);
    let Some(error) = &status.last_error else {
        return (Truth::True, Reason::TokenValid, valid);
    };
    let times = match status.consecutive_failures {
        None | Some(0 | 1) => "The last attempt".to_owned(),
        Some(failures) => format!("The last {failures} attempts"),
    };
    let next = message::next_try(status.next_attempt_at);
    let error = message::last_error(error);
    let message = format!("{valid} {times} to replace it failed: {error}. {next}");
    (Truth::True, Reason::TokenValidRefreshFailing, message)
}

fn expired(
    situation: &Situation<'_>,
    troubles: &[Trouble],
    live: &Live,
) -> (Truth, Reason, String) {
    let end = live.expires_at.map(message::time).unwrap_or_default();
    let why = match troubles.first() {
        _ if situation.seen.suspension.is_some() => ": refreshing is suspended.".to_owned(),
        Some(trouble) => format!(": {}", trouble.sentence()),
        None => ".".to_owned(),
    };
    let message = format!("The credential expired at {end} and was not replaced{why}");
    (Truth::False, Reason::TokenExpired, message)
}

fn not_ready(situation: &Situation<'_>, troubles: &[Trouble]) -> (Truth, Reason, String) {
    if let Some(trouble) = troubles.first() {
        return (Truth::False, trouble.reason, trouble.sentence());
    }
    if situation.live.is_some() || situation.seen.has_published() {
        let message = "A managed Secret is missing or incomplete and is written again.";
        return (Truth::False, Reason::Progressing, message.to_owned());
    }
    let hint = Reason::Pending.hint().to_owned();
    (Truth::Unknown, Reason::Pending, hint)
}

/// True unless a trouble belongs to this condition.
fn judged(
    troubles: &[Trouble],
    kind: ConditionType,
    (shown, fine): (Shown, Reason),
    conditions: &mut Conditions<'_>,
) {
    let trouble = troubles.iter().find(|one| one.reason.shown() == shown);
    match trouble {
        Some(trouble) => conditions.set(kind, Truth::False, trouble.reason, &trouble.text),
        None => conditions.set(kind, Truth::True, fine, fine.hint()),
    }
}

/// Reconciling while time may heal it, Stalled when somebody must act.
fn progress(situation: &Situation<'_>, trouble: Option<&Trouble>, conditions: &mut Conditions<'_>) {
    if situation.seen.suspension.is_some() {
        return;
    }
    let served = situation.live.as_ref().is_some_and(|live| live.is_wanted);
    let (kind, reason, text) = match trouble {
        None if served && situation.is_ready() => return,
        None => (
            ConditionType::Reconciling,
            Reason::Progressing,
            Reason::Progressing.hint().to_owned(),
        ),
        Some(trouble) => {
            let (kind, reason) = severity(situation, trouble.reason);
            (kind, reason, trouble.sentence())
        }
    };
    conditions.set(kind, Truth::True, reason, &text);
}

fn severity(situation: &Situation<'_>, reason: Reason) -> (ConditionType, Reason) {
    match reason.class() {
        Class::Author | Class::Rejected | Class::Refused => (ConditionType::Stalled, reason),
        Class::Waiting if patience_is_over(situation) => (ConditionType::Stalled, reason),
        Class::Waiting => (ConditionType::Reconciling, Reason::WaitingForSource),
        Class::Healthy
        | Class::Warning
        | Class::Transient
        | Class::Malformed
        | Class::Throttled
        | Class::Kubernetes
        | Class::Internal => (ConditionType::Reconciling, Reason::ProgressingWithRetry),
    }
}

fn patience_is_over(situation: &Situation<'_>) -> bool {
    let before = &situation.seen.status.conditions;
    find(before, ConditionType::SourcesResolved)
        .filter(|resolved| resolved.status == "False")
        .is_some_and(|since| later(since.last_transition_time.0, PATIENCE) <= situation.now)
}

fn suspended(situation: &Situation<'_>, conditions: &mut Conditions<'_>) {
    if let Some(suspension) = &situation.seen.suspension {
        let until = match suspension.until {
            Some(until) => format!("Suspended until {}.", message::time(until)),
            None => "Suspended by spec.suspend.".to_owned(),
        };
        let message =
            format!("{until} No call to the identity provider and no write to the Secret.");
        let kind = ConditionType::Suspended;
        conditions.set(kind, Truth::True, Reason::Suspended, &message);
    }
}

/// `… until …; next refresh …` for the served credential.
pub(super) fn validity(situation: &Situation<'_>, live: &Live) -> String {
    let place = message::secrets(&situation.target_names());
    let end = match live.expires_at {
        Some(end) => format!("is valid until {}", message::time(end)),
        None => "is valid and states no end".to_owned(),
    };
    let next = live
        .refresh_at
        .map(|at| format!("; next refresh {}", message::time(at)))
        .unwrap_or_default();
    let capped = match (live.issued_at, live.expires_at) {
        (Some(start), Some(end))
            if schedule::is_capped(schedule::life(start, end), &situation.seen.policy) =>
        {
            " (refresh.before is longer than two thirds of the token's life and is capped there)"
        }
        (_, _) => "",
    };
    format!("Credential in {place} {end}{next}{capped}.")
}
