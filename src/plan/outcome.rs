//! What came of a plan.

use jiff::Timestamp;

use crate::{api::v1alpha1::MethodStatus, provider::Refusal, reason::Reason};

/// What the shell reports back. A refusal is a value, not an error.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The plan asked for nothing.
    Nothing,
    /// A new credential was obtained and, as far as told, written.
    Issued(Issued),
    /// The identity provider, or the check before it, said no.
    Refused(Refusal),
    /// Kubernetes refuses the target; nobody was asked.
    Blocked(Refusal),
    /// Not now: no free place at this host. To be asked again then.
    Busy { until: Timestamp },
    /// The probe refused the new credential; it is tried again while the probe may still be catching up.
    ProbePending { until: Timestamp },
    /// The probe refused the new credential for good; it was dropped.
    ProbeRefused,
    /// Targets were written again without asking anybody.
    Repaired(Vec<TargetWritten>),
    /// The bytes of these targets are not to be had without a new credential.
    Unrecoverable,
    /// Secrets that are no longer targets were deleted.
    Pruned,
    /// Workloads were restarted, or were to be.
    Restarted(Vec<Restarted>),
    /// The published credential was probed.
    Probed(ProbeVerdict),
}

/// One workload after its restart.
#[derive(Clone, Debug)]
pub struct Restarted {
    pub workload: String,
    pub result: Result<(), Refusal>,
}

/// A new credential.
#[derive(Clone, Debug)]
pub struct Issued {
    pub method: MethodStatus,
    pub issued_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub expiry_source: Option<String>,
    /// The same token as before came back, so many times in a row.
    pub repeats: u8,
    /// Names of scopes that were not granted.
    pub missing_scopes: Vec<String>,
    pub probe: Option<ProbeVerdict>,
    pub targets: Vec<TargetWritten>,
}

/// One target after a write.
#[derive(Clone, Debug)]
pub struct TargetWritten {
    pub name: String,
    pub result: Result<(), Refusal>,
}

/// What a probe said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeVerdict {
    Alive,
    /// One of the answers that mean death.
    Dead,
    /// It could not be asked, or answered something else.
    Unclear,
}

// === impl Outcome ===

impl Outcome {
    /// The targets that were written, or were to be.
    pub(super) fn written(&self) -> &[TargetWritten] {
        match self {
            Self::Issued(issued) => &issued.targets,
            Self::Repaired(targets) => targets,
            Self::Nothing
            | Self::Refused(_)
            | Self::Blocked(_)
            | Self::Busy { .. }
            | Self::ProbePending { .. }
            | Self::ProbeRefused
            | Self::Unrecoverable
            | Self::Pruned
            | Self::Restarted(_)
            | Self::Probed(_) => &[],
        }
    }

    pub(super) fn issued(&self) -> Option<&Issued> {
        if let Self::Issued(issued) = self {
            Some(issued)
        } else {
            None
        }
    }

    /// What a probe said in this round.
    pub(super) fn probe(&self) -> Option<ProbeVerdict> {
        match self {
            Self::Issued(issued) => issued.probe,
            Self::Probed(verdict) => Some(*verdict),
            Self::ProbeRefused => Some(ProbeVerdict::Dead),
            Self::Nothing
            | Self::Refused(_)
            | Self::Blocked(_)
            | Self::Busy { .. }
            | Self::ProbePending { .. }
            | Self::Repaired(_)
            | Self::Unrecoverable
            | Self::Pruned
            | Self::Restarted(_) => None,
        }
    }

    /// Why the attempt failed, if it did.
    pub(super) fn failure(&self) -> Option<Refusal> {
        match self {
            Self::Refused(refusal) | Self::Blocked(refusal) => Some(refusal.clone()),
            Self::ProbeRefused => Some(Refusal::new(
                Reason::ProbeFailed,
                "the probe refused the new credential",
            )),
            Self::Issued(_) | Self::Repaired(_) => {
                let mut failed = self.written().iter();
                failed.find_map(|target| target.result.clone().err())
            }
            Self::Nothing
            | Self::Busy { .. }
            | Self::ProbePending { .. }
            | Self::Unrecoverable
            | Self::Pruned
            | Self::Restarted(_)
            | Self::Probed(_) => None,
        }
    }
}

// === impl TargetWritten ===

impl TargetWritten {
    pub(super) fn is_done(&self) -> bool {
        self.result.is_ok()
    }
}
