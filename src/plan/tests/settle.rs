use super::*;

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
                .push(target("theirs", TargetState::Foreign { owner: None }));
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
fn what_is_being_deleted_is_left_alone() {
    let mut seen = serving();
    seen.being_deleted = true;
    let verdict = round(&mut seen, &Outcome::Nothing, at(9000));
    assert_eq!(verdict.status, serving().status);
    assert_eq!(verdict.look_again, None);
    assert_eq!(verdict.events, []);
}
