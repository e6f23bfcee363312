//! A small world around the core: an identity provider that follows a script, Secrets, a clock, and a shell that
//! observes, decides, acts, settles and records.

use std::time::Duration;

use super::*;

/// What the identity provider does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mode {
    /// Issues tokens that live so many seconds.
    Up(i64),
    /// Hands out the live token again until its last second, then one of an hour.
    Same,
    Refuses(Reason),
    /// Asks to be left alone for so many seconds.
    Throttles(Option<u64>),
}

/// What people and other programs do.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Provider(Mode),
    /// Kubernetes accepts writes, or does not.
    Storage(bool),
    Delete(usize),
    /// Somebody else's bytes.
    Overwrite(usize),
    /// The bytes are ours, the marks of ownership are gone.
    Restore(usize),
    ChangeSource,
    Relabel,
    LoseSource,
    FindSource,
    ChangeSpec,
    EditSpec,
    Request,
    Suspend,
    Resume,
    Kill,
    Restart,
}

/// A managed Secret: its marks, and whose bytes it holds.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    marks: Marks,
    token: u32,
    intact: bool,
    /// The bytes are those that were written.
    genuine: bool,
}

/// A call to the identity provider.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) at: Timestamp,
    pub(super) why: Why,
    /// The served token was due by its schedule.
    pub(super) due: bool,
    pub(super) repeats: u8,
    pub(super) fingerprint: String,
    pub(super) refused: Option<Refusal>,
    pub(super) life: SignedDuration,
    /// Every target was written.
    pub(super) published: bool,
    /// How often the process had been restarted.
    pub(super) restarts: usize,
}

/// What a process forgets.
#[derive(Debug, Default)]
struct Memory {
    held: Option<(Held, u32)>,
    found_dead: Option<Timestamp>,
    paused_until: Option<Timestamp>,
    unrecoverable: Vec<bool>,
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) provider: Mode,
    pub(super) storage: bool,
    pub(super) suspended: bool,
    pub(super) calls: Vec<Call>,
    pub(super) writes: usize,
    pub(super) status: Status,
    pub(super) look_again: Option<Timestamp>,
    pub(super) trace: Vec<String>,
    pub(super) restarts: usize,
    policy: RefreshPolicy,
    generation: i64,
    value: u32,
    resolved: bool,
    moved: bool,
    requests: u32,
    secrets: Vec<Option<Stored>>,
    memory: Memory,
    tokens: u32,
}

/// How long an answer takes.
const LATENCY: SignedDuration = SignedDuration::from_millis(50);
/// More rounds than that at one moment are a loop.
const ROUNDS: usize = 8;

// === impl World ===

impl World {
    pub(super) fn new(provider: Mode, targets: usize, policy: RefreshPolicy) -> Self {
        Self {
            now: at(0),
            provider,
            storage: true,
            suspended: false,
            calls: vec![],
            writes: 0,
            status: Status::default(),
            look_again: None,
            trace: vec![],
            restarts: 0,
            policy,
            generation: 1,
            value: 1,
            resolved: true,
            moved: false,
            requests: 0,
            secrets: vec![None; targets],
            memory: Memory {
                unrecoverable: vec![false; targets],
                ..Memory::default()
            },
            tokens: 0,
        }
    }

    /// Lets time pass until then, following the clock that the core asks for.
    pub(super) fn run_until(&mut self, end: Timestamp, check: &mut impl FnMut(&Self)) {
        while let Some(next) = self.look_again.filter(|next| *next <= end) {
            self.now = self.now.max(next);
            check(self);
            self.rounds(check);
        }
        self.now = self.now.max(end);
        check(self);
    }

    /// Rounds at one moment, until nothing changes any more: each write is an event that starts another.
    pub(super) fn rounds(&mut self, check: &mut impl FnMut(&Self)) {
        for _ in 0..ROUNDS {
            let changed = self.round();
            if !changed && self.look_again.is_none_or(|next| self.now < next) {
                return check(self);
            }
        }
        panic!("no rest at {}: {:#?}", self.now, self.trace.last());
    }

    /// Observes, decides, acts, settles and records. True: something was written.
    fn round(&mut self) -> bool {
        let seen = self.observe();
        let plan = decide(&seen, self.now);
        let writes = self.writes;
        let began = self.now;
        let outcome = self.act(&seen, &plan);
        let verdict = settle(&seen, &plan, &outcome, self.now);
        self.check_verdict(&seen, &plan, &outcome, &verdict);
        self.note(&plan, &outcome, &verdict, began);
        let changed = verdict.status != self.status || self.writes != writes;
        self.status = verdict.status;
        self.look_again = verdict.look_again;
        let success = plan.issue().is_some()
            && matches!(&outcome, Outcome::Issued(issued) if issued.targets.iter().all(TargetWritten::is_done));
        assert!(
            !success || !matches!(self.plan(), Plan::Issue(_)),
            "asks again after a success"
        );
        changed
    }

    pub(super) fn perform(&mut self, deed: &Deed) {
        let clock = self.clock();
        self.trace.push(format!("{clock} — {deed:?}"));
        match deed {
            Deed::Provider(mode) => self.provider = *mode,
            Deed::Storage(up) => self.storage = *up,
            Deed::Delete(index) => *self.secret(*index) = None,
            Deed::Overwrite(index) => self.edit(*index, false),
            Deed::Restore(index) => self.edit(*index, true),
            Deed::ChangeSource => {
                self.value += 1;
                self.moved = true;
            }
            Deed::Relabel => self.moved = true,
            Deed::LoseSource => self.resolved = false,
            Deed::FindSource => self.resolved = true,
            Deed::ChangeSpec => {
                self.value += 1;
                self.generation += 1;
            }
            Deed::EditSpec => self.generation += 1,
            Deed::Request => self.requests += 1,
            Deed::Suspend => self.suspended = true,
            Deed::Resume => self.suspended = false,
            Deed::Kill => {
                self.memory.found_dead = self.newest().and_then(|one| one.marks.issued_at)
            }
            Deed::Restart => {
                self.restarts += 1;
                self.memory = Memory {
                    unrecoverable: vec![false; self.secrets.len()],
                    ..Memory::default()
                };
            }
        }
    }

    /// Is a token served that has ended?
    pub(super) fn serves_expired(&self) -> bool {
        let ended = |stored: &Stored| stored.marks.expires_at.is_some_and(|end| end < self.now);
        self.secrets
            .iter()
            .flatten()
            .any(|one| one.genuine && ended(one))
    }

    pub(super) fn is_resolved(&self) -> bool {
        self.resolved
    }

    pub(super) fn repeats(&self) -> u8 {
        self.newest().map_or(0, |one| one.marks.repeats)
    }

    pub(super) fn plan(&self) -> Plan {
        decide(&self.observe(), self.now)
    }

    fn secret(&mut self, index: usize) -> &mut Option<Stored> {
        let last = self.secrets.len() - 1;
        &mut self.secrets[index.min(last)]
    }

    fn edit(&mut self, index: usize, ours: bool) {
        if let Some(stored) = self.secret(index) {
            stored.intact = false;
            stored.genuine = stored.genuine && ours;
        }
        let last = self.secrets.len() - 1;
        self.memory.unrecoverable[index.min(last)] = false;
    }

    fn newest(&self) -> Option<&Stored> {
        let intact = self.secrets.iter().flatten().filter(|one| one.intact);
        intact.max_by_key(|one| one.marks.issued_at)
    }

    fn digest(&self) -> String {
        format!("v1:key:{}", self.value)
    }

    fn name(index: usize) -> String {
        format!("token-{index}")
    }

    fn observe(&self) -> Observed {
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
            wanted: if self.resolved {
                Wanted::Ready(vec![grant(&self.digest())])
            } else {
                Wanted::Unresolved(refusal(Reason::SourceNotFound))
            },
            sources: vec![SourceSeen {
                name: "client".into(),
                moved: self.moved,
            }],
            targets: targets.collect(),
            held: self.memory.held.as_ref().map(|(held, _)| held.clone()),
            paused_until: self.memory.paused_until.filter(|until| self.now < *until),
            found_dead: self.memory.found_dead,
            status: self.status.clone(),
            ..fresh()
        }
    }

    fn act(&mut self, seen: &Observed, plan: &Plan) -> Outcome {
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
                let pause = seconds(wait.map_or(60, |wait| i64::try_from(wait).unwrap()));
                self.memory.paused_until = Some(asked + pause);
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
            self.moved = false;
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
            match own.or_else(|| self.newest().cloned()) {
                Some(stored) => done.push(self.write(
                    index,
                    &Stored {
                        intact: true,
                        ..stored
                    },
                )),
                None => {
                    self.memory.unrecoverable[index] = true;
                    hopeless = true;
                }
            }
        }
        if hopeless {
            Outcome::Unrecoverable
        } else {
            Outcome::Repaired(done)
        }
    }

    fn clock(&self) -> String {
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
    fn check_verdict(&self, seen: &Observed, plan: &Plan, outcome: &Outcome, verdict: &Verdict) {
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

    fn note(&mut self, plan: &Plan, outcome: &Outcome, verdict: &Verdict, began: Timestamp) {
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
            other => format!("{other:?}").to_lowercase(),
        };
        let asked = match plan {
            Plan::Issue(issue) => format!("issue ({:?})", issue.why),
            other => other.name().to_owned(),
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
