//! The probe: a gate before a credential is published, and a watchdog afterwards.

use jiff::SignedDuration;

use super::{
    super::{Error, connection, round::Round},
    issue, publish,
};
use crate::{
    api::v1alpha1::Probe,
    plan::{Outcome, ProbeVerdict, schedule},
    provider::Credential,
    target::{self, Published},
};

/// Fresh tokens take a moment to spread: a refusal is believed after these pauses only.
const PAUSES: [i64; 3] = [1, 2, 4];

/// Asks the probe about the credential in memory. None: it may be published.
///
/// It never gates while consumers have nothing, or nothing that lives.
pub(super) async fn gate(round: &mut Round<'_>) -> Result<Option<Outcome>, Error> {
    let Some(probe) = round.subject.object.spec.probe.clone() else {
        return Ok(None);
    };
    if let Err(refusal) = publish::read(round).await? {
        return Ok(Some(Outcome::Refused(refusal)));
    }
    let Some(held) = round.memory.held.take() else {
        return Ok(None);
    };
    let serving = round
        .sight
        .facts
        .current()
        .is_some_and(|current| current.marks.expires_at.is_none_or(|end| round.now < end));
    let published = Published {
        credential: &held.credential,
        obtained_at: Some(held.issued_at),
        expires_at: held.expires_at,
    };
    let verdict = ask(round, &probe, &published).await;
    round.memory.probe_verdict = Some(verdict);
    if verdict != ProbeVerdict::Dead || !serving {
        round.memory.held = Some(held);
        return Ok(None);
    }
    let Some(pause) = PAUSES.get(usize::from(held.probe_refusals)) else {
        return Ok(Some(Outcome::ProbeRefused));
    };
    let until = schedule::later(round.context.now(), SignedDuration::from_secs(*pause));
    let mut held = held;
    held.probe_refusals += 1;
    held.not_before = until;
    round.memory.held = Some(held);
    Ok(Some(Outcome::ProbePending { until }))
}

/// Asks the probe about the published credential.
pub(super) async fn watchdog(round: &mut Round<'_>) -> Result<Outcome, Error> {
    round.memory.last_probe = Some(round.now);
    let Some(probe) = round.subject.object.spec.probe.clone() else {
        return Ok(Outcome::Nothing);
    };
    if publish::read(round).await?.is_err() {
        return Ok(Outcome::Probed(ProbeVerdict::Unclear));
    }
    let Some((credential, issued_at, expires_at)) = served(round).await? else {
        return Ok(Outcome::Probed(ProbeVerdict::Unclear));
    };
    let published = Published {
        credential: &credential,
        obtained_at: issued_at,
        expires_at,
    };
    let verdict = ask(round, &probe, &published).await;
    if verdict == ProbeVerdict::Dead {
        round.memory.found_dead = issued_at;
    }
    Ok(Outcome::Probed(verdict))
}

type Served = (Credential, Option<jiff::Timestamp>, Option<jiff::Timestamp>);

/// The published credential, out of the first target that holds enough of it.
async fn served(round: &Round<'_>) -> Result<Option<Served>, Error> {
    for place in &round.sight.places {
        let Some(ours) = place.ours.as_ref().filter(|ours| ours.intact) else {
            continue;
        };
        let secret = round
            .context
            .cluster
            .secret(round.subject.namespace, &place.target.name)
            .await?;
        let Some(data) = secret.and_then(|secret| secret.data) else {
            continue;
        };
        if let Some(credential) = target::recover(&place.target, &data, &ours.marks) {
            return Ok(Some((
                credential,
                ours.marks.issued_at,
                ours.marks.expires_at,
            )));
        }
    }
    Ok(None)
}

/// One request. What cannot be asked is unclear, never dead.
async fn ask(round: &Round<'_>, probe: &Probe, published: &Published<'_>) -> ProbeVerdict {
    let Some(read) = &round.sight.read else {
        return ProbeVerdict::Unclear;
    };
    let object = (round.subject.namespace, round.subject.name);
    let request = match target::probe::request(probe, published, object) {
        Ok(request) => request,
        Err(refusal) => {
            tracing::warn!(object = %round.subject.owner(), reason = %refusal.reason, "the probe cannot be asked");
            return ProbeVerdict::Unclear;
        }
    };
    let settings = connection::settings(round.subject.object.spec.connection.as_ref(), read);
    let Ok(http) = settings.and_then(|settings| issue::port(round.context, &settings)) else {
        return ProbeVerdict::Unclear;
    };
    match http.send(request).await {
        Ok(response) => judge(probe, response.status, response.body.expose()),
        Err(_) => ProbeVerdict::Unclear,
    }
}

fn judge(probe: &Probe, status: u16, body: &[u8]) -> ProbeVerdict {
    match (target::probe::means_death(probe, status, body), status) {
        (true, _) => ProbeVerdict::Dead,
        (false, 200..=499) => ProbeVerdict::Alive,
        (false, _) => ProbeVerdict::Unclear,
    }
}
