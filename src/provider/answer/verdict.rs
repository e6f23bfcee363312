//! Judges what is not a token: by its words first, then by its status.

use super::{
    Answer, Reading, body, codes, pause,
    signals::Signals,
    words::{self, Meaning},
};
use crate::{provider::Refusal, reason::Reason};

/// Numbers of Microsoft's directory that say more than the word beside them.
const DIRECTORY_CODES: &[(&str, Reason)] = &[
    ("AADSTS50196", Reason::Throttled),
    ("AADSTS65001", Reason::InteractionRequired),
    ("AADSTS700016", Reason::ClientAuthFailed),
    ("AADSTS7000215", Reason::ClientAuthFailed),
    ("AADSTS7000222", Reason::ClientAuthFailed),
    ("AADSTS90002", Reason::EndpointNotFound),
    ("AADSTS500011", Reason::AudienceRejected),
];

/// The refusal that an answer states, whatever its status.
pub(super) fn refusal(answer: &Answer<'_>, reading: Reading<'_>) -> Option<Refusal> {
    let refused = !(200..300).contains(&answer.status);
    let signals = answer
        .body
        .members()
        .map(|members| Signals::of(members, refused))
        .unwrap_or_default();
    if !refused && !signals.stated {
        return None;
    }
    let (reason, because) = judge(answer, &signals, reading.rejected_grant);
    let mut detail = format!("the endpoint answered with status {}", answer.status);
    if answer.body.members().is_none() {
        detail += " and ";
        detail += answer.body.name();
    }
    Some(report(answer, reading, reason, detail + because))
}

/// An answer without token and without a refusal.
pub(super) fn malformed(answer: &Answer<'_>, reading: Reading<'_>) -> Refusal {
    let kind = body::media_type(answer.headers)
        .filter(|kind| !reading.echoes(kind))
        .unwrap_or_else(|| "no content type".to_owned());
    let names = answer
        .body
        .members()
        .map(|members| codes::member_names(members, reading));
    let seen = match names.as_deref() {
        None => answer.body.name().to_owned(),
        Some("") => "no access_token".to_owned(),
        Some(names) => format!("no access_token, but: {names}"),
    };
    let detail = format!("status {}, {kind}: {seen}", answer.status);
    report(answer, reading, Reason::MalformedResponse, detail)
}

/// A refusal with everything of the answer that may be shown.
pub(super) fn report(
    answer: &Answer<'_>,
    reading: Reading<'_>,
    reason: Reason,
    detail: String,
) -> Refusal {
    let members = answer.body.members();
    let waits = matches!(reason, Reason::Throttled | Reason::ProviderUnavailable);
    Refusal {
        http_status: Some(answer.status),
        oauth_error: members.and_then(|members| codes::oauth_error(members, reading)),
        provider_code: members.and_then(|members| {
            let signals = Signals::of(members, true);
            directory_code(&signals).map(str::to_owned)
        }),
        correlation_id: codes::correlation_id(members, answer.headers, reading),
        retry_after: waits
            .then(|| pause::asked_for(answer.headers, reading.now))
            .flatten(),
        ..Refusal::new(reason, detail).at(reading.endpoint)
    }
}

fn directory_code<'a>(signals: &Signals<'a>) -> Option<&'a str> {
    signals
        .sentences
        .iter()
        .find_map(|sentence| codes::directory_code(sentence))
}

/// The reason, and words of ours that complete the message.
fn judge(
    answer: &Answer<'_>,
    signals: &Signals<'_>,
    rejected_grant: Reason,
) -> (Reason, &'static str) {
    if (300..400).contains(&answer.status) {
        return (Reason::RedirectRefused, "");
    }
    let throttled = answer.status == 429
        || signals.words.iter().any(|word| words::is_throttle(word))
        || signals
            .sentences
            .iter()
            .any(|sentence| words::tells_of_throttling(sentence));
    if throttled {
        return (Reason::Throttled, "");
    }
    let by_code = directory_code(signals)
        .and_then(|code| DIRECTORY_CODES.iter().find(|(known, _)| *known == code));
    match by_code {
        Some((_, Reason::ClientAuthFailed)) if is_expired_secret(signals) => {
            return (Reason::ClientAuthFailed, ": the client secret has expired");
        }
        Some((_, reason)) => return (*reason, ""),
        None => {}
    }
    let meaning = signals.words.iter().find_map(|word| words::meaning(word));
    let reason = match meaning {
        Some(Meaning::GrantRejected) => rejected_grant,
        Some(Meaning::Vague(_)) if answer.status == 401 || answer.status >= 500 => {
            by_status(answer)
        }
        Some(Meaning::Is(reason) | Meaning::Vague(reason)) => reason,
        None => by_status(answer),
    };
    (reason, "")
}

fn is_expired_secret(signals: &Signals<'_>) -> bool {
    directory_code(signals) == Some("AADSTS7000222")
}

fn by_status(answer: &Answer<'_>) -> Reason {
    match answer.status {
        401 => Reason::ClientAuthFailed,
        403 | 407 => Reason::AccessDenied,
        404 | 405 | 410 => Reason::EndpointNotFound,
        408 | 425 | 500..=599 => Reason::ProviderUnavailable,
        413 | 414 | 431 => Reason::RequestTooLarge,
        // A refusal of a token endpoint is an object; a page comes from something before it.
        400 if answer.body.members().is_none() => Reason::MalformedResponse,
        200..=299 | 400..=499 => Reason::RequestRejected,
        _ => Reason::MalformedResponse,
    }
}
