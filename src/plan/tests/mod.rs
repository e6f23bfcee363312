//! Builders of situations. Times are seconds after a fixed moment.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::{
    api::v1alpha1::{
        AuthenticationConfigurationStatus as Status, ConditionType, DeletionPolicy, LastError,
        MethodStatus, UnscheduledMints,
    },
    provider::Refusal,
    target::Marks,
};

mod backoff;
mod budget;
mod conditions;
mod days;
mod decide;
mod events;
mod gate;
mod remembered;
mod repair;
mod schedule;
mod settle;
mod simulation;
mod warnings;
mod world;

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const UID: &str = "7d0b5a52-3c55-4d3e-9c46-0f6f0a7f7f0e";
const GRANT: &str = "v1:key:grant";
/// The conditions when all is well.
const FINE: [&str; 3] = [
    "Ready=True/TokenValid",
    "Accepted=True/Accepted",
    "SourcesResolved=True/SourcesResolved",
];
const SHAPE: &str = "v1:key:shape";

fn at(seconds: i64) -> Timestamp {
    at_ms(seconds * 1000)
}

fn at_ms(milliseconds: i64) -> Timestamp {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    start
        .checked_add(SignedDuration::from_millis(milliseconds))
        .unwrap()
}

fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

fn policy() -> RefreshPolicy {
    RefreshPolicy {
        jitter_percent: 0,
        ..RefreshPolicy::default()
    }
}

fn refused(reason: Reason) -> Outcome {
    Outcome::Refused(refusal(reason))
}

fn refusal(reason: Reason) -> Refusal {
    Refusal {
        http_status: Some(400),
        endpoint: Some("login.example.com".into()),
        ..Refusal::new(reason, "")
    }
}

fn method(name: &str) -> MethodStatus {
    MethodStatus {
        name: name.into(),
        scheme: name.into(),
        endpoint: Some("login.example.com".into()),
        ..MethodStatus::default()
    }
}

fn grant(digest: &str) -> Grant {
    Grant {
        digest: digest.into(),
        asks: true,
        method: method("oauth2"),
    }
}

fn static_grant(digest: &str) -> Grant {
    Grant {
        asks: false,
        ..grant(digest)
    }
}

/// An hour's token, obtained at 0.
fn marks() -> Marks {
    Marks {
        owner: "shop/orders".into(),
        issued_at: Some(at(0)),
        expires_at: Some(at(HOUR)),
        expiry_source: Some("expires_in".into()),
        grant: Some(GRANT.into()),
        publish: Some(SHAPE.into()),
        method: Some("oauth2".into()),
        generation: Some(1),
        ..Marks::default()
    }
}

fn managed(marks: Marks) -> TargetState {
    TargetState::Managed(Current {
        marks,
        intact: true,
        owned: true,
    })
}

fn edited(marks: Marks) -> TargetState {
    TargetState::Managed(Current {
        marks,
        intact: false,
        owned: true,
    })
}

fn target(name: &str, state: TargetState) -> TargetSeen {
    TargetSeen {
        name: name.into(),
        publish: SHAPE.into(),
        state,
        unrecoverable: false,
    }
}

/// Just applied: nothing is there.
fn fresh() -> Observed {
    Observed {
        uid: UID.into(),
        generation: 1,
        policy: policy(),
        deletion_policy: DeletionPolicy::Delete,
        being_deleted: false,
        suspension: None,
        refresh_requested: None,
        wanted: Wanted::Ready(vec![grant(GRANT)]),
        sources: vec![SourceSeen {
            name: "client".into(),
            moved: false,
        }],
        targets: vec![target("token", TargetState::Absent)],
        leftovers: Vec::new(),
        held: None,
        paused_until: None,
        found_dead: None,
        probe_due: None,
        restarts: Vec::new(),
        status: Status::default(),
    }
}

/// An hour's token was published at 0 and settled.
fn serving() -> Observed {
    let mut seen = fresh();
    let plan = decide(&seen, at(0));
    seen.status = settle(&seen, &plan, &Outcome::Issued(issued()), at(0)).status;
    seen.targets = vec![target("token", managed(marks()))];
    seen
}

fn issued() -> Issued {
    Issued {
        method: method("oauth2"),
        issued_at: at(0),
        expires_at: Some(at(HOUR)),
        expiry_source: Some("expires_in".into()),
        repeats: 0,
        missing_scopes: Vec::new(),
        probe: None,
        targets: vec![written("token", Ok(()))],
    }
}

fn written(name: &str, result: Result<(), Refusal>) -> TargetWritten {
    TargetWritten {
        name: name.into(),
        result,
    }
}

fn sole(seen: &mut Observed) -> &mut Current {
    let TargetState::Managed(current) = &mut seen.targets[0].state else {
        panic!("not managed")
    };
    current
}

fn why(plan: &Plan) -> Why {
    let Plan::Issue(issue) = plan else {
        panic!("not an attempt: {plan:?}")
    };
    issue.why
}

fn repairs(plan: &Plan) -> Vec<(&str, RepairWhy)> {
    let Plan::Repair(repairs) = plan else {
        panic!("not a repair: {plan:?}")
    };
    repairs
        .iter()
        .map(|repair| (repair.target.as_str(), repair.why))
        .collect()
}

/// Judges, settles with what came of it, and records.
fn round(seen: &mut Observed, outcome: &Outcome, now: Timestamp) -> Verdict {
    let plan = decide(seen, now);
    let verdict = settle(seen, &plan, outcome, now);
    seen.status = verdict.status.clone();
    verdict
}

/// `Ready=True/TokenValid …`, in the order of the status.
fn shown(status: &Status) -> Vec<String> {
    status
        .conditions
        .iter()
        .map(|one| format!("{}={}/{}", one.type_, one.status, one.reason))
        .collect()
}

fn message(status: &Status, kind: ConditionType) -> String {
    super::condition::find(&status.conditions, kind)
        .map(|one| one.message.clone())
        .unwrap_or_default()
}

/// A change of a situation.
type Change = fn(&mut Observed);

fn plan_after(change: Change, now: Timestamp) -> Plan {
    let mut seen = serving();
    change(&mut seen);
    decide(&seen, now)
}

fn request(seen: &mut Observed) {
    seen.refresh_requested = Some("now".into());
}

/// The credential of the status was obtained with another value.
fn other_grant(seen: &mut Observed) {
    seen.wanted = Wanted::Ready(vec![grant("v1:key:other")]);
}

/// The last attempt failed; next: when it is repeated.
fn failed(seen: &mut Observed, reason: Reason, next: Option<i64>) {
    seen.status.consecutive_failures = Some(1);
    seen.status.next_attempt_at = next.map(at);
    seen.status.last_error = Some(LastError {
        time: at(1),
        reason: reason.as_str().into(),
        fingerprint: Some(seen.fingerprint()),
        ..LastError::default()
    });
}

/// So many credentials outside the schedule since 0.
fn ration(seen: &mut Observed, count: u32, probe: Option<u32>, last: i64) {
    seen.status.unscheduled_mints = Some(UnscheduledMints {
        since: at(0),
        count,
        probe,
        last: at(last),
    });
}

fn held(seen: &mut Observed, grant: &str, not_before: i64) {
    seen.held = Some(Held {
        grant: grant.into(),
        issued_at: at(100),
        expires_at: Some(at(100 + HOUR)),
        probe_refusals: 0,
        not_before: at(not_before),
    });
}

/// The attempt at this time is refused, while the first token is still served.
fn failing(reason: Reason, now: i64) -> (Observed, Verdict) {
    let mut seen = serving();
    let verdict = round(&mut seen, &refused(reason), at(now));
    (seen, verdict)
}
