//! What was seen, as facts: no handle, no secret.

use jiff::Timestamp;

use super::RefreshPolicy;
use crate::{
    api::v1alpha1::{AuthenticationConfigurationStatus, DeletionPolicy, LastError, MethodStatus},
    provider::Refusal,
    target::Marks,
};

/// Everything that [`decide`](super::decide) and [`settle`](super::settle) may know.
#[derive(Clone, Debug)]
pub struct Observed {
    pub uid: String,
    pub generation: i64,
    pub policy: RefreshPolicy,
    pub deletion_policy: DeletionPolicy,
    pub being_deleted: bool,
    pub suspension: Option<Suspension>,
    /// Value of the annotation that asks for a refresh.
    pub refresh_requested: Option<String>,
    pub wanted: Wanted,
    pub sources: Vec<SourceSeen>,
    pub targets: Vec<TargetSeen>,
    /// Managed Secrets of this object that are no longer among its targets.
    pub leftovers: Vec<String>,
    /// An unpublished credential in memory.
    pub held: Option<Held>,
    /// The identity provider asked this client to wait until then.
    pub paused_until: Option<Timestamp>,
    /// A probe found the credential issued at this time dead.
    pub found_dead: Option<Timestamp>,
    /// Workloads that have not been restarted since their target's data changed.
    pub restarts: Vec<RestartSeen>,
    /// When the watchdog is due; none: not configured.
    pub probe_due: Option<Timestamp>,
    /// Status as it was last written.
    pub status: AuthenticationConfigurationStatus,
}

/// Refreshing is switched off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    pub until: Option<Timestamp>,
}

/// What the spec and the sources ask for.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// The alternatives that may be tried, in order; never empty.
    Ready(Vec<Grant>),
    /// Nothing can be asked for; says why.
    Unresolved(Refusal),
}

/// One satisfied method with the values it resolved, as a digest.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    pub digest: String,
    /// Does it ask a server?
    pub asks: bool,
    pub method: MethodStatus,
}

/// A source, and whether its version moved since it was last used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSeen {
    pub name: String,
    pub moved: bool,
}

/// A target of the spec and what is there.
#[derive(Clone, Debug)]
pub struct TargetSeen {
    pub name: String,
    /// Digest of how it is to look.
    pub publish: String,
    pub state: TargetState,
    /// It was tried: what belongs there cannot be had from any Secret, only anew.
    pub unrecoverable: bool,
}

/// A workload that is to be restarted, and from when it may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestartSeen {
    /// Kind and name, as in `Deployment/orders`.
    pub workload: String,
    pub due: Timestamp,
}

/// What is in the place of a target.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a handful per round, most of them managed"
)]
pub enum TargetState {
    Absent,
    /// Somebody else's; the owner when it says.
    Foreign {
        owner: Option<String>,
    },
    /// On its way out: it has a deletion timestamp.
    Leaving,
    Managed(Current),
}

/// A managed Secret of ours.
#[derive(Clone, Debug)]
pub struct Current {
    pub marks: Marks,
    /// No hand edit is visible.
    pub intact: bool,
    /// Its owner reference is as the deletion policy asks.
    pub owned: bool,
}

/// An unpublished credential in memory: a write or a probe has not succeeded yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    pub grant: String,
    pub issued_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// How often the probe refused it.
    pub probe_refusals: u8,
    /// Not to be tried again before.
    pub not_before: Timestamp,
}

// === impl Observed ===

impl Observed {
    /// The current credential: of the intact Secrets the one issued last.
    pub fn current(&self) -> Option<&Current> {
        self.managed()
            .filter(|current| current.intact)
            .max_by_key(|current| current.marks.issued_at)
    }

    pub fn managed(&self) -> impl Iterator<Item = &Current> {
        self.targets
            .iter()
            .filter_map(|target| match &target.state {
                TargetState::Managed(current) => Some(current),
                TargetState::Absent | TargetState::Foreign { .. } | TargetState::Leaving => None,
            })
    }

    pub fn grants(&self) -> &[Grant] {
        match &self.wanted {
            Wanted::Ready(grants) => grants,
            Wanted::Unresolved(_) => &[],
        }
    }

    /// The alternative that a Secret was filled by. A digest of another key or version cannot be told from ours, nor
    /// can a missing one: then the name of the method decides, since an upgrade must not call anybody.
    pub fn grant_of(&self, marks: &Marks) -> Option<&Grant> {
        let digest = marks.grant.as_deref();
        let grants = self.grants();
        let first = grants.first()?;
        let untold = digest.is_none_or(|digest| !comparable(&first.digest, digest));
        let named = |grant: &&Grant| Some(grant.method.name.as_str()) == marks.method.as_deref();
        grants
            .iter()
            .find(|grant| Some(grant.digest.as_str()) == digest)
            .or_else(|| untold.then(|| grants.iter().find(named).unwrap_or(first)))
    }

    /// What a failure is remembered by: changes with the spec and with any value that would be sent.
    pub fn fingerprint(&self) -> String {
        let digests: Vec<_> = self
            .grants()
            .iter()
            .map(|grant| grant.digest.as_str())
            .collect();
        format!("{}@{}", digests.join("+"), self.generation)
    }

    /// Was all that would be sent now part of the remembered failure? Digests of another key cannot tell: then it was.
    pub fn is_failure_of_now(&self, fingerprint: &str) -> bool {
        let Some((digests, generation)) = fingerprint.rsplit_once('@') else {
            return false;
        };
        let failed = |grant: &Grant| {
            digests
                .split('+')
                .any(|was| was == grant.digest || !comparable(was, &grant.digest))
        };
        generation == self.generation.to_string()
            && !self.grants().is_empty()
            && self.grants().iter().all(failed)
    }

    /// The remembered failure while it stands: the same would be sent again, and nothing was obtained since.
    pub(super) fn failure(&self) -> Option<&LastError> {
        let error = self.status.last_error.as_ref()?;
        let print = error.fingerprint.as_deref();
        let same = print.is_none_or(|print| self.is_failure_of_now(print));
        let obtained = self.current().and_then(|current| current.marks.issued_at);
        (same && obtained.is_none_or(|at| at <= error.time)).then_some(error)
    }

    /// A refresh asked for by hand and not yet acted upon. A value that was there when the object was first seen
    /// asks for nothing.
    pub fn open_request(&self) -> Option<&str> {
        let requested = self
            .refresh_requested
            .as_deref()
            .filter(|value| !value.is_empty())?;
        let first_sight = self.status.observed_generation.is_none();
        let handled = self.status.last_handled_refresh_request.as_deref() == Some(requested)
            || self
                .managed()
                .any(|current| current.marks.handled_refresh_request.as_deref() == Some(requested));
        (!first_sight && !handled).then_some(requested)
    }

    /// Was a newer credential published before? Then somebody put an older one back.
    pub(super) fn is_outdated(&self, current: &Current) -> bool {
        let newest = self.status.obtained_at;
        newest.is_some_and(|newest| current.marks.issued_at.is_some_and(|at| at < newest))
    }

    /// Has this object ever published anything?
    pub fn has_published(&self) -> bool {
        self.status.obtained_at.is_some() || self.status.targets.iter().any(|target| target.ready)
    }
}

/// Were both digests made with the same key and by the same rule (`v1:<key id>:…`)?
pub(super) fn comparable(one: &str, other: &str) -> bool {
    let maker = |digest: &str| digest.rsplit_once(':').map(|(maker, _)| maker.to_owned());
    maker(one).is_some() && maker(one) == maker(other)
}
