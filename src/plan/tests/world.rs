//! A small world around the core: an identity provider that follows a script, Secrets, a clock, and a shell that
//! observes, decides, acts, settles and records.

use super::*;

mod shell;
mod trace;

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

/// The source Secret.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Source {
    Used,
    Moved,
    Missing,
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
    source: Source,
    requests: u32,
    secrets: Vec<Option<Stored>>,
    memory: Memory,
    tokens: u32,
}

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
            source: Source::Used,
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
                self.source = Source::Moved;
            }
            Deed::Relabel | Deed::FindSource => self.source = Source::Moved,
            Deed::LoseSource => self.source = Source::Missing,
            Deed::ChangeSpec => {
                self.value += 1;
                self.generation += 1;
            }
            Deed::EditSpec => self.generation += 1,
            Deed::Request => self.requests += 1,
            Deed::Suspend => self.suspended = true,
            Deed::Resume => self.suspended = false,
            Deed::Kill => {
                self.memory.found_dead = self.newest().and_then(|one| one.marks.issued_at);
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
        self.source != Source::Missing
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
}
