//! Verdict to status, events and log. What has not changed is not written.

use kube::{Resource, runtime::events};
use serde_json::{Map, Value, json};

use super::{Error, context::Context, memory::Memory, observe::stored_status, round::Subject};
use crate::{
    api::v1alpha1::{AuthenticationConfiguration, AuthenticationConfigurationStatus},
    plan::{EventKind, Verdict},
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
    let stored = stored_status(subject, memory);
    memory.unwritten = None;
    if *status == stored {
        context.fleet.written(subject.uid);
        return Ok(());
    }
    context.fleet.unwritten(subject.uid, status);
    if !context.routine_status_writes && is_routine(&stored, status) {
        return Ok(());
    }
    let patch = json!({
        "metadata": { "uid": subject.uid },
        "status": difference(&value(&stored), &value(status)),
    });
    let written = context
        .cluster
        .patch_status(subject.namespace, subject.name, &patch)
        .await
        .inspect_err(|_| memory.unwritten = Some(status.clone()))?;
    memory.status = written.map(|version| (version, status.clone()));
    context.fleet.written(subject.uid);
    Ok(())
}

/// Does only the schedule differ, as after each refresh? Large fleets may leave that write out.
fn is_routine(
    before: &AuthenticationConfigurationStatus,
    after: &AuthenticationConfigurationStatus,
) -> bool {
    let essence = |status: &AuthenticationConfigurationStatus| {
        let conditions: Vec<_> = status
            .conditions
            .iter()
            .map(|condition| {
                (
                    condition.type_.clone(),
                    condition.status.clone(),
                    condition.reason.clone(),
                    condition.observed_generation,
                )
            })
            .collect();
        let mut rest = status.clone();
        rest.conditions.clear();
        rest.obtained_at = None;
        rest.expires_at = None;
        rest.refresh_at = None;
        (conditions, rest)
    };
    essence(before) == essence(after)
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
