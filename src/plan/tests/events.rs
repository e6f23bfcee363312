use super::*;

fn told(seen: &mut Observed, outcome: &Outcome, now: i64) -> Vec<Reason> {
    let events = round(seen, outcome, at(now)).events;
    events.into_iter().map(|event| event.reason).collect()
}

#[test]
fn nothing_is_told_of_a_routine_refresh() {
    assert_eq!(told(&mut serving(), &Outcome::Issued(issued()), 2400), []);
    assert_eq!(told(&mut serving(), &Outcome::Nothing, 60), []);
}

#[test]
fn the_first_credential_another_method_and_a_recovery_are_told() {
    assert_eq!(
        told(&mut fresh(), &Outcome::Issued(issued()), 0),
        [Reason::TokenIssued]
    );
    let other = Issued {
        method: method("password"),
        ..issued()
    };
    assert_eq!(
        told(&mut serving(), &Outcome::Issued(other), 2400),
        [Reason::TokenIssued]
    );
    let mut seen = serving();
    told(&mut seen, &refused(Reason::ProviderUnavailable), 2400);
    assert_eq!(
        told(&mut seen, &Outcome::Issued(issued()), 2430),
        [Reason::TokenIssued]
    );
}

#[test]
fn a_failure_is_told_once_per_reason_and_not_per_attempt() {
    let mut seen = serving();
    assert_eq!(
        told(&mut seen, &refused(Reason::ProviderUnavailable), 2400),
        [Reason::RefreshFailed]
    );
    for now in [2401, 2402] {
        assert_eq!(told(&mut seen, &Outcome::Nothing, now), []);
    }
    assert_eq!(
        told(&mut seen, &refused(Reason::ProviderUnavailable), 2430),
        []
    );
    assert_eq!(
        told(&mut seen, &refused(Reason::ClientAuthFailed), 2500),
        [Reason::RefreshStalled]
    );
    assert_eq!(told(&mut seen, &Outcome::Nothing, 2501), []);
    assert_eq!(
        told(&mut seen, &Outcome::Nothing, HOUR),
        [Reason::TokenExpired]
    );
    assert_eq!(told(&mut seen, &Outcome::Nothing, HOUR + 1), []);
}

#[test]
fn a_missing_source_is_told_once_also_while_the_old_token_lives() {
    let mut seen = serving();
    seen.wanted = Wanted::Unresolved(refusal(Reason::SourceNotFound));
    assert_eq!(
        told(&mut seen, &Outcome::Nothing, 60),
        [Reason::WaitingForSource]
    );
    for now in [61, 700, 800] {
        assert_eq!(told(&mut seen, &Outcome::Nothing, now), []);
    }
}

#[test]
fn a_foreign_target_is_told_once_also_while_refreshes_go_on() {
    let mut seen = serving();
    seen.targets
        .push(target("theirs", TargetState::Foreign { owner: None }));
    assert_eq!(
        told(&mut seen, &Outcome::Nothing, 60),
        [Reason::TargetConflict]
    );
    assert_eq!(told(&mut seen, &Outcome::Nothing, 61), []);
    assert_eq!(
        told(&mut seen, &refused(Reason::ProviderUnavailable), 2400),
        [Reason::RefreshFailed]
    );
    assert_eq!(told(&mut seen, &Outcome::Nothing, 2401), []);
    assert_eq!(
        told(&mut seen, &refused(Reason::ProviderUnavailable), 2430),
        []
    );
}

#[test]
fn a_request_is_told_with_its_attempt() {
    let mut seen = serving();
    seen.refresh_requested = Some("now".into());
    let busy = Outcome::Busy { until: at(61) };
    assert_eq!(told(&mut seen, &busy, 60), []);
    assert_eq!(
        told(&mut seen, &Outcome::Issued(issued()), 61),
        [Reason::RefreshRequested]
    );
    assert_eq!(told(&mut seen, &Outcome::Nothing, 62), []);
}

#[test]
fn a_restored_secret_is_told_and_a_new_shape_or_target_is_not() {
    let repaired = Outcome::Repaired(vec![written("token", Ok(()))]);
    let mut seen = serving();
    seen.targets[0].state = edited(marks());
    assert_eq!(told(&mut seen, &repaired, 60), [Reason::SecretRestored]);
    let mut seen = serving();
    seen.targets[0].publish = "v1:key:new".into();
    assert_eq!(told(&mut seen, &repaired, 60), []);
    let mut seen = serving();
    seen.targets.push(target("second", TargetState::Absent));
    let added = Outcome::Repaired(vec![written("second", Ok(()))]);
    assert_eq!(told(&mut seen, &added, 60), []);
    let mut seen = serving();
    seen.targets[0].state = TargetState::Absent;
    assert_eq!(
        told(&mut seen, &Outcome::Issued(issued()), 60),
        [Reason::SecretRestored]
    );
}

#[test]
fn each_restarted_workload_is_told() {
    let mut seen = serving();
    seen.restarts = vec![RestartSeen {
        workload: "Deployment/one".into(),
        due: at(60),
    }];
    let restarted = |result| {
        let workload = "Deployment/one".into();
        Outcome::Restarted(vec![Restarted { workload, result }])
    };
    let done = restarted(Ok(()));
    assert_eq!(told(&mut seen, &done, 60), [Reason::WorkloadRestarted]);
    let failed = restarted(Err(refusal(Reason::Forbidden)));
    assert_eq!(told(&mut seen, &failed, 60), [Reason::RestartFailed]);
    assert_eq!(seen.status.last_error, None, "no matter of the credential");
}

#[test]
fn suspension_and_its_end_are_told_and_nothing_else_meanwhile() {
    let mut seen = serving();
    seen.suspension = Some(Suspension {
        until: Some(at(900)),
    });
    assert_eq!(
        told(&mut seen, &Outcome::Nothing, 60),
        [Reason::RefreshSuspended]
    );
    seen.wanted = Wanted::Unresolved(refusal(Reason::SourceNotFound));
    assert_eq!(told(&mut seen, &Outcome::Nothing, 61), []);
    seen.wanted = serving().wanted;
    seen.suspension = None;
    assert_eq!(
        told(&mut seen, &Outcome::Nothing, 900),
        [Reason::RefreshResumed]
    );
}

#[test]
fn scopes_that_were_not_granted_are_told_once() {
    let reduced = Outcome::Issued(Issued {
        missing_scopes: vec!["orders.write".into()],
        ..issued()
    });
    let mut seen = serving();
    assert_eq!(told(&mut seen, &reduced, 2400), [Reason::ScopesReduced]);
    assert_eq!(told(&mut seen, &Outcome::Nothing, 2400), []);
    assert_eq!(told(&mut seen, &reduced, 2400), []);
}
