//! The one vocabulary of reasons. Conditions, events, metrics, logs and the pages under `docs/reasons` all come from it.

use std::fmt;

/// What a reason asks of the schedule and of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Nothing is wrong.
    Healthy,
    /// Works, but somebody should know.
    Warning,
    /// Something this object refers to is not there yet. Watched; no call to the identity provider.
    Waiting,
    /// The author of this object must change something; time cannot heal it.
    Author,
    /// A credential was rejected: no further call until the source, the spec or a person changes something.
    Rejected,
    /// Only the identity provider's side can lift it: asked again after 30 min, doubling to 6 h, and once before expiry.
    Refused,
    /// Passes by itself: retried after 30 s, doubling to 15 min.
    Transient,
    /// As `Transient`, but the server answers nonsense: doubling to 30 min.
    Malformed,
    /// The identity provider asked us to slow down.
    Throttled,
    /// Kubernetes refused a read or a write: retried up to every 5 min, without calling the identity provider.
    Kubernetes,
    /// A fault of ours.
    Internal,
}

/// Where a reason is shown first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shown {
    Ready,
    Accepted,
    SourcesResolved,
    Reconciling,
    Suspended,
    Degraded,
    Event,
}

macro_rules! reasons {
    ($($name:ident, $class:ident, $shown:ident, $hint:literal;)+) => {
        /// Why something is as it is. The name is what users see in conditions, events and metrics.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $(#[doc = $hint] $name,)+ }

        impl Reason {
            /// Every reason, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            pub const fn class(self) -> Class {
                match self { $(Self::$name => Class::$class,)+ }
            }

            pub const fn shown(self) -> Shown {
                match self { $(Self::$name => Shown::$shown,)+ }
            }

            /// What it means and what to do next, in one or two sentences.
            pub const fn hint(self) -> &'static str {
                match self { $(Self::$name => $hint,)+ }
            }
        }
    };
}

reasons! {
    TokenValid, Healthy, Ready, "The managed Secret holds a usable credential.";
    TokenValidRefreshFailing, Warning, Ready, "The credential in the Secret is still valid, but replacing it fails; the message says why and when it is tried next.";
    Pending, Healthy, Ready, "The first credential has been asked for.";
    TokenExpired, Transient, Ready, "The credential in the Secret has expired and could not be replaced.";

    Accepted, Healthy, Accepted, "The spec is valid.";
    InvalidSpec, Author, Accepted, "A value in the spec cannot be used. Correct the field that the message names.";

    SourcesResolved, Healthy, SourcesResolved, "Every source exists and a method is satisfied.";
    SourceNotFound, Waiting, SourcesResolved, "A source that is not optional does not exist in this namespace. Create it, or mark the source optional.";
    SourceSecretInvalid, Waiting, SourcesResolved, "A value in a source cannot be used. Correct the key that the message names.";
    NoMethodSatisfied, Waiting, SourcesResolved, "No method finds all it needs. The message lists, per method, which key to add to which source.";
    AmbiguousKey, Waiting, SourcesResolved, "Two keys of one source mean the same field. Remove one, or pin the key with fields[].from.";
    InsecureSource, Author, SourcesResolved, "A secret, or an address that decides where a secret is sent, comes from a ConfigMap or from literal values. Put it into the Secret that holds the credential, or into the spec.";
    UnsupportedField, Waiting, SourcesResolved, "The source has a key that names a file or a key store of another machine; put the material itself into the Secret.";

    Progressing, Healthy, Reconciling, "Work is under way.";
    ProgressingWithRetry, Transient, Reconciling, "The last attempt failed and is tried again at the time shown.";
    WaitingForSource, Waiting, Reconciling, "Something that this object refers to is missing; it is watched, and nothing is asked of the identity provider.";
    Suspended, Healthy, Suspended, "Refreshing is suspended by spec.suspend or by the annotation authkeeper.dev/suspend-until; the Secret is not written.";

    ClientAuthFailed, Refused, Ready, "The identity provider did not accept the client. Check client id and secret in the source, and that clientAuth matches the registration of the client.";
    UserCredentialsRejected, Rejected, Ready, "User name or password was refused. It is not tried again, so as not to lock the account: update the source.";
    RefreshTokenRejected, Rejected, Ready, "The refresh token is no longer accepted. Obtain a new one and update the source.";
    ScopeRejected, Refused, Ready, "A requested scope does not exist or is not granted to this client. Check scopes.";
    AudienceRejected, Refused, Ready, "The requested audience or resource is unknown to the identity provider. Check audiences and resources.";
    GrantNotAllowed, Refused, Ready, "This client may not use this grant. Enable it in the registration of the client.";
    RequestRejected, Refused, Ready, "The identity provider could not process the request. Check parameters and headers.";
    InteractionRequired, Rejected, Ready, "A person must sign in or consent; this flow cannot finish unattended.";
    AccessDenied, Refused, Ready, "The endpoint refused access: a policy, an address list or a firewall.";
    EndpointNotFound, Refused, Ready, "There is no token endpoint at this address. Check tokenEndpoint.";
    EndpointNotAllowed, Author, Ready, "This address may not be called. Use https, or ask the administrator to allow it.";
    RedirectRefused, Refused, Ready, "The endpoint answered with a redirect; redirects are never followed with credentials. Use the final address.";
    RequestTooLarge, Refused, Ready, "The request is too large for the server. Shorten scopes or parameters.";
    Throttled, Throttled, Ready, "The identity provider asked to slow down; the next attempt waits for it.";
    ProviderUnavailable, Transient, Ready, "The identity provider reports a temporary problem.";
    DNSFailure, Transient, Ready, "The name of the endpoint could not be resolved. Check the host name and cluster DNS.";
    ConnectFailed, Transient, Ready, "No connection to the endpoint. Check network policy and egress.";
    TLSFailure, Malformed, Ready, "The certificate of the endpoint was not accepted. Set connection.caBundle, or correct the server.";
    ClientCertificateInvalid, Refused, Ready, "The server demands a client certificate, or does not accept the one of connection.clientCertificate. Give it one that its authority has issued and that has not ended.";
    ResponseLost, Transient, Ready, "The answer did not arrive in time.";
    ResponseTooLarge, Refused, Ready, "The answer is larger than 1 MiB; this is not a token endpoint.";
    MalformedResponse, Malformed, Ready, "The endpoint did not answer with a token. Check the address and any proxy before it.";
    InvalidToken, Malformed, Ready, "The token contains characters that are unsafe in a header.";
    TokenTooLarge, Refused, Ready, "The token is larger than 64 KiB. Ask for fewer scopes or claims.";
    InvalidLifetime, Malformed, Ready, "The identity provider returned a token that has already expired. Check the clocks of both sides.";
    UnsupportedTokenType, Refused, Ready, "The token type is not bearer; workloads could not use the token as it is.";

    TargetConflict, Author, Ready, "The target Secret exists and belongs to somebody else. Choose another name for the target, or delete the Secret if nobody needs it.";
    TargetInvalid, Author, Ready, "Kubernetes refused the target Secret as invalid. Correct the target that the message names.";
    Forbidden, Kubernetes, Ready, "The operator lacks a permission in this namespace. Grant it with the operator's role.";
    QuotaExceeded, Kubernetes, Ready, "A resource quota refuses the Secret. Raise the quota for secrets, or free one.";
    NamespaceTerminating, Kubernetes, Ready, "The namespace is being deleted; nothing is created in it any more.";
    StorageUnavailable, Kubernetes, Ready, "The API server did not accept the write; it is repeated.";
    InternalError, Internal, Ready, "A fault in authkeeper. See the log of the operator, and report it.";

    ScopesReduced, Warning, Degraded, "Fewer scopes were granted than asked for. Grant the missing ones to the client.";
    ExpiringSoon, Warning, Degraded, "This credential ends soon and cannot be renewed by authkeeper. Replace it in the source.";
    ShortLifetime, Warning, Degraded, "The token lives so short that a mounted file may be stale: kubelets need up to 150 s to show a new one.";
    ProbeFailed, Warning, Degraded, "The probe did not accept the credential, or could not be asked.";
    SameTokenReturned, Warning, Degraded, "The identity provider hands out the same token until its last second, so a short gap at its end cannot be avoided.";
    TargetUnstable, Warning, Degraded, "The managed Secret is changed or deleted again and again. Find out by whom; new tokens are rationed meanwhile.";

    TokenIssued, Healthy, Event, "A credential was obtained for the first time, with another method, or after failures.";
    RefreshRequested, Healthy, Event, "A refresh was asked for with the annotation authkeeper.dev/refresh-requested.";
    RefreshSuspended, Healthy, Event, "Refreshing was suspended.";
    RefreshResumed, Healthy, Event, "Refreshing was resumed.";
    WorkloadRestarted, Healthy, Event, "A workload was restarted, because the data of a target that it names changed.";
    RestartFailed, Warning, Event, "A workload could not be restarted after its target's data changed; it is tried again with the next change. Check that it exists and that the operator may patch it.";
    SecretRestored, Healthy, Event, "The managed Secret was changed or deleted by others; it was written again.";
    RefreshFailed, Warning, Event, "An attempt to obtain a credential failed; the message says why and when it is tried next.";
    RefreshStalled, Warning, Event, "Obtaining a credential failed and is not tried again before somebody changes something.";
}

// === impl Reason ===

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(name: &str) -> Result<Self, UnknownReason> {
        Self::ALL
            .iter()
            .copied()
            .find(|reason| reason.as_str() == name)
            .ok_or(UnknownReason)
    }
}

/// The name is not a reason of this release.
#[derive(Debug, thiserror::Error)]
#[error("not a reason of this release")]
pub struct UnknownReason;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_reads_back_and_ends_its_hint_with_a_full_stop() {
        for reason in Reason::ALL {
            assert_eq!(reason.as_str().parse::<Reason>().unwrap(), *reason);
            assert!(reason.hint().ends_with('.'), "{reason}");
        }
    }
}
