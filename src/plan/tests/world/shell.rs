//! The shell of the small world: observes and acts.

use std::time::Duration;

use super::*;

/// How long an answer takes.
const LATENCY: SignedDuration = SignedDuration::from_millis(50);

impl World {
    pub(super) fn observe(&self) -> Observed {
        let state = |stored: &Option<Stored>| match stored {
            None => TargetState::Absent,
            Some(stored) => TargetState::Managed(Current {
                marks: stored.marks.clone(),
                intact: stored.intact,
                owned: true,
            }),
        };
        let targets = self
            .secrets
            .iter()
            .enumerate()
            .map(|(index, stored)| TargetSeen {
                unrecoverable: self.memory.unrecoverable[index],
                ..target(&Self::name(index), state(stored))
            });
        Observed {
            policy: self.policy.clone(),
            generation: self.generation,
            suspension: self.suspended.then_some(Suspension { until: None }),
            refresh_requested: (self.requests > 0).then(|| self.requests.to_string()),
            wanted: if self.is_resolved() {
                Wanted::Ready(vec![grant(&self.digest())])
            } else {
                Wanted::Unresolved(refusal(Reason::SourceNotFound))
            },
            sources: vec![SourceSeen {
                name: "client".into(),
                moved: self.source == Source::Moved,
            }],
            targets: targets.collect(),
            held: self.memory.held.as_ref().map(|(held, _)| held.clone()),
            paused_until: self.memory.paused_until.filter(|until| self.now < *until),
            found_dead: self.memory.found_dead,
            status: self.status.clone(),
            ..fresh()
        }
    }

    pub(super) fn act(&mut self, seen: &Observed, plan: &Plan) -> Outcome {
        match plan {
            Plan::Issue(issue) => self.issue(seen, issue),
            Plan::Publish => self.publish(seen),
            Plan::Repair(repairs) => self.repair(repairs),
            Plan::Prune(_) => Outcome::Pruned,
            Plan::Ignore
            | Plan::Rest
            | Plan::Refuse(_)
            | Plan::Hold(_)
            | Plan::Keep
            | Plan::Restart(_)
            | Plan::Probe => Outcome::Nothing,
        }
    }

    fn issue(&mut self, seen: &Observed, issue: &Issue) -> Outcome {
        let absent = self.secrets.iter().all(Option::is_none);
        if absent && !self.storage {
            return Outcome::Blocked(Refusal::new(Reason::StorageUnavailable, ""));
        }
        let asked = self.now;
        self.now += LATENCY;
        let (answer, repeats) = self.answer(asked);
        self.calls.push(Call {
            at: asked,
            why: issue.why,
            due: self.status.refresh_at.is_some_and(|due| due <= asked),
            repeats: self.repeats(),
            fingerprint: seen.fingerprint(),
            refused: answer.as_ref().err().cloned(),
            life: answer
                .as_ref()
                .map_or(seconds(0), |(_, end)| end.duration_since(asked)),
            published: answer.is_ok() && self.storage,
            restarts: self.restarts,
        });
        match answer {
            Err(refusal) => Outcome::Refused(refusal),
            Ok((token, expires_at)) => {
                let held = Held {
                    grant: self.digest(),
                    issued_at: asked,
                    expires_at: Some(expires_at),
                    probe_refusals: repeats,
                    not_before: asked,
                };
                self.memory.held = Some((held, token));
                self.publish(seen)
            }
        }
    }

    fn answer(&mut self, asked: Timestamp) -> (Result<(u32, Timestamp), Refusal>, u8) {
        let fresh = |world: &mut Self, life| {
            world.tokens += 1;
            (Ok((world.tokens, asked + seconds(life))), 0)
        };
        match self.provider {
            Mode::Up(life) => fresh(self, life),
            Mode::Same => match self.newest().cloned() {
                Some(Stored {
                    marks:
                        Marks {
                            expires_at: Some(end),
                            repeats,
                            ..
                        },
                    token,
                    ..
                }) if asked < end => (Ok((token, end)), repeats + 1),
                _ => fresh(self, HOUR),
            },
            Mode::Refuses(reason) => (Err(refusal(reason)), 0),
            Mode::Throttles(wait) => {
                let retry_after = wait.map(Duration::from_secs);
                let pause = wait.map_or(60, |wait| i64::try_from(wait).unwrap());
                self.memory.paused_until = Some(asked + seconds(pause.min(HOUR)));
                let throttled = refusal(Reason::Throttled);
                (
                    Err(Refusal {
                        retry_after,
                        ..throttled
                    }),
                    0,
                )
            }
        }
    }

    fn publish(&mut self, seen: &Observed) -> Outcome {
        let (held, token) = self.memory.held.clone().unwrap();
        let marks = Marks {
            issued_at: Some(held.issued_at),
            expires_at: held.expires_at,
            grant: Some(held.grant),
            generation: Some(self.generation),
            handled_refresh_request: seen.refresh_requested.clone(),
            repeats: held.probe_refusals,
            ..marks()
        };
        let stored = Stored {
            marks,
            token,
            intact: true,
            genuine: true,
        };
        let targets: Vec<_> = (0..self.secrets.len())
            .map(|index| self.write(index, &stored))
            .collect();
        if self.storage {
            self.memory.held = None;
            self.source = Source::Used;
        }
        Outcome::Issued(Issued {
            issued_at: held.issued_at,
            expires_at: held.expires_at,
            repeats: held.probe_refusals,
            targets,
            ..issued()
        })
    }

    fn write(&mut self, index: usize, stored: &Stored) -> TargetWritten {
        let name = Self::name(index);
        if !self.storage {
            return written(&name, Err(Refusal::new(Reason::StorageUnavailable, "")));
        }
        self.writes += 1;
        self.secrets[index] = Some(stored.clone());
        written(&name, Ok(()))
    }

    fn repair(&mut self, repairs: &[Repair]) -> Outcome {
        let mut done = vec![];
        let mut hopeless = false;
        for repair in repairs {
            let index = (0..self.secrets.len())
                .find(|index| Self::name(*index) == repair.target)
                .unwrap();
            let own = self.secrets[index]
                .clone()
                .filter(|one| one.genuine && repair.why == RepairWhy::Edited);
            if let Some(stored) = own.or_else(|| self.newest().cloned()) {
                let restored = Stored {
                    intact: true,
                    ..stored
                };
                done.push(self.write(index, &restored));
            } else {
                self.memory.unrecoverable[index] = true;
                hopeless = true;
            }
        }
        if hopeless {
            Outcome::Unrecoverable
        } else {
            Outcome::Repaired(done)
        }
    }
}
