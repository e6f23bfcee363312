//! Workloads that consume a managed Secret and cannot read it again by themselves.

use std::fmt;

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
    target::digest,
};

/// On the pod template: when authkeeper restarted the workload, and for which data of the Secret.
pub(super) const RESTARTED_AT: &str = "authkeeper.dev/restarted-at";
pub(super) const RESTARTED_FOR: &str = "authkeeper.dev/restarted-for";

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
    at: Option<Timestamp>,
    /// Digest of the data that it was restarted for.
    content: Option<String>,
}

/// A restart that is wanted.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) workload: Workload,
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
            if started.has(&stored, ours.marks.issued_at, &context.digest_key) {
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
        let text = |name: &str| annotations[name].as_str().map(str::to_owned);
        let created = object
            .metadata
            .creation_timestamp
            .as_ref()
            .map(|time| time.0);
        Self {
            at: text(RESTARTED_AT)
                .and_then(|at| at.parse().ok())
                .or(created),
            content: text(RESTARTED_FOR),
        }
    }

    /// Do its pods have this data? Those of a workload that was never restarted have it when it is the older of both.
    fn has(
        &self,
        content: &str,
        issued_at: Option<Timestamp>,
        key: &crate::target::DigestKey,
    ) -> bool {
        match &self.content {
            Some(known) => known == content || !digest::comparable(known, key),
            None => self
                .at
                .zip(issued_at)
                .is_some_and(|(created, issued)| issued <= created),
        }
    }

    fn last_restart(&self) -> Option<Timestamp> {
        self.at.filter(|_| self.content.is_some())
    }
}

// === impl Wish ===

impl Wish {
    /// What is known after the restart.
    pub(super) fn restarted(&self, now: Timestamp) -> Started {
        Started {
            at: Some(now),
            content: Some(self.content.clone()),
        }
    }
}
