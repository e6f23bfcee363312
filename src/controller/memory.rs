//! What the process remembers of an object between two rounds. Losing it costs reads, never a token.

use std::collections::HashMap;

use jiff::Timestamp;

use super::workload::{Started, Workload};
use crate::{
    api::v1alpha1::AuthenticationConfigurationStatus,
    plan::{Grant, Held, ProbeVerdict},
    provider::{Credential, Refusal},
    target::SourceVersion,
};

/// Of one object.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The last judgement. Decisions rest on it even while it cannot be written: a back-off must hold then as well.
    pub(super) judged: Option<AuthenticationConfigurationStatus>,
    /// Status as we wrote it last, and the resourceVersion that it got: newer than a watch may be.
    pub(super) written: Option<(String, AuthenticationConfigurationStatus)>,
    /// What the spec and the sources at these versions came to.
    pub(super) resolved: Option<Resolved>,
    /// A credential that is not published yet.
    pub(super) held: Option<HeldCredential>,
    /// Issue time of a credential that a probe found dead.
    pub(super) found_dead: Option<Timestamp>,
    pub(super) last_probe: Option<Timestamp>,
    /// What the gate said of the credential that is about to be published.
    pub(super) probe_verdict: Option<ProbeVerdict>,
    /// What the pods of workloads were started with.
    pub(super) workloads: HashMap<Workload, Started>,
    /// Targets whose bytes were looked for in vain, with the resourceVersion they had.
    pub(super) unrecoverable: HashMap<String, Option<String>>,
    /// Targets whose owner reference somebody else claims as well, at these versions: writing again changes nothing.
    pub(super) disputed: HashMap<String, String>,
    /// The targets were read from the API server itself since the process began.
    pub(super) verified: bool,
}

/// A remembered resolution.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    pub(super) spec: String,
    pub(super) versions: Vec<SourceVersion>,
    pub(super) wanted: Result<Vec<Grant>, Refusal>,
}

/// A credential in memory.
#[derive(Debug)]
pub(super) struct HeldCredential {
    pub(super) credential: Credential,
    pub(super) grant: Grant,
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) expiry_source: Option<String>,
    pub(super) repeats: u8,
    pub(super) versions: Vec<SourceVersion>,
    pub(super) handled_request: Option<String>,
    pub(super) probe_refusals: u8,
    pub(super) not_before: Timestamp,
}

// === impl HeldCredential ===

impl HeldCredential {
    pub(super) fn facts(&self) -> Held {
        Held {
            grant: self.grant.digest.clone(),
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            probe_refusals: self.probe_refusals,
            not_before: self.not_before,
        }
    }
}
