//! Restarting workloads whose Secret changed, as `kubectl rollout restart` does: by annotations of the pod template.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::{round::Round, workload::RESTARTED_AT};
use crate::plan::{Outcome, Restarted};

/// One rollout for each workload, however many of its Secrets changed.
pub(super) async fn restart(round: &mut Round<'_>, workloads: &[String]) -> Outcome {
    let mut done = Vec::with_capacity(workloads.len());
    for wanted in workloads.iter().collect::<BTreeSet<_>>() {
        let wishes = round.sight.workloads.iter();
        let wishes: Vec<_> = wishes
            .filter(|wish| wish.workload.to_string() == *wanted)
            .collect();
        let Some(workload) = wishes.first().map(|wish| wish.workload.clone()) else {
            continue;
        };
        let marks: BTreeMap<String, String> = wishes.iter().map(|wish| wish.mark()).collect();
        let mut annotations = json!(marks);
        annotations[RESTARTED_AT] = Value::String(round.now.to_string());
        let patch =
            json!({ "spec": { "template": { "metadata": { "annotations": annotations } } } });
        let namespace = round.subject.namespace;
        let answer = round
            .context
            .cluster
            .patch_workload(namespace, &workload, &patch)
            .await;
        // A failure counts as done until the data changes again: a missing workload must not be asked for ever.
        let known = round.memory.workloads.entry(workload).or_default();
        known.restarted(&marks, round.now);
        done.push(Restarted {
            workload: wanted.clone(),
            result: answer.map_err(|error| error.refusal()),
        });
    }
    Outcome::Restarted(done)
}
