//! What the answers mean for this grant. Pure.

use jiff::Timestamp;

use super::{OAuth2, inputs::Inputs};
use crate::{
    provider::{
        Credential, Material, Refusal,
        answer::{self, Reading},
        http::Response,
    },
    reason::{Class, Reason},
};

/// The credential in an answer, or why there is none.
pub(super) fn read(
    response: &Response,
    config: &OAuth2,
    inputs: &Inputs<'_>,
    material: &Material,
    now: Timestamp,
) -> Result<Credential, Refusal> {
    let reading = Reading {
        now,
        endpoint: &inputs.endpoint,
        material,
        // Nothing but the client is handed in, so it is the grant itself that this client may not use.
        rejected_grant: Reason::GrantNotAllowed,
        scopes: &inputs.scopes,
        scope_separator: config.scope_separator.as_deref(),
    };
    answer::token(response, reading).map_err(|mut refusal| {
        if refusal.reason == Reason::ScopeRejected && inputs.scopes.is_empty() {
            refusal.detail += "; no scopes were asked for, set oauth2.scopes";
        }
        refusal
    })
}

/// Only this verdict lets `Auto` try its second style: any other shows that the client was recognised, or says nothing.
pub(super) fn doubts_the_client(refusal: &Refusal) -> bool {
    refusal.reason == Reason::ClientAuthFailed
}

/// Which of two refusals is reported. The second style fails in its own way at a server that does not know it, so the
/// first counts; unless the second shows that the client was recognised, or leaves the verdict open.
pub(super) fn telling(first: Refusal, second: Refusal) -> Refusal {
    let recognised = matches!(
        second.reason,
        Reason::ScopeRejected | Reason::AudienceRejected
    );
    let open = matches!(second.reason.class(), Class::Transient | Class::Throttled);
    if recognised || open { second } else { first }
}
