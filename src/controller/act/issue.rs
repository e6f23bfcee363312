//! Obtaining a credential: everything that can be refused without asking anybody comes first.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{
        Error, connection,
        context::Context,
        hosts::Client,
        memory::HeldCredential,
        observe, resolve,
        round::{Read, Round},
        sources,
    },
    publish,
};
use crate::{
    plan::{self, Issue, Outcome, schedule},
    provider::{Ask, Credential, Expiry, Refusal, http::ConnectionSettings, oauth2::ClientAuth},
    reason::{Class, Reason},
    selection::Candidate,
    target::{Marks, digest},
};

/// How long somebody who found no place at a host stays away.
const BUSY: SignedDuration = SignedDuration::from_millis(200);

/// Ends of one token that differ by less are the same end: servers state whole seconds.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(2);
/// Repetitions in a row after which a stated end counts no more.
const MOST_AT_ITS_END: u8 = 6;

pub(super) async fn issue(round: &mut Round<'_>, issue: &Issue) -> Result<Outcome, Error> {
    let asks = issue.order.iter().any(|index| {
        round
            .sight
            .facts
            .grants()
            .get(*index)
            .is_some_and(|grant| grant.asks)
    });
    if asks && is_crowded(round, issue) {
        let until = schedule::later(round.now, BUSY);
        return Ok(Outcome::Busy { until });
    }
    if asks && !verified(round).await? {
        return Ok(Outcome::Busy { until: round.now });
    }
    let read = match take_read(round).await? {
        Ok(read) => read,
        Err(refusal) => return Ok(Outcome::Refused(refusal)),
    };
    let targets: Vec<_> = round
        .sight
        .places
        .iter()
        .map(|place| place.target.clone())
        .collect();
    let candidates = match resolve::candidates(round.subject, &targets, &read) {
        Ok(candidates) => candidates,
        Err(refusal) => return Ok(Outcome::Refused(refusal)),
    };
    if asks && let Err(refusal) = publish::dry_run(round, &read, &candidates).await? {
        return Ok(Outcome::Blocked(refusal));
    }
    let held = match attempt(round, &issue.order, &candidates, &read).await {
        Attempt::Obtained(held) => held,
        Attempt::Refused(refusal) => return Ok(Outcome::Refused(refusal)),
        Attempt::Busy => {
            return Ok(Outcome::Busy {
                until: schedule::later(round.context.now(), BUSY),
            });
        }
    };
    round.memory.held = Some(*held);
    round.sight.read = Some(read);
    publish::publish(round).await
}

/// Is there no place at the host now? Looked at before anything is read: who waits for a slow host comes back often.
fn is_crowded(round: &Round<'_>, issue: &Issue) -> bool {
    let grants = round.sight.facts.grants();
    let first = issue.order.first().and_then(|index| grants.get(*index));
    let Some(host) = first.and_then(|grant| grant.method.endpoint.as_deref()) else {
        return false;
    };
    let (hosts, namespace) = (&round.context.hosts, round.subject.namespace);
    hosts.enter(host, namespace, round.now).is_none()
}

/// What an attempt came to.
enum Attempt {
    Obtained(Box<HeldCredential>),
    Refused(Refusal),
    /// No place at the host.
    Busy,
}

/// Before the first mint of this process the targets are read from the API server itself: a watch may be late, and a
/// second token is worse than a read. False: something else was there than was seen.
async fn verified(round: &mut Round<'_>) -> Result<bool, Error> {
    if round.memory.verified {
        return Ok(true);
    }
    let mut same = true;
    for place in round.sight.places.iter().filter(|place| !place.asked) {
        let key = round.subject.secret_key(&place.target.name);
        let before = format!("{:?}", round.context.known().mirror.get(&key));
        let after = format!("{:?}", sources::asked(round.context, &key).await?);
        same &= before == after || (before == "Unknown" && after == "Absent");
    }
    round.memory.verified = true;
    Ok(same)
}

/// Sources and templates: those of this round, or read now.
async fn take_read(round: &mut Round<'_>) -> Result<Result<Read, Refusal>, Error> {
    if let Some(read) = round.sight.read.take() {
        return Ok(Ok(read));
    }
    let targets: Vec<_> = round
        .sight
        .places
        .iter()
        .map(|place| place.target.clone())
        .collect();
    resolve::read(round.context, round.subject, &targets).await
}

/// The candidates as the plan orders them, told by their digests: the plan may know fewer of them, after a restart only
/// the published one, and a source may have moved since. Those it does not know come last.
fn ordered<'c, 'a>(
    round: &Round<'_>,
    order: &[usize],
    candidates: &'c [Candidate<'a>],
) -> Vec<&'c Candidate<'a>> {
    let grants = round.sight.facts.grants();
    let wanted: Vec<&str> = order
        .iter()
        .filter_map(|index| grants.get(*index))
        .map(|grant| grant.digest.as_str())
        .collect();
    let mut ordered: Vec<_> = candidates
        .iter()
        .map(|candidate| {
            let digest = resolve::grant(round.context, candidate).digest;
            let place = wanted.iter().position(|wanted| **wanted == digest);
            (place.unwrap_or(usize::MAX), candidate)
        })
        .collect();
    ordered.sort_by_key(|(place, _)| *place);
    ordered
        .into_iter()
        .map(|(_, candidate)| candidate)
        .collect()
}

/// Tries the alternatives in order; the next only after a refusal that waiting would not cure.
async fn attempt(
    round: &Round<'_>,
    order: &[usize],
    candidates: &[Candidate<'_>],
    read: &Read,
) -> Attempt {
    let mut last = Attempt::Busy;
    for candidate in ordered(round, order, candidates) {
        last = one(round, candidate, read).await;
        match &last {
            Attempt::Refused(refusal) if plan::falls_through(refusal.reason) => {}
            Attempt::Refused(_) | Attempt::Obtained(_) | Attempt::Busy => break,
        }
    }
    last
}

async fn one(round: &Round<'_>, candidate: &Candidate<'_>, read: &Read) -> Attempt {
    let provider = candidate.method.block.provider();
    let grant = resolve::grant(round.context, candidate);
    let settings = match connection::settings(round.subject.object.spec.connection.as_ref(), read) {
        Ok(settings) => settings,
        Err(refusal) => return Attempt::Refused(refusal),
    };
    let http = match round.context.connections.open(&settings) {
        Ok(http) => http,
        Err(refusal) => return Attempt::Refused(refusal),
    };
    let now = round.context.now();
    let host = grant.method.endpoint.clone();
    let _place = match host.as_deref().filter(|_| provider.asks()) {
        Some(host) => match round
            .context
            .hosts
            .enter(host, round.subject.namespace, now)
        {
            Some(place) => Some(place),
            None => return Attempt::Busy,
        },
        None => None,
    };
    let learned_client_auth = learned(round, &grant.method.name);
    let ask = Ask {
        material: &candidate.material,
        http: http.as_ref(),
        now,
        learned_client_auth,
    };
    let began = Instant::now();
    let answer = provider.issue(ask).await;
    if provider.asks() {
        round.context.metrics.asked(
            provider.scheme(),
            answer.as_ref().err().map(|no| no.reason),
            began.elapsed(),
        );
    }
    match answer {
        Ok(credential) => obtained(round, credential, grant, now),
        Err(refusal) => {
            pause(round, host, &refusal);
            Attempt::Refused(refusal)
        }
    }
}

/// A throttled client waits as a whole, not only this object.
fn pause(round: &Round<'_>, host: Option<String>, refusal: &Refusal) {
    let (Some(host), Class::Throttled) = (host, refusal.reason.class()) else {
        return;
    };
    let known = observe::client(
        round.subject,
        &round.sight.facts.wanted,
        &round.sight.versions,
    );
    let wait = refusal
        .retry_after
        .and_then(|wait| SignedDuration::try_from(wait).ok());
    let now = round.context.now();
    let until = schedule::later(now, wait.unwrap_or(SignedDuration::from_secs(60)));
    round
        .context
        .hosts
        .pause(&Client { host, ..known }, until, now);
}

/// What an earlier attempt with the same source version found out about client authentication.
fn learned(round: &Round<'_>, method: &str) -> Option<ClientAuth> {
    let status = round
        .sight
        .facts
        .status
        .method
        .as_ref()
        .filter(|known| known.name == method)?;
    let same_sources = round.sight.facts.sources.iter().all(|source| !source.moved);
    let text = status.client_auth.as_ref().filter(|_| same_sources)?;
    serde_json::from_value(serde_json::Value::String(text.clone())).ok()
}

/// Reckons the end, tells a repeated token, and holds the credential until it is published.
fn obtained(
    round: &Round<'_>,
    credential: Credential,
    mut grant: plan::Grant,
    now: Timestamp,
) -> Attempt {
    let again = served_again(round, &credential);
    let (expires_at, expiry_source) = end_of(round, &credential, again, now);
    if expires_at.is_some_and(|end| end <= now) {
        let refusal = Refusal::new(Reason::InvalidLifetime, "the credential has already ended");
        return Attempt::Refused(if grant.asks {
            refusal
        } else {
            Refusal {
                reason: Reason::TokenExpired,
                ..refusal
            }
        });
    }
    grant.method.client_auth = credential
        .learned_client_auth
        .and_then(|auth| serde_json::to_value(auth).ok())
        .and_then(|auth| auth.as_str().map(str::to_owned));
    let repeats = again.map_or(0, |marks| repeats(marks, expires_at));
    Attempt::Obtained(Box::new(HeldCredential {
        credential,
        grant,
        issued_at: now,
        expires_at,
        expiry_source,
        repeats,
        versions: round.sight.versions.clone(),
        handled_request: round.sight.facts.open_request().map(str::to_owned),
        probe_refusals: 0,
        not_before: now,
    }))
}

/// The marks of the served credential, when this is the same one again.
fn served_again<'a>(round: &'a Round<'_>, credential: &Credential) -> Option<&'a Marks> {
    let marks = &round.sight.facts.current()?.marks;
    let digest = digest::credential(&round.context.digest_key, credential);
    (marks.credential.as_ref() == Some(&digest)).then_some(marks)
}

/// When the credential ends, and who says so.
fn end_of(
    round: &Round<'_>,
    credential: &Credential,
    again: Option<&Marks>,
    now: Timestamp,
) -> (Option<Timestamp>, Option<String>) {
    let assumed = round.sight.facts.policy.assumed_lifetime;
    let stated = again.and_then(|marks| still_stated(marks, now));
    match (&credential.expiry, stated) {
        (Expiry::Never, _) => (None, None),
        (Expiry::At(at, source), _) => (Some(*at), Some(source.as_str().to_owned())),
        (Expiry::Unstated, Some((end, source))) => (Some(end), Some(source)),
        (Expiry::Unstated, None) => {
            let end = (!assumed.is_zero()).then(|| schedule::later(now, assumed));
            (end, Some("Assumed".to_owned()))
        }
    }
}

/// A server that repeats its token counts the rest of its life down to nothing: within that last second its silence
/// does not give a dying token another five minutes. Believed a few times in a row only.
fn still_stated(marks: &Marks, now: Timestamp) -> Option<(Timestamp, String)> {
    let source = marks
        .expiry_source
        .as_ref()
        .filter(|source| *source != "Assumed")?;
    let end = marks.expires_at?;
    let is_near = now < schedule::later(end, TOLERANCE) && marks.repeats < MOST_AT_ITS_END;
    let soon = schedule::later(now, SignedDuration::from_secs(1));
    is_near.then(|| (end.max(soon), source.clone()))
}

/// How often the same token has come back in a row; one whose life was prolonged is as good as a new one.
fn repeats(served: &Marks, expires_at: Option<Timestamp>) -> u8 {
    let prolonged = match (served.expires_at, expires_at) {
        (Some(before), Some(end)) => end > schedule::later(before, TOLERANCE),
        (Some(_), None) => true,
        (None, _) => false,
    };
    if prolonged {
        0
    } else {
        served.repeats.saturating_add(1)
    }
}

/// Is the context of use: kept here so that the probe opens the same connections.
pub(super) fn port(
    context: &Context,
    settings: &ConnectionSettings,
) -> Result<std::sync::Arc<dyn crate::provider::http::Http>, Refusal> {
    context.connections.open(settings)
}
