use super::*;

#[test]
fn a_failure_is_remembered_with_its_next_attempt_and_a_success_forgets_it() {
    let (mut seen, verdict) = failing(Reason::ProviderUnavailable, 2400);
    let next = verdict.status.next_attempt_at.unwrap();
    assert!(at(2424) <= next && next <= at(2430));
    assert_eq!(verdict.look_again, Some(next));
    assert_eq!(verdict.status.consecutive_failures, Some(1));
    let error = verdict.status.last_error.unwrap();
    assert_eq!(
        (error.reason.as_str(), error.http_status),
        ("ProviderUnavailable", Some(400))
    );
    round(&mut seen, &refused(Reason::ProviderUnavailable), next);
    assert_eq!(seen.status.consecutive_failures, Some(2));
    let again = Issued {
        issued_at: at(2500),
        expires_at: Some(at(6100)),
        ..issued()
    };
    round(&mut seen, &Outcome::Issued(again), at(2500));
    assert_eq!(seen.status.consecutive_failures, None);
    assert_eq!(seen.status.next_attempt_at, None);
    assert_eq!(seen.status.last_error, None);
}

#[test]
fn failures_are_counted_anew_after_a_change() {
    let (mut seen, _) = failing(Reason::ClientAuthFailed, 2400);
    seen.generation = 2;
    round(&mut seen, &refused(Reason::ClientAuthFailed), at(2460));
    assert_eq!(seen.status.consecutive_failures, Some(1));
}

#[test]
fn a_failed_refresh_by_hand_keeps_a_rejection_and_waits_for_the_schedule_with_the_rest() {
    for (reason, next) in [
        (Reason::ProviderUnavailable, Some(at(2400))),
        (Reason::ClientAuthFailed, Some(at(2400))),
        (Reason::UserCredentialsRejected, None),
    ] {
        let mut seen = serving();
        seen.refresh_requested = Some("now".into());
        let verdict = round(&mut seen, &refused(reason), at(60));
        assert_eq!(
            verdict.status.last_handled_refresh_request.as_deref(),
            Some("now"),
            "{reason}"
        );
        assert_eq!(verdict.status.next_attempt_at, next, "{reason}");
        assert!(matches!(decide(&seen, at(61)), Plan::Keep), "{reason}");
        assert_eq!(
            round(&mut seen, &Outcome::Nothing, at(61)).status,
            verdict.status,
            "{reason}"
        );
        let later = decide(&seen, at(2400));
        match next {
            Some(_) => assert_eq!(why(&later), Why::Due, "{reason}"),
            None => assert!(
                matches!(later, Plan::Hold(Hold::BackOff { until: None })),
                "{reason}"
            ),
        }
    }
}

#[test]
fn a_failed_repair_does_not_shorten_the_wait_for_the_identity_provider() {
    for reason in [Reason::ProviderUnavailable, Reason::UserCredentialsRejected] {
        let (mut seen, verdict) = failing(reason, 2400);
        seen.targets.push(target("second", TargetState::Absent));
        let blocked = vec![written("second", Err(Refusal::new(Reason::Forbidden, "")))];
        let after = round(&mut seen, &Outcome::Repaired(blocked), at(2401));
        assert_eq!(
            after.status.last_error, verdict.status.last_error,
            "{reason}"
        );
        assert_eq!(
            after.status.next_attempt_at, verdict.status.next_attempt_at,
            "{reason}"
        );
        assert!(after.look_again.unwrap() <= at(2461), "{reason}");
        let restored = Outcome::Repaired(vec![written("second", Ok(()))]);
        let after = round(&mut seen, &restored, at(2402));
        assert_eq!(
            after.status.last_error, verdict.status.last_error,
            "{reason}"
        );
    }
}

#[test]
fn a_credential_obtained_before_a_rejection_is_published_without_lifting_it() {
    let forbidden = || Err(Refusal::new(Reason::Forbidden, ""));
    for (result, again) in [(Ok(()), None), (forbidden(), Some(at(2461)))] {
        let (mut seen, verdict) = failing(Reason::UserCredentialsRejected, 2400);
        held(&mut seen, GRANT, 0);
        let older = Issued {
            issued_at: at(100),
            targets: vec![written("token", result)],
            ..issued()
        };
        let after = round(&mut seen, &Outcome::Issued(older), at(2401));
        assert_eq!(after.status.last_error, verdict.status.last_error);
        assert!(again.is_none_or(|again| after.look_again == Some(again)));
    }
}

#[test]
fn a_refused_write_is_counted_by_itself_and_forgotten_when_nothing_is_left_to_write() {
    let mut seen = serving();
    seen.targets.push(target("second", TargetState::Absent));
    let blocked = vec![written("second", Err(Refusal::new(Reason::Forbidden, "")))];
    round(&mut seen, &Outcome::Repaired(blocked), at(60));
    assert_eq!(seen.status.next_attempt_at, Some(at(65)));
    let verdict = round(&mut seen, &refused(Reason::ProviderUnavailable), at(2400));
    assert_eq!(
        verdict.status.consecutive_failures,
        Some(1),
        "another side's failures"
    );
    let mut seen = serving();
    sole(&mut seen).owned = false;
    let blocked = vec![written("token", Err(Refusal::new(Reason::Forbidden, "")))];
    round(&mut seen, &Outcome::Repaired(blocked), at(60));
    sole(&mut seen).owned = true;
    assert_eq!(
        round(&mut seen, &Outcome::Nothing, at(61))
            .status
            .last_error,
        None
    );
}

#[test]
fn an_invalid_target_is_tried_again_since_another_cluster_rule_may_accept_it() {
    let mut seen = fresh();
    let verdict = round(
        &mut seen,
        &Outcome::Blocked(refusal(Reason::TargetInvalid)),
        at(0),
    );
    assert_eq!(verdict.status.next_attempt_at, Some(at(5)));
    assert!(shown(&verdict.status).contains(&"Stalled=True/TargetInvalid".to_owned()));
}

#[test]
fn a_probe_that_refuses_new_credentials_costs_three_an_hour_and_never_the_last_moment() {
    let mut seen = serving();
    let verdict = round(&mut seen, &Outcome::ProbeRefused, at(2400));
    assert_eq!(verdict.status.next_attempt_at, Some(at(3600)));
    let verdict = round(&mut seen, &Outcome::ProbeRefused, at(3500));
    assert_eq!(
        verdict.status.next_attempt_at,
        Some(at(3600)),
        "not after the end"
    );
    let verdict = round(&mut seen, &Outcome::ProbeRefused, at(3600));
    assert_eq!(verdict.status.next_attempt_at, Some(at(4800)));
}

#[test]
fn without_sources_nobody_spins_on_an_attempt_of_the_past() {
    let (mut seen, _) = failing(Reason::ProviderUnavailable, 2400);
    seen.wanted = Wanted::Unresolved(refusal(Reason::SourceNotFound));
    let verdict = round(&mut seen, &Outcome::Nothing, at(3000));
    assert_eq!(verdict.look_again, Some(at(3600)));
    assert!(
        seen.status.last_error.is_some(),
        "the source may come back as it was"
    );
}

#[test]
fn a_source_that_vanishes_and_comes_back_does_not_lift_a_rejection() {
    let (mut seen, _) = failing(Reason::UserCredentialsRejected, 2400);
    let wanted = seen.wanted.clone();
    seen.wanted = Wanted::Unresolved(refusal(Reason::SourceNotFound));
    round(&mut seen, &Outcome::Nothing, at(2500));
    seen.wanted = wanted;
    assert!(matches!(
        decide(&seen, at(2600)),
        Plan::Hold(Hold::BackOff { until: None })
    ));
}
