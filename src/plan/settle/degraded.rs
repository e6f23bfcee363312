//! Warnings that need no action yet.

use jiff::SignedDuration;

use super::{
    super::{
        budget,
        condition::{Conditions, Truth, find},
        message,
        outcome::ProbeVerdict,
        schedule,
    },
    SOON, Situation, later,
};
use crate::{
    api::v1alpha1::{AuthenticationConfigurationStatus as Status, ConditionType},
    reason::Reason,
};

/// What a kubelet may take to show a changed Secret in a mounted file.
const PROPAGATION: SignedDuration = SignedDuration::from_secs(150);
/// How the warnings begin that are remembered by their text.
const PROBE: &str = "The probe ";
const SCOPES: &str = "Scopes not granted: ";

type Warning = (Reason, String);

/// One condition for every warning: the first gives the reason, the message names all.
pub(super) fn degraded(
    situation: &Situation<'_>,
    status: &Status,
    conditions: &mut Conditions<'_>,
) {
    let warnings: Vec<Warning> = [
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
        let texts: Vec<_> = warnings.iter().map(|(_, text)| text.as_str()).collect();
        let message = texts.join(" ");
        conditions.set(ConditionType::Degraded, Truth::True, *reason, &message);
    }
}

/// Scopes that were not granted, when nothing was said of it before.
pub(super) fn newly_reduced(situation: &Situation<'_>) -> Option<Warning> {
    let known = remembered(situation, Reason::ScopesReduced, SCOPES).is_some();
    scopes(situation).filter(|_| !known)
}

fn unstable(situation: &Situation<'_>, status: &Status) -> Option<Warning> {
    let spent = status.unscheduled_mints.as_ref();
    let spent = spent.filter(|spent| budget::is_unstable(spent))?;
    let text = format!(
        "{}: {} credentials outside the schedule since {}. {}",
        message::secrets(&situation.target_names()),
        spent.count,
        message::time(spent.since),
        Reason::TargetUnstable.hint()
    );
    Some((Reason::TargetUnstable, text))
}

fn probe(situation: &Situation<'_>) -> Option<Warning> {
    let said = match situation.probe {
        Some(ProbeVerdict::Alive) => return None,
        Some(ProbeVerdict::Dead) => "refused the credential.",
        Some(ProbeVerdict::Unclear) => "could not tell whether the credential works.",
        None if situation.issued.is_some() => return None,
        None => return remembered(situation, Reason::ProbeFailed, PROBE),
    };
    Some((Reason::ProbeFailed, format!("{PROBE}{said}")))
}

fn scopes(situation: &Situation<'_>) -> Option<Warning> {
    match &situation.missing_scopes {
        Some(missing) if missing.is_empty() => None,
        Some(missing) => {
            let text = format!("{SCOPES}{}.", missing.join(", "));
            Some((Reason::ScopesReduced, text))
        }
        None => remembered(situation, Reason::ScopesReduced, SCOPES),
    }
}

/// A warning that only an attempt can renew or lift stays until the next one.
fn remembered(situation: &Situation<'_>, reason: Reason, begin: &str) -> Option<Warning> {
    situation.live.as_ref()?;
    let said = find(&situation.seen.status.conditions, ConditionType::Degraded)?;
    let mut sentences = said.message.split_inclusive(". ");
    let sentence = sentences.find(|sentence| sentence.starts_with(begin))?;
    Some((reason, sentence.trim_end().to_owned()))
}

/// The next attempt had to be put after the end.
fn repeats(situation: &Situation<'_>) -> Option<Warning> {
    let live = situation.live.as_ref()?;
    let (at, end) = (live.refresh_at?, live.expires_at?);
    let reason = Reason::SameTokenReturned;
    (end < at).then(|| (reason, reason.hint().to_owned()))
}

fn ends_soon(situation: &Situation<'_>) -> Option<Warning> {
    let live = situation.live.as_ref().filter(|live| !live.asks)?;
    let end = live.expires_at?;
    let soon = later(end, -SOON) <= situation.now && situation.now < end;
    soon.then(|| {
        let (end, hint) = (message::time(end), Reason::ExpiringSoon.hint());
        let text = format!("The credential ends at {end}. {hint}");
        (Reason::ExpiringSoon, text)
    })
}

fn short_life(situation: &Situation<'_>) -> Option<Warning> {
    let live = situation.live.as_ref()?;
    let live = Some(live).filter(|live| live.asks && live.repeats == 0)?;
    let (at, end) = (live.refresh_at?, live.expires_at?);
    let reason = Reason::ShortLifetime;
    (schedule::life(at, end) < PROPAGATION).then(|| (reason, reason.hint().to_owned()))
}
