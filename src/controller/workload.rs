//! Workloads that consume a managed Secret and cannot read it again by themselves.

use std::{collections::BTreeMap, fmt};

use aws_lc_rs::digest as sha;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use kube::core::{ApiResource, DynamicObject};

use super::{
    Error,
    context::Context,
    memory::Memory,
    round::{Place, Subject},
};
use crate::{
    api::v1alpha1::Restart,
    duration::HumanDuration,
    plan::{RestartSeen, schedule},
    target::{DigestKey, digest},
};

/// On the pod template: when authkeeper restarted the workload, and for which data of each Secret.
pub(super) const RESTARTED_AT: &str = "authkeeper.dev/restarted-at";
const RESTARTED_FOR: &str = "authkeeper.dev/restarted-for-";

/// A workload by kind and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Workload {
    pub(super) kind: WorkloadKind,
    pub(super) name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum WorkloadKind {
    Deployment,
    StatefulSet,
    DaemonSet,
}

/// What its pods were started with, as far as it is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Started {
    /// When authkeeper restarted it; before the first time, when it was made.
    at: Option<Timestamp>,
    /// Digest of the data that it was restarted for, by the annotation that holds it: one for each Secret.
    contents: BTreeMap<String, String>,
}

/// A restart that is wanted.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) workload: Workload,
    /// Name of the Secret.
    pub(super) secret: String,
    /// Digest of the data that it is to be restarted for.
    pub(super) content: String,
}

/// The restarts that are wanted, and from when each may be.
pub(super) async fn wishes(
    context: &Context,
    subject: Subject<'_>,
    memory: &mut Memory,
    places: &[Place],
) -> Result<(Vec<Wish>, Vec<RestartSeen>), Error> {
    let (mut wishes, mut seen) = (Vec::new(), Vec::new());
    for place in places {
        let Some(ours) = place.ours.as_ref().filter(|ours| ours.intact) else {
            continue;
        };
        let Some(stored) = ours.marks.content.clone() else {
            continue;
        };
        for restart in &place.target.restart {
            let Some(workload) = Workload::of(restart) else {
                continue;
            };
            let started = started(context, subject, memory, &workload).await?;
            if started.has(
                &place.target.name,
                &stored,
                ours.marks.issued_at,
                &context.digest_key,
            ) {
                continue;
            }
            let interval = restart.min_interval.as_ref().map(HumanDuration::length);
            let interval = interval.unwrap_or(SignedDuration::from_mins(1));
            let due = started
                .last_restart()
                .map_or(Timestamp::MIN, |at| schedule::later(at, interval));
            seen.push(RestartSeen {
                workload: workload.to_string(),
                due,
            });
            wishes.push(Wish {
                workload,
                secret: place.target.name.clone(),
                content: stored.clone(),
            });
        }
    }
    Ok((wishes, seen))
}

/// Remembered, or asked for once. One that is missing or may not be read counts as not restarted: the restart itself
/// then says what is wrong.
async fn started(
    context: &Context,
    subject: Subject<'_>,
    memory: &mut Memory,
    workload: &Workload,
) -> Result<Started, Error> {
    if let Some(known) = memory.workloads.get(workload) {
        return Ok(known.clone());
    }
    let started = match context.cluster.workload(subject.namespace, workload).await {
        Ok(object) => object.as_ref().map(Started::read).unwrap_or_default(),
        Err(Error::Answered { .. }) => Started::default(),
        Err(error) => return Err(error),
    };
    memory.workloads.insert(workload.clone(), started.clone());
    Ok(started)
}

// === impl Workload ===

impl Workload {
    fn of(restart: &Restart) -> Option<Self> {
        let named = |kind, name: &Option<String>| name.clone().map(|name| Self { kind, name });
        named(WorkloadKind::Deployment, &restart.deployment)
            .or_else(|| named(WorkloadKind::StatefulSet, &restart.stateful_set))
            .or_else(|| named(WorkloadKind::DaemonSet, &restart.daemon_set))
    }

    pub(super) fn resource(&self) -> ApiResource {
        match self.kind {
            WorkloadKind::Deployment => ApiResource::erase::<Deployment>(&()),
            WorkloadKind::StatefulSet => ApiResource::erase::<StatefulSet>(&()),
            WorkloadKind::DaemonSet => ApiResource::erase::<DaemonSet>(&()),
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}/{}", self.kind, self.name)
    }
}

// === impl Started ===

impl Started {
    fn read(object: &DynamicObject) -> Self {
        let annotations = &object.data["spec"]["template"]["metadata"]["annotations"];
        let created = object.metadata.creation_timestamp.as_ref();
        let restarted = annotations[RESTARTED_AT]
            .as_str()
            .and_then(|at| at.parse().ok());
        let contents = annotations.as_object().into_iter().flatten();
        let contents = contents.filter(|(name, _)| name.starts_with(RESTARTED_FOR));
        Self {
            at: restarted.or(created.map(|time| time.0)),
            contents: contents
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect(),
        }
    }

    /// Do its pods have this data? Those of a workload that was never restarted for this Secret have it when they are
    /// the younger of both.
    fn has(
        &self,
        secret: &str,
        content: &str,
        issued_at: Option<Timestamp>,
        key: &DigestKey,
    ) -> bool {
        match self.contents.get(&annotation(secret)) {
            Some(known) => known == content || !digest::comparable(known, key),
            None => self
                .at
                .zip(issued_at)
                .is_some_and(|(started, issued)| issued <= started),
        }
    }

    fn last_restart(&self) -> Option<Timestamp> {
        self.at.filter(|_| !self.contents.is_empty())
    }

    /// After a restart for these Secrets.
    pub(super) fn restarted(&mut self, marks: &BTreeMap<String, String>, now: Timestamp) {
        self.at = Some(now);
        self.contents.extend(marks.clone());
    }
}

// === impl Wish ===

impl Wish {
    /// The annotation that says what the workload was restarted for.
    pub(super) fn mark(&self) -> (String, String) {
        (annotation(&self.secret), self.content.clone())
    }
}

/// Names of annotations are shorter than names of Secrets may be.
fn annotation(secret: &str) -> String {
    let hash = sha::digest(&sha::SHA256, secret.as_bytes());
    format!("{RESTARTED_FOR}{}", hex::encode(&hash.as_ref()[..6]))
}
