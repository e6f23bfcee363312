//! What is written down of the small world, and what must hold of each line.

use super::*;

impl World {
    pub(super) fn clock(&self) -> String {
        let elapsed = at(0).duration_until(self.now).as_secs();
        let (day, rest) = (elapsed / DAY, elapsed % DAY);
        format!(
            "{day}d {:02}:{:02}:{:02}",
            rest / HOUR,
            rest % HOUR / MINUTE,
            rest % MINUTE
        )
    }

    /// What holds of every single verdict.
    pub(super) fn check_verdict(
        &self,
        seen: &Observed,
        plan: &Plan,
        outcome: &Outcome,
        verdict: &Verdict,
    ) {
        if let Some(next) = verdict.look_again {
            assert!(self.now <= next, "looks again in the past: {next}");
        }
        let ends = verdict.status.expires_at.is_some_and(|end| self.now < end);
        assert!(
            !ends || verdict.look_again.is_some(),
            "nobody looks at a credential that ends"
        );
        if matches!(outcome, Outcome::Nothing) {
            let again = Observed {
                status: verdict.status.clone(),
                ..seen.clone()
            };
            let second = settle(
                &again,
                &decide(&again, self.now),
                &Outcome::Nothing,
                self.now,
            );
            assert_eq!(
                second.status, verdict.status,
                "the same is written again after {plan:?}"
            );
            assert_eq!(second.events, [], "the same is told again after {plan:?}");
        }
    }

    pub(super) fn note(
        &mut self,
        plan: &Plan,
        outcome: &Outcome,
        verdict: &Verdict,
        began: Timestamp,
    ) {
        let quiet = matches!(outcome, Outcome::Nothing) && verdict.events.is_empty();
        if quiet && shown(&verdict.status) == shown(&self.status) {
            return;
        }
        let now = std::mem::replace(&mut self.now, began);
        let clock = self.clock();
        self.now = now;
        let came = match outcome {
            Outcome::Issued(issued) if issued.targets.iter().all(TargetWritten::is_done) => {
                "published".to_owned()
            }
            Outcome::Issued(_) => "obtained, not written".to_owned(),
            Outcome::Refused(no) | Outcome::Blocked(no) => no.reason.to_string(),
            Outcome::Repaired(targets) if targets.iter().all(TargetWritten::is_done) => {
                "written again".to_owned()
            }
            Outcome::Repaired(_) => "not written".to_owned(),
            Outcome::Nothing
            | Outcome::Busy { .. }
            | Outcome::ProbePending { .. }
            | Outcome::ProbeRefused
            | Outcome::Unrecoverable
            | Outcome::Pruned
            | Outcome::Restarted(_)
            | Outcome::Probed(_) => format!("{outcome:?}").to_lowercase(),
        };
        let asked = match plan.issue() {
            Some(issue) => format!("issue ({:?})", issue.why),
            None => plan.name().to_owned(),
        };
        self.trace.push(format!("{clock}   {asked}: {came}"));
        if shown(&verdict.status) != shown(&self.status) {
            self.trace
                .push(format!("{:13}{}", "", shown(&verdict.status).join(", ")));
        }
        let events = verdict.events.iter();
        self.trace
            .extend(events.map(|event| format!("{:13}event {}", "", event.reason)));
    }
}
