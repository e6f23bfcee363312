//! The closed list of words that servers refuse with. Everything else is judged by its status.

use crate::reason::Reason;

/// What a word means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Is(Reason),
    /// The thing that was handed in is not accepted; which thing, the grant knows.
    GrantRejected,
    /// Says less than status 401 or 5xx does: Auth0 and Keycloak use these words for a wrong secret.
    Vague(Reason),
}

use Meaning::{GrantRejected, Is, Vague};

/// Words without case and punctuation, by meaning. The first block is the standards', the rest belongs to vendors.
const WORDS: &[(&str, Meaning)] = &[
    // RFC 6749 section 5.2, RFC 8707 section 2, RFC 8628 section 3.5, OpenID Connect Core section 3.1.2.6
    ("invalidclient", Is(Reason::ClientAuthFailed)),
    ("invalidgrant", GrantRejected),
    ("invalidscope", Is(Reason::ScopeRejected)),
    ("invalidtarget", Is(Reason::AudienceRejected)),
    ("invalidrequest", Vague(Reason::RequestRejected)),
    ("unauthorizedclient", Vague(Reason::GrantNotAllowed)),
    ("unsupportedgranttype", Is(Reason::GrantNotAllowed)),
    ("unsupportedresponsetype", Is(Reason::GrantNotAllowed)),
    ("accessdenied", Vague(Reason::AccessDenied)),
    ("slowdown", Is(Reason::Throttled)),
    ("servererror", Is(Reason::ProviderUnavailable)),
    ("temporarilyunavailable", Is(Reason::ProviderUnavailable)),
    ("interactionrequired", Is(Reason::InteractionRequired)),
    ("consentrequired", Is(Reason::InteractionRequired)),
    ("loginrequired", Is(Reason::InteractionRequired)),
    ("mfarequired", Is(Reason::InteractionRequired)),
    ("accountselectionrequired", Is(Reason::InteractionRequired)),
    // The client is not accepted: GitHub, Slack, HubSpot, Shopify, Salesforce, Google, AWS, WeChat
    ("incorrectclientcredentials", Is(Reason::ClientAuthFailed)),
    ("invalidclientid", Is(Reason::ClientAuthFailed)),
    ("invalidclientsecret", Is(Reason::ClientAuthFailed)),
    ("badclientid", Is(Reason::ClientAuthFailed)),
    ("badclientsecret", Is(Reason::ClientAuthFailed)),
    ("invalidauth", Is(Reason::ClientAuthFailed)),
    ("applicationcannotbefound", Is(Reason::ClientAuthFailed)),
    ("deletedclient", Is(Reason::ClientAuthFailed)),
    ("disabledclient", Is(Reason::ClientAuthFailed)),
    ("unauthenticated", Is(Reason::ClientAuthFailed)),
    ("unrecognizedclientexception", Is(Reason::ClientAuthFailed)),
    ("errcode40013", Is(Reason::ClientAuthFailed)),
    ("errcode40125", Is(Reason::ClientAuthFailed)),
    // What was handed in is not accepted: GitHub, Slack, HubSpot
    ("badrefreshtoken", Is(Reason::RefreshTokenRejected)),
    ("invalidrefreshtoken", Is(Reason::RefreshTokenRejected)),
    ("badverificationcode", Is(Reason::RequestRejected)),
    // The rest: Entra v1, Google, GitHub, AWS
    ("invalidresource", Is(Reason::AudienceRejected)),
    ("invalidargument", Vague(Reason::RequestRejected)),
    ("permissiondenied", Is(Reason::AccessDenied)),
    ("accessdeniedexception", Is(Reason::AccessDenied)),
    ("applicationsuspended", Is(Reason::AccessDenied)),
    ("unavailable", Is(Reason::ProviderUnavailable)),
    ("internalerror", Is(Reason::ProviderUnavailable)),
    ("internalfailure", Is(Reason::ProviderUnavailable)),
    (
        "serviceunavailableexception",
        Is(Reason::ProviderUnavailable),
    ),
    ("errcode1", Is(Reason::ProviderUnavailable)),
];

/// Words for "too often", which some servers say with status 400, 403 or 500 only. Searched in sentences, too.
const THROTTLES: &[&str] = &[
    "throttled",
    "throttling",
    "throttlingexception",
    "throttledexception",
    "requestthrottled",
    "ratelimited",
    "ratelimitexceeded",
    "userratelimitexceeded",
    "requestlimitexceeded",
    "limitexceededexception",
    "toomanyrequests",
    "toomanyrequestsexception",
    "resourceexhausted",
    "quotaexceeded",
    "slowdown",
    "errcode45009",
    "errcode45011",
];

/// Longest word that is looked at, in bytes.
const LONGEST_WORD: usize = 64;

pub(super) fn meaning(word: &str) -> Option<Meaning> {
    let word = plain(word)?;
    WORDS
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, meaning)| *meaning)
}

pub(super) fn is_throttle(word: &str) -> bool {
    plain(word).is_some_and(|word| THROTTLES.contains(&word.as_str()))
}

/// Does one of the words of a sentence say "too often"?
pub(super) fn tells_of_throttling(sentence: &str) -> bool {
    sentence
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .any(is_throttle)
}

fn plain(word: &str) -> Option<String> {
    (word.len() <= LONGEST_WORD).then(|| {
        word.chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_in_every_spelling() {
        for word in ["invalid_client", "INVALID_CLIENT", "InvalidClient"] {
            assert_eq!(meaning(word), Some(Is(Reason::ClientAuthFailed)), "{word}");
        }
        assert_eq!(meaning("made_up"), None);
        assert!(is_throttle("ThrottlingException"));
        assert!(tells_of_throttling(
            "request was refused: rateLimitExceeded."
        ));
        assert!(!tells_of_throttling("the limit was not exceeded"));
    }

    #[test]
    fn the_list_is_written_as_it_is_compared() {
        let words = WORDS.iter().map(|(word, _)| *word);
        for word in words.chain(THROTTLES.iter().copied()) {
            assert_eq!(plain(word).as_deref(), Some(word));
        }
    }
}
