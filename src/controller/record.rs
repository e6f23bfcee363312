//! Verdict to status, events and log. What has not changed is not written.

use kube::{Resource, api::ObjectMeta, runtime::events};
use serde_json::{Map, Value, json};

use super::{Error, context::Context, memory::Memory, round::Subject};
use crate::{
    api::v1alpha1::{
        AuthenticationConfiguration, AuthenticationConfigurationStatus, ConditionType,
    },
    plan::{EventKind, Verdict},
    reason::Reason,
};

/// The API server refuses longer notes; it counts bytes.
const LONGEST_NOTE: usize = 1024;

/// Writes the status if it differs from what was last written, then tells the events.
pub(super) async fn record(
    context: &Context,
    subject: Subject<'_>,
    memory: &mut Memory,
    verdict: &Verdict,
) -> Result<(), Error> {
    let written = write(context, subject, memory, &verdict.status).await;
    // Events are told whether or not the status was written: the next round goes by the unwritten one, in which they
    // are no news any more.
    for event in &verdict.events {
        tell(context, subject.object, event).await;
    }
    written
}

async fn write(
    context: &Context,
    subject: Subject<'_>,
    memory: &mut Memory,
    status: &AuthenticationConfigurationStatus,
) -> Result<(), Error> {
    memory.judged = Some(status.clone());
    let before = value(&stored(subject, memory));
    let after = if context.routine_status_writes {
        status.clone()
    } else {
        without_times(status)
    };
    context.fleet.unwritten(subject.uid, status);
    // As it is sent: conditions lose fractions of their times on the way, which is no difference to write.
    let changes = difference(&before, &value(&after));
    if changes != json!({}) {
        let patch = json!({ "metadata": { "uid": subject.uid }, "status": changes });
        let version = context
            .cluster
            .patch_status(subject.namespace, subject.name, &patch)
            .await?;
        memory.written = version.map(|version| (version, after.clone()));
    }
    if after == *status {
        context.fleet.written(subject.uid);
    }
    Ok(())
}

/// Status as it is stored: as we wrote it last, unless the watch shows a newer one.
fn stored(subject: Subject<'_>, memory: &Memory) -> AuthenticationConfigurationStatus {
    let meta = &subject.object.metadata;
    let shown = meta.resource_version.as_deref().unwrap_or_default();
    match &memory.written {
        Some((written, status)) if is_behind(shown, written) => status.clone(),
        Some(_) | None => subject.object.status.clone().unwrap_or_default(),
    }
}

fn is_behind(shown: &str, written: &str) -> bool {
    matches!((shown.parse::<u128>(), written.parse::<u128>()), (Ok(shown), Ok(written)) if shown < written)
}

/// For very large fleets: everything that moves with each routine refresh is left to the marks of the Secret.
fn without_times(status: &AuthenticationConfigurationStatus) -> AuthenticationConfigurationStatus {
    let mut status = status.clone();
    status.obtained_at = None;
    status.expires_at = None;
    status.refresh_at = None;
    let valid = Reason::TokenValid;
    for condition in &mut status.conditions {
        if condition.reason == valid.as_str() {
            valid.hint().clone_into(&mut condition.message);
        }
    }
    status
}

/// Says on an object that this release cannot decode that it is left alone. Times are the object's own, so that saying
/// it again changes nothing.
pub(super) async fn refuse_undecodable(context: &Context, meta: &ObjectMeta) -> Result<(), Error> {
    let (Some(namespace), Some(name)) = (&meta.namespace, &meta.name) else {
        return Ok(());
    };
    tracing::error!(
        namespace,
        name,
        "the object cannot be decoded by this release and is left alone"
    );
    let message = "This release cannot read the object, so it is left alone. Apply the CRD of this release, then the \
                   object again; the API server then says what is wrong with it.";
    let condition = |kind: ConditionType, status: &str| {
        json!({
            "type": kind.to_string(), "status": status, "reason": Reason::InvalidSpec.as_str(), "message": message,
            "lastTransitionTime": meta.creation_timestamp, "observedGeneration": meta.generation,
        })
    };
    let conditions = [
        condition(ConditionType::Ready, "False"),
        condition(ConditionType::Accepted, "False"),
        condition(ConditionType::Stalled, "True"),
    ];
    let patch = json!({ "metadata": { "uid": meta.uid }, "status": { "conditions": conditions } });
    context
        .cluster
        .patch_status(namespace, name, &patch)
        .await?;
    Ok(())
}

fn value(status: &AuthenticationConfigurationStatus) -> Value {
    serde_json::to_value(status).unwrap_or_default()
}

/// The JSON merge patch (RFC 7396) from one value to the other.
fn difference(before: &Value, after: &Value) -> Value {
    let (Value::Object(before), Value::Object(after)) = (before, after) else {
        return after.clone();
    };
    let gone = before
        .keys()
        .filter(|key| !after.contains_key(*key))
        .map(|key| (key.clone(), Value::Null));
    let changed = after
        .iter()
        .filter(|(key, value)| before.get(*key) != Some(*value))
        .map(|(key, value)| {
            let patch = before
                .get(key)
                .map_or_else(|| value.clone(), |before| difference(before, value));
            (key.clone(), patch)
        });
    Value::Object(gone.chain(changed).collect::<Map<_, _>>())
}

fn note(text: &str) -> String {
    let ends = text.char_indices().map(|(at, one)| at + one.len_utf8());
    let end = ends.take_while(|end| *end <= LONGEST_NOTE).last();
    text[..end.unwrap_or(0)].to_owned()
}

/// An event that cannot be written is logged; it holds nothing up.
async fn tell(context: &Context, object: &AuthenticationConfiguration, event: &crate::plan::Event) {
    let told = events::Event {
        type_: match event.kind {
            EventKind::Normal => events::EventType::Normal,
            EventKind::Warning => events::EventType::Warning,
        },
        reason: event.reason.as_str().to_owned(),
        note: Some(note(&event.note)),
        action: "Refresh".to_owned(),
        secondary: None,
    };
    let reference = object.object_ref(&());
    let sent = context
        .cluster
        .call(
            "create",
            "an Event",
            context.recorder.publish(&told, &reference),
        )
        .await;
    if let Err(error) = sent {
        tracing::warn!(%error, reason = event.reason.as_str(), "an event was not written");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_cut_by_bytes_and_between_characters() {
        assert_eq!(note(""), "");
        assert_eq!(note(&"a".repeat(2000)).len(), LONGEST_NOTE);
        assert_eq!(note(&"日".repeat(2000)).chars().count(), LONGEST_NOTE / 3);
    }

    #[test]
    fn the_patch_removes_what_is_gone_and_names_only_what_changed() {
        let before = json!({ "a": 1, "b": { "c": 1, "d": 2 }, "e": [1], "f": 1 });
        let after = json!({ "a": 1, "b": { "c": 2 }, "e": [1, 2], "g": { "h": 1 } });
        let patch = json!({ "b": { "c": 2, "d": null }, "e": [1, 2], "f": null, "g": { "h": 1 } });
        assert_eq!(difference(&before, &after), patch);
        assert_eq!(difference(&before, &before), json!({}));
    }
}
