//! Writing the managed Secrets: only what is ours, only when its bytes or marks differ, all from one credential.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;

use super::{
    super::{
        Error,
        cluster::Write,
        memory::HeldCredential,
        resolve,
        round::{Place, Read, Round},
        sources,
    },
    probe,
};
use crate::{
    plan::{Issued, Outcome, TargetState, TargetWritten},
    provider::Refusal,
    reason::Reason,
    selection::Candidate,
    sensitive::SecretBytes,
    target::{self, Marks, Precondition, Published, Rendered, digest},
};

/// Publishes the credential in memory to every target that may be written.
pub(super) async fn publish(round: &mut Round<'_>) -> Result<Outcome, Error> {
    if let Some(outcome) = probe::gate(round).await? {
        return Ok(outcome);
    }
    let Some(held) = round.memory.held.take() else {
        return Ok(Outcome::Nothing);
    };
    let outcome = publish_held(round, &held).await;
    // Whatever went wrong, the credential stays: the write is repeated, not the grant.
    let done = matches!(&outcome, Ok(Outcome::Issued(issued)) if issued.targets.iter().all(|one| one.result.is_ok()));
    if !done {
        round.memory.held = Some(held);
    }
    outcome
}

async fn publish_held(round: &mut Round<'_>, held: &HeldCredential) -> Result<Outcome, Error> {
    let templates = match templates(round).await? {
        Ok(templates) => templates,
        Err(refusal) => return Ok(Outcome::Refused(refusal)),
    };
    let mut written = Vec::new();
    for (index, templates) in templates.iter().enumerate() {
        if !is_writable(&round.sight.facts.targets[index].state) {
            continue;
        }
        let name = round.sight.places[index].target.name.clone();
        // A failure of the API server is one of this target: the others are written, and it is remembered.
        let result = write_credential(round, index, held, templates).await;
        let result = result.unwrap_or_else(|error| Err(error.refusal()));
        written.push(TargetWritten { name, result });
    }
    round.memory.found_dead = None;
    Ok(Outcome::Issued(issued(
        held,
        round.memory.probe_verdict.take(),
        written,
    )))
}

fn issued(
    held: &HeldCredential,
    probe: Option<crate::plan::ProbeVerdict>,
    targets: Vec<TargetWritten>,
) -> Issued {
    Issued {
        method: held.grant.method.clone(),
        issued_at: held.issued_at,
        expires_at: held.expires_at,
        expiry_source: held.expiry_source.clone(),
        repeats: held.repeats,
        missing_scopes: held.credential.missing_scopes.clone(),
        probe,
        targets,
    }
}

fn is_writable(state: &TargetState) -> bool {
    matches!(state, TargetState::Absent | TargetState::Managed(_))
}

/// Templates per target, read with the sources or now.
async fn templates(
    round: &Round<'_>,
) -> Result<Result<Vec<BTreeMap<String, String>>, Refusal>, Error> {
    if let Some(read) = &round.sight.read {
        return Ok(Ok(read.templates.clone()));
    }
    let mut all = Vec::with_capacity(round.sight.places.len());
    for place in &round.sight.places {
        match sources::templates(round.context, round.subject.namespace, &place.target).await? {
            Ok(templates) => all.push(templates),
            Err(refusal) => return Ok(Err(refusal)),
        }
    }
    Ok(Ok(all))
}

/// The create of every absent target is tried before anybody is asked for a credential: one rule finds a terminating
/// namespace, a quota, admission, missing rights and a conflict.
pub(super) async fn dry_run(
    round: &Round<'_>,
    read: &Read,
    candidates: &[Candidate<'_>],
) -> Result<Result<(), Refusal>, Error> {
    let Some(candidate) = candidates.first() else {
        return Ok(Ok(()));
    };
    let sample = target::sample(&candidate.method.block);
    for (index, place) in round.sight.places.iter().enumerate() {
        if !matches!(round.sight.facts.targets[index].state, TargetState::Absent) {
            continue;
        }
        let published = Published {
            credential: &sample,
            obtained_at: Some(round.now),
            expires_at: Some(round.now),
        };
        let rendered = match render(round, place, &read.templates[index], &published) {
            Ok(rendered) => rendered,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let marks = Marks {
            owner: round.subject.owner(),
            ..Marks::default()
        };
        let result = apply(
            round,
            place,
            &rendered,
            &marks,
            &Precondition::Create,
            Write::DryRun,
        )
        .await?;
        if let Err(refusal) = result {
            return Ok(Err(refusal));
        }
    }
    Ok(Ok(()))
}

fn render(
    round: &Round<'_>,
    place: &Place,
    templates: &BTreeMap<String, String>,
    published: &Published<'_>,
) -> Result<Rendered, Refusal> {
    target::render(
        &place.target,
        templates,
        published,
        (round.subject.namespace, round.subject.name),
    )
}

async fn write_credential(
    round: &mut Round<'_>,
    index: usize,
    held: &HeldCredential,
    templates: &BTreeMap<String, String>,
) -> Result<Result<(), Refusal>, Error> {
    let place = &round.sight.places[index];
    let published = Published {
        credential: &held.credential,
        obtained_at: Some(held.issued_at).filter(|_| held.grant.asks),
        expires_at: held.expires_at,
    };
    let mut rendered = match render(round, place, templates, &published) {
        Ok(rendered) => rendered,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if held.repeats > 0
        && let Some(same) = stored(round, place).await?
    {
        rendered.data = same;
    }
    let marks = marks(round, place, held, &rendered);
    write(round, index, &rendered, &marks).await
}

/// The same token came back: the bytes that consumers read stay as they are.
async fn stored(
    round: &Round<'_>,
    place: &Place,
) -> Result<Option<BTreeMap<String, SecretBytes>>, Error> {
    let Some(ours) = place
        .ours
        .as_ref()
        .filter(|ours| ours.intact && ours.marks.publish.as_ref() == Some(&place.publish))
    else {
        return Ok(None);
    };
    let secret = round
        .context
        .cluster
        .secret(round.subject.namespace, &place.target.name)
        .await?;
    Ok(secret.map(|secret| own_bytes(&secret.data.unwrap_or_default(), &ours.marks.keys)))
}

/// The members of stored data that are ours.
pub(super) fn own_bytes(
    data: &BTreeMap<String, ByteString>,
    keys: &[String],
) -> BTreeMap<String, SecretBytes> {
    data.iter()
        .filter(|(key, _)| keys.contains(key))
        .map(|(key, value)| (key.clone(), SecretBytes::new(value.0.as_slice())))
        .collect()
}

fn marks(round: &Round<'_>, place: &Place, held: &HeldCredential, rendered: &Rendered) -> Marks {
    let key = &round.context.digest_key;
    Marks {
        owner: round.subject.owner(),
        issued_at: Some(held.issued_at).filter(|_| held.grant.asks),
        expires_at: held.expires_at,
        expiry_source: held.expiry_source.clone(),
        grant: Some(held.grant.digest.clone()),
        spec: Some(round.sight.spec.clone()),
        publish: Some(place.publish.clone()),
        content: Some(digest::content(key, &rendered.data)),
        credential: Some(digest::credential(key, &held.credential)),
        keys: rendered.data.keys().cloned().collect(),
        sources: held.versions.clone(),
        method: Some(held.grant.method.name.clone()),
        generation: Some(round.sight.facts.generation),
        handled_refresh_request: held.handled_request.clone(),
        repeats: held.repeats,
    }
}

/// Writes one target: creates only what is absent, changes only what was seen, and replaces a Secret whose type
/// is another one, since Kubernetes lets no type change.
pub(super) async fn write(
    round: &mut Round<'_>,
    index: usize,
    rendered: &Rendered,
    marks: &Marks,
) -> Result<Result<(), Refusal>, Error> {
    let place = &round.sight.places[index];
    let precondition = match &place.ours {
        None => Precondition::Create,
        Some(ours) if ours.marks.publish.as_ref() == Some(&place.publish) => {
            Precondition::Uid(ours.uid.clone())
        }
        Some(ours) => retyped(round, place, &ours.uid, &rendered.kind).await?,
    };
    let result = apply(round, place, rendered, marks, &precondition, Write::Real).await?;
    if result.is_ok() {
        let name = &round.sight.places[index].target.name;
        round.memory.unrecoverable.remove(name);
    }
    round
        .context
        .metrics
        .wrote(precondition == Precondition::Create, result.is_ok());
    Ok(result)
}

/// Deletes the Secret if it has another type; then it is created anew.
async fn retyped(
    round: &Round<'_>,
    place: &Place,
    uid: &str,
    kind: &str,
) -> Result<Precondition, Error> {
    let (namespace, name) = (round.subject.namespace, place.target.name.as_str());
    let stored = round.context.cluster.secret(namespace, name).await?;
    let Some(stored) = stored else {
        return Ok(Precondition::Create);
    };
    let same_type = stored.type_.as_deref().unwrap_or("Opaque") == kind;
    if same_type || stored.metadata.uid.as_deref() != Some(uid) {
        return Ok(Precondition::Uid(uid.to_owned()));
    }
    let version = stored.metadata.resource_version.as_deref();
    round
        .context
        .cluster
        .delete_secret(namespace, name, uid, version)
        .await?;
    Ok(Precondition::Create)
}

async fn apply(
    round: &Round<'_>,
    place: &Place,
    rendered: &Rendered,
    marks: &Marks,
    precondition: &Precondition,
    write: Write,
) -> Result<Result<(), Refusal>, Error> {
    let (namespace, name) = (round.subject.namespace, place.target.name.as_str());
    let owner = round.subject.owner_reference();
    let manifest = target::manifest(name, namespace, rendered, marks, owner, precondition);
    let key = round.subject.secret_key(name);
    match round
        .context
        .cluster
        .apply_secret(namespace, name, &manifest, write)
        .await
    {
        Ok(stored) => {
            if write == Write::Real {
                round.context.known().mirror.apply(key, &stored.metadata);
            }
            Ok(Ok(()))
        }
        Err(error) if error.is_conflict() => {
            // Something else is there than was seen; the next round sees it.
            sources::asked(round.context, &key).await?;
            Ok(Err(Refusal::new(
                Reason::StorageUnavailable,
                format!("Secret {name} was changed meanwhile"),
            )))
        }
        Err(error) => Ok(Err(error.refusal())),
    }
}

/// Reads the sources of this round, when they were not read before.
pub(super) async fn read(round: &mut Round<'_>) -> Result<Result<(), Refusal>, Error> {
    if round.sight.read.is_some() {
        return Ok(Ok(()));
    }
    let targets: Vec<_> = round
        .sight
        .places
        .iter()
        .map(|place| place.target.clone())
        .collect();
    match resolve::read(round.context, round.subject, &targets).await? {
        Ok(read) => {
            round.sight.read = Some(read);
            Ok(Ok(()))
        }
        Err(refusal) => Ok(Err(refusal)),
    }
}
