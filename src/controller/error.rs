//! What goes wrong between us and the API server.

use std::time::Duration;

use kube::core::Status;

use crate::{provider::Refusal, reason::Reason};

/// Kubernetes failed. A provider's "no" is never one of these.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The API server did not answer in time.
    #[error("{verb} {what}: no answer from the API server within {} s", after.as_secs())]
    TimedOut {
        verb: &'static str,
        what: String,
        after: Duration,
    },
    /// The API server answered no.
    #[error("{verb} {what}: the API server answered {code} {reason}")]
    Answered {
        verb: &'static str,
        what: String,
        code: u16,
        reason: String,
        message: String,
    },
    /// The API server was not reached, or its answer not understood.
    #[error("{verb} {what}: {fault}")]
    Unreachable {
        verb: &'static str,
        what: String,
        fault: &'static str,
    },
    /// A reconcile panicked; the others go on.
    #[error("a reconcile panicked; this is a fault of authkeeper")]
    Panicked,
    /// A watch ended, which none ever does; nothing would be noticed any more.
    #[error("a watch ended; this is a fault of authkeeper")]
    WatchEnded,
}

// === impl Error ===

impl Error {
    pub(super) fn new(verb: &'static str, what: &str, error: &kube::Error) -> Self {
        let what = what.to_owned();
        if let kube::Error::Api(status) = error {
            return Self::answered(verb, what, status);
        }
        let understood = !matches!(error, kube::Error::SerdeError(_) | kube::Error::FromUtf8(_));
        let fault = if understood {
            "the API server is not reached"
        } else {
            "the answer of the API server is not understood"
        };
        Self::Unreachable { verb, what, fault }
    }

    fn answered(verb: &'static str, what: String, status: &Status) -> Self {
        Self::Answered {
            verb: denied_verb(&status.message).unwrap_or(verb),
            what,
            code: status.code,
            reason: status.reason.clone(),
            message: status.message.clone(),
        }
    }

    /// For the metric; a closed vocabulary.
    pub(super) fn class(&self) -> &'static str {
        match self {
            Self::TimedOut { .. } => "timeout",
            Self::Unreachable { .. } => "unreachable",
            Self::Answered { code, .. } => match code {
                401 | 403 => "forbidden",
                404 => "not_found",
                409 => "conflict",
                429 => "throttled",
                500.. => "server_error",
                _ => "client_error",
            },
            Self::Panicked | Self::WatchEnded => "internal",
        }
    }

    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Self::Answered { code: 404, .. })
    }

    /// The object is not the one that was seen: it was created, replaced, changed or deleted meanwhile.
    pub(super) fn is_conflict(&self) -> bool {
        match self {
            Self::Answered {
                code: 409, message, ..
            } => !is_namespace_gone(message),
            Self::Answered {
                code: 422, message, ..
            } => message.contains("metadata.uid"),
            Self::Answered { .. }
            | Self::TimedOut { .. }
            | Self::Unreachable { .. }
            | Self::Panicked
            | Self::WatchEnded => false,
        }
    }

    /// What a failed read or write of an object means for its configuration. The API server's own words are never
    /// quoted: a quota or webhook message may hold anything.
    pub(super) fn refusal(&self) -> Refusal {
        match self {
            Self::Answered {
                verb,
                what,
                code,
                message,
                ..
            } => Refusal::new(
                reason(*code, message),
                format!("{verb} {what}: HTTP {code} from the API server"),
            ),
            Self::TimedOut { .. } | Self::Unreachable { .. } => {
                Refusal::new(Reason::StorageUnavailable, self.to_string())
            }
            Self::Panicked | Self::WatchEnded => {
                Refusal::new(Reason::InternalError, self.to_string())
            }
        }
    }
}

/// The verb that RBAC misses: server-side apply of what is not there needs `create` beside `patch`.
fn denied_verb(message: &str) -> Option<&'static str> {
    let denied = message.split(" cannot ").nth(1)?.split(' ').next()?;
    ["get", "create", "patch", "delete"]
        .into_iter()
        .find(|verb| *verb == denied)
}

fn reason(code: u16, message: &str) -> Reason {
    match code {
        403 if message.contains("exceeded quota") => Reason::QuotaExceeded,
        403 | 409 if is_namespace_gone(message) => Reason::NamespaceTerminating,
        404 if message.contains("namespaces") => Reason::NamespaceTerminating,
        401 | 403 => Reason::Forbidden,
        400 | 413 | 422 => Reason::TargetInvalid,
        _ => Reason::StorageUnavailable,
    }
}

fn is_namespace_gone(message: &str) -> bool {
    message.contains("because it is being terminated")
}
