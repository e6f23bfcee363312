use super::*;

fn refused(reason: Reason) -> Outcome {
    Outcome::Refused(refusal(reason))
}

/// Refused at its second attempt of life, while the first token is still served.
fn failing(reason: Reason, now: i64) -> (Observed, Verdict) {
    let mut seen = serving();
    let verdict = round(&mut seen, &refused(reason), at(now));
    (seen, verdict)
}

#[test]
fn a_success_states_what_is_served_and_when_it_is_replaced() {
    let mut seen = fresh();
    let verdict = round(&mut seen, &Outcome::Issued(issued()), at(0));
    let status = verdict.status;
    assert_eq!(status.observed_generation, Some(1));
    assert_eq!(status.obtained_at, Some(at(0)));
    assert_eq!(status.expires_at, Some(at(HOUR)));
    assert_eq!(status.refresh_at, Some(at(2400)));
    assert_eq!(status.method.unwrap().name, "oauth2");
    assert_eq!(status.last_error, None);
    assert!(status.targets.iter().all(|target| target.ready));
    assert_eq!(verdict.look_again, Some(at(2400)));
}

#[test]
fn nothing_new_leaves_the_status_as_it_is() {
    let mut situations = vec![("serving", serving(), 60)];
    for reason in Reason::ALL {
        let (mut seen, _) = failing(*reason, 2400);
        round(&mut seen, &Outcome::Nothing, at(2400));
        situations.push((reason.as_str(), seen, 2400));
    }
    for reason in [Reason::SourceNotFound, Reason::InvalidSpec] {
        let mut seen = serving();
        seen.wanted = Wanted::Unresolved(refusal(reason));
        round(&mut seen, &Outcome::Nothing, at(60));
        situations.push(("unresolved", seen, 61));
    }
    let mut suspended = serving();
    suspended.suspension = Some(Suspension { until: None });
    round(&mut suspended, &Outcome::Nothing, at(60));
    situations.push(("suspended", suspended, 61));
    for (name, mut seen, now) in situations {
        seen.sources[0].moved = true;
        let before = seen.status.clone();
        let verdict = round(&mut seen, &Outcome::Nothing, at(now));
        assert_eq!(verdict.status, before, "{name}");
        assert_eq!(verdict.events, [], "{name}");
        assert_eq!(
            round(&mut seen, &Outcome::Nothing, at(now)).status,
            before,
            "{name}"
        );
    }
}

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
fn a_request_is_echoed_with_the_attempt_whatever_its_outcome() {
    let until = at(61);
    for (outcome, echoed) in [
        (Outcome::Issued(issued()), true),
        (refused(Reason::ProviderUnavailable), true),
        (Outcome::Blocked(refusal(Reason::QuotaExceeded)), true),
        (Outcome::ProbePending { until }, true),
        (Outcome::ProbeRefused, true),
        (Outcome::Busy { until }, false),
    ] {
        for foreign in [false, true] {
            let mut seen = serving();
            seen.refresh_requested = Some("now".into());
            if foreign {
                seen.targets
                    .push(target("theirs", TargetState::Foreign { owner: None }));
            }
            let status = round(&mut seen, &outcome, at(60)).status;
            let done = status.last_handled_refresh_request.is_some();
            assert_eq!(done, echoed, "{outcome:?}, foreign {foreign}");
        }
    }
}

#[test]
fn a_request_that_was_there_at_first_sight_is_echoed_at_once_and_an_open_one_survives_a_hold() {
    let mut seen = fresh();
    seen.refresh_requested = Some("old".into());
    seen.wanted = Wanted::Unresolved(refusal(Reason::SourceNotFound));
    round(&mut seen, &Outcome::Nothing, at(0));
    assert_eq!(
        seen.status.last_handled_refresh_request.as_deref(),
        Some("old")
    );
    seen.refresh_requested = Some("new".into());
    round(&mut seen, &Outcome::Nothing, at(1));
    assert_eq!(
        seen.status.last_handled_refresh_request.as_deref(),
        Some("old")
    );
    seen.refresh_requested = None;
    round(&mut seen, &Outcome::Nothing, at(2));
    assert_eq!(
        seen.status.last_handled_refresh_request.as_deref(),
        Some("old")
    );
}

#[test]
fn a_moved_source_is_noticed_once_with_the_attempt_that_uses_it() {
    let mut seen = serving();
    seen.sources[0].moved = true;
    round(&mut seen, &Outcome::Nothing, at(60));
    assert_eq!(seen.status.sources[0].changed_at, Some(at(0)), "relabelled");
    seen.wanted = Wanted::Ready(vec![grant("v1:key:other")]);
    for now in [70, 100, 220] {
        round(&mut seen, &refused(Reason::ClientAuthFailed), at(now));
        assert_eq!(seen.status.sources[0].changed_at, Some(at(70)));
        round(&mut seen, &Outcome::Nothing, at(now + 1));
        assert_eq!(seen.status.sources[0].changed_at, Some(at(70)));
    }
}

#[test]
fn only_credentials_outside_the_schedule_are_counted_and_each_once() {
    let until = at(61);
    let count = |change: fn(&mut Observed), outcome: Outcome, now| {
        let mut seen = serving();
        change(&mut seen);
        let status = round(&mut seen, &outcome, at(now)).status;
        status
            .unscheduled_mints
            .map(|spent| (spent.count, spent.probe))
    };
    let lost: fn(&mut Observed) = |seen| seen.targets[0].state = TargetState::Absent;
    let dead: fn(&mut Observed) = |seen| seen.found_dead = Some(at(0));
    assert_eq!(count(lost, Outcome::Issued(issued()), 60), Some((1, None)));
    assert_eq!(
        count(lost, Outcome::ProbePending { until }, 60),
        Some((1, None))
    );
    assert_eq!(count(lost, refused(Reason::ProviderUnavailable), 60), None);
    assert_eq!(count(dead, Outcome::ProbeRefused, 60), Some((1, Some(1))));
    assert_eq!(count(|_| {}, Outcome::Issued(issued()), 2400), None);
    assert_eq!(
        count(
            |seen| seen.refresh_requested = Some("now".into()),
            Outcome::Issued(issued()),
            60
        ),
        None
    );
    assert_eq!(
        count(
            |seen| {
                seen.wanted = Wanted::Ready(vec![static_grant(GRANT)]);
                seen.targets[0].state = TargetState::Absent;
            },
            Outcome::Issued(issued()),
            60
        ),
        None
    );
}

#[test]
fn a_lost_secret_leaves_no_promise_in_the_status() {
    let mut seen = serving();
    seen.targets[0].state = TargetState::Absent;
    let status = round(&mut seen, &refused(Reason::ProviderUnavailable), at(60)).status;
    assert_eq!((status.expires_at, status.refresh_at), (None, None));
    assert!(
        status.obtained_at.is_some(),
        "what was published once is lost, not new"
    );
    assert!(!status.targets[0].ready);
}

#[test]
fn a_restored_secret_was_ready_all_the_time() {
    let mut seen = serving();
    seen.targets[0].state = edited(marks());
    let restored = Outcome::Repaired(vec![written("token", Ok(()))]);
    let status = round(&mut seen, &restored, at(60)).status;
    assert_eq!(shown(&status), shown(&serving().status));
    assert_eq!(status.expires_at, Some(at(HOUR)));
}

#[test]
fn somebody_looks_again_while_a_credential_lives_and_never_in_the_past() {
    let outcomes = [
        Outcome::Nothing,
        refused(Reason::ProviderUnavailable),
        refused(Reason::UserCredentialsRejected),
        refused(Reason::TargetInvalid),
        Outcome::Busy { until: at(0) },
        Outcome::Unrecoverable,
        Outcome::Pruned,
        Outcome::Probed(ProbeVerdict::Unclear),
    ];
    let changes: [fn(&mut Observed); 7] = [
        |_| {},
        |seen| seen.wanted = Wanted::Unresolved(refusal(Reason::SourceNotFound)),
        |seen| seen.suspension = Some(Suspension { until: None }),
        |seen| seen.paused_until = Some(at(9000)),
        |seen| seen.probe_due = Some(at(5)),
        |seen| seen.status.next_attempt_at = Some(at(1)),
        |seen| {
            seen.targets
                .push(target("theirs", TargetState::Foreign { owner: None }))
        },
    ];
    for outcome in &outcomes {
        for (index, change) in changes.iter().enumerate() {
            for now in [60, 2400, 3599] {
                let mut seen = serving();
                change(&mut seen);
                let again = round(&mut seen, outcome, at(now)).look_again;
                let again = again.unwrap_or_else(|| panic!("{outcome:?}, {index}, {now}"));
                assert!(
                    at(now) <= again && again <= at(HOUR),
                    "{outcome:?}, {index}, {now}"
                );
            }
        }
    }
}

#[test]
fn an_answer_that_took_longer_than_its_lead_is_replaced_at_once() {
    let mut seen = fresh();
    let slow = Issued {
        expires_at: Some(at(9)),
        ..issued()
    };
    let verdict = round(&mut seen, &Outcome::Issued(slow), at(10));
    assert_eq!(verdict.look_again, Some(at(10)));
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

#[test]
fn what_is_being_deleted_is_left_alone() {
    let mut seen = serving();
    seen.being_deleted = true;
    let verdict = round(&mut seen, &Outcome::Nothing, at(9000));
    assert_eq!(verdict.status, serving().status);
    assert_eq!(verdict.look_again, None);
    assert_eq!(verdict.events, []);
}
