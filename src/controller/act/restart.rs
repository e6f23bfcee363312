//! Restarting workloads whose Secret changed, as `kubectl rollout restart` does: by an annotation of the pod template.

use serde_json::json;

use super::super::{
    round::Round,
    workload::{RESTARTED_AT, RESTARTED_FOR},
};
use crate::plan::{Outcome, Restarted};

pub(super) async fn restart(round: &mut Round<'_>, workloads: &[String]) -> Outcome {
    let mut done = Vec::with_capacity(workloads.len());
    for wanted in workloads {
        let named = round
            .sight
            .workloads
            .iter()
            .find(|one| one.workload.to_string() == *wanted);
        let Some(named) = named.cloned() else {
            continue;
        };
        let annotations =
            json!({ RESTARTED_AT: round.now.to_string(), RESTARTED_FOR: named.content });
        let patch =
            json!({ "spec": { "template": { "metadata": { "annotations": annotations } } } });
        let namespace = round.subject.namespace;
        let answer = round
            .context
            .cluster
            .patch_workload(namespace, &named.workload, &patch)
            .await;
        // A failure counts as done until the data changes again: a missing workload must not be asked for ever.
        round
            .memory
            .workloads
            .insert(named.workload.clone(), named.restarted(round.now));
        done.push(Restarted {
            workload: wanted.clone(),
            result: answer.map_err(|error| error.refusal()),
        });
    }
    Outcome::Restarted(done)
}
