//! Writing targets again without asking anybody: their own bytes when they are ours, else those of another target.

use std::collections::BTreeMap;

use k8s_openapi::{ByteString, api::core::v1::Secret};

use super::{
    super::{Error, mirror::Known, observe, round::Round, sources},
    publish,
};
use crate::{
    api::v1alpha1::Target,
    plan::{Outcome, Repair, RepairWhy, TargetWritten},
    provider::{Credential, Refusal},
    sensitive::SecretBytes,
    target::{self, Marks, Published, Rendered, digest},
};

pub(super) async fn repair(round: &mut Round<'_>, repairs: &[Repair]) -> Result<Outcome, Error> {
    let mut written = Vec::new();
    let mut hopeless = false;
    for repair in repairs {
        let Some(index) = round
            .sight
            .places
            .iter()
            .position(|place| place.target.name == repair.target)
        else {
            continue;
        };
        let Ok(templates) = templates(round, index).await? else {
            // Said where the spec is judged. The others do not wait for it.
            continue;
        };
        let Some((rendered, marks)) = material(round, index, repair.why, &templates).await? else {
            give_up(round, index);
            hopeless = true;
            continue;
        };
        let result = publish::write(round, index, &rendered, &marks).await;
        let result = result.unwrap_or_else(|error| Err(error.refusal()));
        if result.is_ok() {
            note_dispute(round, index);
        }
        written.push(TargetWritten {
            name: repair.target.clone(),
            result,
        });
    }
    Ok(match (hopeless, &written[..]) {
        (true, _) => Outcome::Unrecoverable,
        (false, []) => Outcome::Nothing,
        (false, _) => Outcome::Repaired(written),
    })
}

/// An owner reference that another manager claims too stays whatever we apply; it is not tried again until the Secret
/// changes.
fn note_dispute(round: &mut Round<'_>, index: usize) {
    let name = round.sight.places[index].target.name.clone();
    let known = round
        .context
        .known()
        .mirror
        .get(&round.subject.secret_key(&name));
    if let Known::Present(facts) = known
        && !observe::owned(round.subject, &facts)
    {
        round.memory.disputed.insert(name, facts.resource_version);
    }
}

/// The templates of one target that are kept elsewhere.
async fn templates(
    round: &Round<'_>,
    index: usize,
) -> Result<Result<BTreeMap<String, String>, Refusal>, Error> {
    let target = &round.sight.places[index].target;
    sources::templates(round.context, round.subject.namespace, target).await
}

/// Remembers that the bytes are not to be had; a changed Secret is looked at again.
fn give_up(round: &mut Round<'_>, index: usize) {
    let place = &round.sight.places[index];
    let version = place
        .ours
        .as_ref()
        .map(|ours| ours.resource_version.clone());
    round
        .memory
        .unrecoverable
        .insert(place.target.name.clone(), version);
}

/// What the target is to hold, and its marks; none when nobody has the bytes.
async fn material(
    round: &Round<'_>,
    index: usize,
    why: RepairWhy,
    templates: &BTreeMap<String, String>,
) -> Result<Option<(Rendered, Marks)>, Error> {
    if matches!(why, RepairWhy::Edited | RepairWhy::Disowned)
        && let Some(own) = own(round, index).await?
    {
        return Ok(Some(own));
    }
    let Some((credential, marks)) = recovered(round, index).await? else {
        return Ok(None);
    };
    let place = &round.sight.places[index];
    let published = Published {
        credential: &credential,
        obtained_at: marks.issued_at,
        expires_at: marks.expires_at,
    };
    let object = (round.subject.namespace, round.subject.name);
    let Ok(rendered) = target::render(&place.target, templates, &published, object) else {
        return Ok(None);
    };
    let marks = Marks {
        publish: Some(place.publish.clone()),
        content: Some(digest::content(&round.context.digest_key, &rendered.data)),
        keys: rendered.data.keys().cloned().collect(),
        ..marks
    };
    Ok(Some((rendered, marks)))
}

/// The target's own bytes, if they are what we wrote: a restore, or a lost owner reference.
async fn own(round: &Round<'_>, index: usize) -> Result<Option<(Rendered, Marks)>, Error> {
    let place = &round.sight.places[index];
    let Some(ours) = &place.ours else {
        return Ok(None);
    };
    let Some(secret) = secret(round, index).await? else {
        return Ok(None);
    };
    let data = secret.data.unwrap_or_default();
    let content = digest::stored_content(&round.context.digest_key, &data, &ours.marks.keys);
    let complete = ours.marks.keys.iter().all(|key| data.contains_key(key));
    if ours.marks.content.as_ref() != Some(&content)
        || !complete
        || ours.marks.publish.as_ref() != Some(&place.publish)
    {
        return Ok(None);
    }
    let (labels, annotations) = target::appearance(&place.target);
    let data: BTreeMap<String, SecretBytes> = publish::own_bytes(&data, &ours.marks.keys);
    let kind = secret
        .type_
        .unwrap_or_else(|| target::type_of(&place.target).to_owned());
    Ok(Some((
        Rendered {
            data,
            kind,
            labels,
            annotations,
        },
        ours.marks.clone(),
    )))
}

/// The credential, read back out of an intact target: another one first, then the target itself.
async fn recovered(round: &Round<'_>, index: usize) -> Result<Option<(Credential, Marks)>, Error> {
    let newest = round
        .sight
        .facts
        .current()
        .map(|current| current.marks.issued_at);
    let others = (0..round.sight.places.len()).filter(|other| *other != index);
    for other in others.chain([index]) {
        let place = &round.sight.places[other];
        let Some(ours) = place
            .ours
            .as_ref()
            .filter(|ours| ours.intact && Some(ours.marks.issued_at) == newest)
        else {
            continue;
        };
        let Some(data) = secret(round, other).await?.and_then(|secret| secret.data) else {
            continue;
        };
        let credential = if ours.marks.publish.as_ref() == Some(&place.publish) {
            target::recover(&place.target, &data, &ours.marks)
        } else {
            reshaped(round, &data, &ours.marks)
        };
        if let Some(credential) = credential {
            return Ok(Some((credential, ours.marks.clone())));
        }
    }
    Ok(None)
}

/// A target whose shape was edited holds data of its old shape. Read as the default format it is believed only when
/// it gives the very credential that the marks name: a template of the old shape may have written the same keys. What
/// it wrote under other keys is no part of the credential.
fn reshaped(
    round: &Round<'_>,
    data: &BTreeMap<String, ByteString>,
    marks: &Marks,
) -> Option<Credential> {
    data.contains_key("scheme").then_some(())?;
    let alternatives = round.subject.object.spec.alternatives();
    let method = alternatives
        .into_iter()
        .find(|method| Some(method.display_name()) == marks.method.as_deref())?;
    let sample = target::sample(&method.block);
    let mut credential = target::recover(&Target::default(), data, marks)?;
    credential
        .values
        .retain(|name, _| sample.values.contains_key(name));
    let digest = digest::credential(&round.context.digest_key, &credential);
    (marks.credential.as_ref() == Some(&digest)).then_some(credential)
}

async fn secret(round: &Round<'_>, index: usize) -> Result<Option<Secret>, Error> {
    round
        .context
        .cluster
        .secret(
            round.subject.namespace,
            &round.sight.places[index].target.name,
        )
        .await
}

/// Deletes Secrets of ours that are no longer targets, exactly as they were seen.
pub(super) async fn prune(round: &mut Round<'_>, names: &[String]) -> Result<Outcome, Error> {
    let owned = round
        .context
        .known()
        .mirror
        .owned_by(round.subject.namespace, &round.subject.owner());
    for (name, facts) in owned.into_iter().filter(|(name, _)| names.contains(name)) {
        let seen = Some(facts.resource_version.as_str());
        let deleted = round
            .context
            .cluster
            .delete_secret(round.subject.namespace, &name, &facts.uid, seen)
            .await;
        if let Err(error) = deleted {
            return Ok(Outcome::Blocked(error.refusal()));
        }
        let key = round.subject.secret_key(&name);
        round.context.known().mirror.delete(&key, seen);
    }
    Ok(Outcome::Pruned)
}
