//! Facts only: what the spec asks for, what the sources are, and what is in the place of each target.

use jiff::{SignedDuration, Timestamp};

use super::{
    Error,
    context::Context,
    hosts::Client,
    memory::{Memory, Resolved},
    mirror::Known,
    resolve,
    round::{Place, Read, Sight, Subject},
    sources, suspension, workload,
};
use crate::{
    api::v1alpha1::{DeletionPolicy, MethodStatus, Origin, Target, annotation},
    duration::HumanDuration,
    plan::{
        Current, Grant, Observed, RefreshPolicy, SourceSeen, TargetSeen, TargetState, Wanted,
        schedule,
    },
    provider::Refusal,
    target::{Facts, Marks, Ownership, SourceVersion, digest, ownership},
};

/// A longer request is known by its digest.
const LONGEST_REQUEST: usize = 253;

/// Looks at everything that the decision depends on. Reads sources only when their versions moved.
pub(super) async fn observe(
    context: &Context,
    subject: Subject<'_>,
    memory: &mut Memory,
    now: Timestamp,
) -> Result<Sight, Error> {
    let spec = &subject.object.spec;
    let targets = spec.effective_targets(subject.name);
    let versions = sources::versions(context, subject.namespace, &spec.sources).await?;
    let spec_digest = digest::spec(&context.digest_key, spec);
    let (places, seen) = places(context, subject, memory, &targets).await?;
    let before = memory
        .resolved
        .as_ref()
        .map(|resolved| resolved.versions.clone());
    let newest = newest(&seen);
    let trusted = trusted(subject, newest, &versions, &spec_digest, &seen);
    let (wanted, read) = wanted(context, subject, memory, &targets, &versions, trusted).await?;
    let wanted = suspension::unreadable(subject).map_or(wanted, Wanted::Unresolved);
    let judged = memory.judged.clone();
    let status = judged.unwrap_or_else(|| subject.object.status.clone().unwrap_or_default());
    let moved = moved(&versions, before.as_deref(), newest, &wanted);
    let (workloads, restarts) = workload::wishes(context, subject, memory, &places).await?;
    let facts = Observed {
        restarts,
        uid: subject.uid.to_owned(),
        generation: subject.object.metadata.generation.unwrap_or_default(),
        policy: RefreshPolicy::new(spec.refresh.as_ref()),
        deletion_policy: subject.deletion_policy(),
        being_deleted: subject.object.metadata.deletion_timestamp.is_some(),
        suspension: suspension::of(subject, now),
        refresh_requested: annotated(subject, annotation::REFRESH_REQUESTED).map(bounded),
        paused_until: context
            .hosts
            .paused_until(&client(subject, &wanted, &versions), now),
        found_dead: memory.found_dead,
        probe_due: probe_due(subject, memory, newest, now),
        held: memory
            .held
            .as_ref()
            .map(super::memory::HeldCredential::facts),
        leftovers: leftovers(context, subject, &targets),
        wanted,
        sources: moved,
        targets: seen,
        status,
    };
    Ok(Sight {
        facts,
        places,
        versions,
        spec: spec_digest,
        workloads,
        read,
    })
}

async fn places(
    context: &Context,
    subject: Subject<'_>,
    memory: &Memory,
    targets: &[Target],
) -> Result<(Vec<Place>, Vec<TargetSeen>), Error> {
    let mut places = Vec::with_capacity(targets.len());
    let mut seen = Vec::with_capacity(targets.len());
    for target in targets {
        let templates = sources::template_versions(context, subject.namespace, target).await?;
        let publish = digest::publish(&context.digest_key, target, &templates);
        let (known, asked) = sources::known(context, &subject.secret_key(&target.name)).await?;
        let (mut state, ours) = state(subject, known);
        let version = ours.as_ref().map(|facts| facts.resource_version.clone());
        let unrecoverable = memory.unrecoverable.get(&target.name) == Some(&version);
        if let TargetState::Managed(current) = &mut state {
            current.owned |= memory.disputed.get(&target.name) == version.as_ref();
        }
        seen.push(TargetSeen {
            name: target.name.clone(),
            publish: publish.clone(),
            state,
            unrecoverable,
        });
        places.push(Place {
            target: target.clone(),
            publish,
            ours,
            asked,
        });
    }
    Ok((places, seen))
}

fn state(subject: Subject<'_>, known: Known) -> (TargetState, Option<Facts>) {
    let Known::Present(facts) = known else {
        return (TargetState::Absent, None);
    };
    match ownership(&facts, subject.namespace, subject.name, subject.uid) {
        Ownership::Foreign { owner } => (TargetState::Foreign { owner }, None),
        Ownership::Ours if facts.deleting => (TargetState::Leaving, None),
        Ownership::Ours => {
            let current = Current {
                marks: facts.marks.clone(),
                intact: facts.intact,
                owned: owned(subject, &facts),
            };
            (TargetState::Managed(current), Some(*facts))
        }
    }
}

/// Is the owner reference as the deletion policy asks? Backups strip it.
pub(super) fn owned(subject: Subject<'_>, facts: &Facts) -> bool {
    match subject.deletion_policy() {
        DeletionPolicy::Delete => facts.controller_uid.as_deref() == Some(subject.uid),
        DeletionPolicy::Retain => facts.controller_uid.is_none(),
    }
}

fn newest(seen: &[TargetSeen]) -> Option<&Marks> {
    seen.iter()
        .filter_map(|target| match &target.state {
            TargetState::Managed(current) if current.intact => Some(&current.marks),
            TargetState::Managed(_)
            | TargetState::Absent
            | TargetState::Foreign { .. }
            | TargetState::Leaving => None,
        })
        .max_by_key(|marks| marks.issued_at)
}

/// The marks say that this very spec was served from sources at these very versions: nothing needs to be read.
fn trusted(
    subject: Subject<'_>,
    newest: Option<&Marks>,
    versions: &[SourceVersion],
    spec: &str,
    seen: &[TargetSeen],
) -> Option<Grant> {
    let marks = newest?;
    let unchanged = marks.sources == versions && marks.spec.as_deref() == Some(spec);
    let shaped = seen.iter().all(|target| match &target.state {
        TargetState::Managed(current) => {
            current.marks.publish.as_deref() == Some(target.publish.as_str())
        }
        TargetState::Absent | TargetState::Foreign { .. } | TargetState::Leaving => false,
    });
    if !unchanged || !shaped {
        return None;
    }
    let name = marks.method.as_deref()?;
    let alternatives = subject.object.spec.alternatives();
    let method = alternatives
        .iter()
        .find(|method| method.display_name() == name)?;
    let provider = method.block.provider();
    let known = subject
        .object
        .status
        .as_ref()
        .and_then(|status| status.method.clone());
    let status = known
        .filter(|known| known.name == name)
        .unwrap_or_else(|| MethodStatus {
            name: name.to_owned(),
            scheme: provider.scheme().to_owned(),
            ..MethodStatus::default()
        });
    Some(Grant {
        digest: marks.grant.clone()?,
        asks: provider.asks(),
        method: status,
    })
}

/// What may be tried: remembered, trusted, or found by reading.
async fn wanted(
    context: &Context,
    subject: Subject<'_>,
    memory: &mut Memory,
    targets: &[Target],
    versions: &[SourceVersion],
    trusted: Option<Grant>,
) -> Result<(Wanted, Option<Read>), Error> {
    let mut key = subject
        .object
        .metadata
        .generation
        .unwrap_or_default()
        .to_string();
    for target in targets {
        for version in sources::template_versions(context, subject.namespace, target)
            .await?
            .into_values()
        {
            key = format!("{key},{version}");
        }
    }
    let remembered = memory
        .resolved
        .as_ref()
        .filter(|known| known.spec == key && known.versions == versions);
    if let Some(known) = remembered {
        return Ok((as_wanted(known.wanted.clone()), None));
    }
    let (result, read) = match trusted {
        Some(grant) => (Ok(vec![grant]), None),
        None => match resolve::read(context, subject, targets).await? {
            Err(refusal) => (Err(refusal), None),
            Ok(read) => {
                let found = resolve::candidates(subject, targets, &read);
                let grants = found.map(|found| {
                    found
                        .iter()
                        .map(|one| resolve::grant(context, one))
                        .collect()
                });
                (grants, Some(read))
            }
        },
    };
    memory.resolved = Some(Resolved {
        spec: key,
        versions: versions.to_vec(),
        wanted: result.clone(),
    });
    Ok((as_wanted(result), read))
}

fn as_wanted(result: Result<Vec<Grant>, Refusal>) -> Wanted {
    match result {
        Ok(grants) => Wanted::Ready(grants),
        Err(refusal) => Wanted::Unresolved(refusal),
    }
}

/// Which sources moved since they were last used, in a way that matters: a relabelled Secret resolves to the same.
fn moved(
    versions: &[SourceVersion],
    before: Option<&[SourceVersion]>,
    newest: Option<&Marks>,
    wanted: &Wanted,
) -> Vec<SourceSeen> {
    let same = match (wanted, newest) {
        (Wanted::Ready(grants), Some(marks)) => grants
            .iter()
            .any(|grant| Some(&grant.digest) == marks.grant.as_ref()),
        (Wanted::Ready(_) | Wanted::Unresolved(_), _) => false,
    };
    let base = before.or_else(|| newest.map(|marks| marks.sources.as_slice()));
    let differs = |version: &SourceVersion| {
        base.and_then(|base| base.iter().find(|known| known.name == version.name))
            .is_some_and(|known| known != version)
    };
    versions
        .iter()
        .map(|version| SourceSeen {
            name: version.name.clone(),
            moved: !same && differs(version),
        })
        .collect()
}

pub(super) fn annotated(subject: Subject<'_>, name: &str) -> Option<String> {
    subject
        .object
        .metadata
        .annotations
        .as_ref()
        .and_then(|annotations| annotations.get(name))
        .cloned()
}

/// The value is echoed in status and on the Secret, whose annotations have a limit in common.
fn bounded(request: String) -> String {
    if request.len() <= LONGEST_REQUEST {
        return request;
    }
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, request.as_bytes());
    format!("sha256:{}", hex::encode(digest))
}

/// The client that a pause is about: this namespace and source at this host.
pub(super) fn client(subject: Subject<'_>, wanted: &Wanted, versions: &[SourceVersion]) -> Client {
    let host = match wanted {
        Wanted::Ready(grants) => grants
            .first()
            .and_then(|grant| grant.method.endpoint.clone()),
        Wanted::Unresolved(_) => None,
    };
    let source = versions
        .iter()
        .find_map(|version| version.version.as_ref()?.split_once('/'));
    Client {
        host: host.unwrap_or_default(),
        namespace: subject.namespace.to_owned(),
        source: source.map_or_else(|| subject.uid.to_owned(), |(uid, _)| uid.to_owned()),
    }
}

/// Managed Secrets of this object that the spec no longer names. One that is a source now is never written again.
fn leftovers(context: &Context, subject: Subject<'_>, targets: &[Target]) -> Vec<String> {
    let sources = &subject.object.spec.sources;
    let is_source = |name: &str| {
        sources
            .iter()
            .any(|source| source.origin() == Some(Origin::Secret(name)))
    };
    let mut names: Vec<String> = context
        .known()
        .mirror
        .owned_by(subject.namespace, &subject.owner())
        .into_iter()
        .filter(|(_, facts)| is_surely_ours(subject, facts))
        .map(|(name, _)| name)
        .filter(|name| targets.iter().all(|target| target.name != *name) && !is_source(name))
        .collect();
    names.sort();
    names
}

/// To be deleted, a Secret must be more than marked as ours: written by us and by nobody else since, and owned by this
/// very object. What `Retain` kept, a backup restored or somebody copied is none of these.
fn is_surely_ours(subject: Subject<'_>, facts: &Facts) -> bool {
    let ours = ownership(facts, subject.namespace, subject.name, subject.uid) == Ownership::Ours;
    let owned = facts.controller_uid.as_deref() == Some(subject.uid);
    ours && owned && facts.intact && !facts.deleting
}

/// The watchdog's next beat: a fixed beat per object, the first one after the last probe and after the issue.
fn probe_due(
    subject: Subject<'_>,
    memory: &mut Memory,
    newest: Option<&Marks>,
    now: Timestamp,
) -> Option<Timestamp> {
    let interval = subject
        .object
        .spec
        .probe
        .as_ref()?
        .interval
        .as_ref()
        .map(HumanDuration::length)?;
    let marks = newest?;
    let last = *memory.last_probe.get_or_insert(now);
    let since = marks.issued_at.map_or(last, |issued| issued.max(last));
    Some(schedule::next_beat(
        since,
        interval.max(SignedDuration::from_secs(1)),
        subject.uid,
    ))
}
