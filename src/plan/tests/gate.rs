use super::*;

#[test]
fn a_change_lifts_the_wait_and_noise_does_not() {
    let lifted: [(&str, Change, bool); 7] = [
        ("nothing", |_| {}, false),
        (
            "a relabelled source",
            |seen| seen.sources[0].moved = true,
            false,
        ),
        (
            "another key of digests",
            |seen| {
                seen.wanted = Wanted::Ready(vec![grant("v1:new:grant")]);
            },
            false,
        ),
        (
            "fewer alternatives, all tried",
            |seen| seen.wanted = Wanted::Ready(vec![grant(GRANT)]),
            false,
        ),
        ("another generation", |seen| seen.generation = 2, true),
        ("another value", other_grant, true),
        ("a request", request, true),
    ];
    for reason in [
        Reason::UserCredentialsRejected,
        Reason::RefreshTokenRejected,
        Reason::ProviderUnavailable,
    ] {
        for (name, change, expected) in &lifted {
            let mut seen = serving();
            seen.wanted = Wanted::Ready(vec![grant(GRANT), grant("v1:key:second")]);
            let next = (reason == Reason::ProviderUnavailable).then_some(9000);
            failed(&mut seen, reason, next);
            seen.wanted = Wanted::Ready(vec![grant(GRANT), grant("v1:key:second")]);
            change(&mut seen);
            let plan = decide(&seen, at(3000));
            let until = next.map(at);
            if *expected {
                assert!(matches!(plan, Plan::Issue(_)), "{reason}, {name}: {plan:?}");
            } else {
                assert!(
                    matches!(plan, Plan::Hold(Hold::BackOff { until: held }) if held == until),
                    "{reason}, {name}: {plan:?}"
                );
            }
        }
    }
}

#[test]
fn a_wait_ends_at_its_time() {
    let mut seen = serving();
    failed(&mut seen, Reason::ProviderUnavailable, Some(3000));
    assert!(matches!(
        decide(&seen, at(2999)),
        Plan::Hold(Hold::BackOff { .. })
    ));
    assert_eq!(why(&decide(&seen, at(3000))), Why::Due);
}

#[test]
fn a_success_that_status_never_heard_of_lifts_the_wait() {
    let mut seen = serving();
    failed(&mut seen, Reason::UserCredentialsRejected, None);
    sole(&mut seen).marks.issued_at = Some(at(2));
    assert_eq!(why(&decide(&seen, at(3000))), Why::Due);
}

#[test]
fn a_failure_of_an_unknown_release_waits_as_it_says() {
    let mut seen = serving();
    failed(&mut seen, Reason::ProviderUnavailable, None);
    seen.status.last_error.as_mut().unwrap().reason = "FromTheFuture".into();
    seen.status.last_error.as_mut().unwrap().fingerprint = None;
    assert!(matches!(
        decide(&seen, at(3000)),
        Plan::Hold(Hold::BackOff { until: None })
    ));
}

#[test]
fn a_pause_holds_even_a_request_but_nobody_who_asks_nobody() {
    let mut seen = fresh();
    seen.status.observed_generation = Some(1);
    seen.paused_until = Some(at(10));
    request(&mut seen);
    assert!(matches!(decide(&seen, at(9)), Plan::Hold(Hold::Paused { until }) if until == at(10)));
    assert_eq!(why(&decide(&seen, at(10))), Why::Requested);
    seen.wanted = Wanted::Ready(vec![static_grant(GRANT)]);
    assert_eq!(why(&decide(&seen, at(9))), Why::Requested);
}

#[test]
fn static_credentials_wait_after_a_failure_too() {
    let mut seen = fresh();
    seen.wanted = Wanted::Ready(vec![static_grant(GRANT)]);
    failed(&mut seen, Reason::InvalidSpec, Some(100));
    assert!(matches!(
        decide(&seen, at(50)),
        Plan::Hold(Hold::BackOff { .. })
    ));
}

#[test]
fn what_is_lost_again_and_again_is_rationed_and_a_source_change_or_request_is_not() {
    let rationed: [(&str, Change, bool); 5] = [
        (
            "lost",
            |seen| seen.targets[0].state = TargetState::Absent,
            true,
        ),
        ("dead", |seen| seen.found_dead = Some(at(0)), true),
        (
            "another spec",
            |seen| {
                other_grant(seen);
                seen.generation = 2;
            },
            true,
        ),
        ("another value", other_grant, false),
        ("asked for", request, false),
    ];
    for (name, change, expected) in rationed {
        let mut seen = serving();
        ration(&mut seen, 8, None, 100);
        change(&mut seen);
        let plan = decide(&seen, at(1300));
        let held = matches!(plan, Plan::Hold(Hold::Rationed { until }) if until == at(HOUR));
        assert_eq!(held, expected, "{name}: {plan:?}");
    }
}

#[test]
fn an_old_credential_that_is_put_back_again_and_again_is_rationed() {
    let mut seen = serving();
    seen.status.obtained_at = Some(at(2400));
    assert!(matches!(decide(&seen, at(2399)), Plan::Keep));
    assert_eq!(why(&decide(&seen, at(2400))), Why::Lost);
    ration(&mut seen, 8, None, 2300);
    assert!(matches!(
        decide(&seen, at(3500)),
        Plan::Hold(Hold::Rationed { .. })
    ));
}

#[test]
fn a_probe_has_the_smaller_ration() {
    let mut seen = serving();
    seen.found_dead = Some(at(0));
    ration(&mut seen, 3, Some(3), 0);
    assert!(matches!(
        decide(&seen, at(1300)),
        Plan::Hold(Hold::Rationed { .. })
    ));
    seen.found_dead = None;
    seen.targets[0].state = TargetState::Absent;
    assert_eq!(why(&decide(&seen, at(1300))), Why::Lost);
}

#[test]
fn what_the_schedule_grants_anyway_is_not_rationed() {
    let mut seen = serving();
    ration(&mut seen, 8, None, 2300);
    other_grant(&mut seen);
    seen.generation = 2;
    assert!(matches!(
        decide(&seen, at(2399)),
        Plan::Hold(Hold::Rationed { .. })
    ));
    assert_eq!(why(&decide(&seen, at(2400))), Why::SpecChanged);
}

#[test]
fn a_refused_write_is_repeated_at_its_own_pace_and_the_grant_is_not() {
    let mut seen = serving();
    held(&mut seen, GRANT, 0);
    failed(&mut seen, Reason::Forbidden, Some(3000));
    seen.status.last_error.as_mut().unwrap().time = at(101);
    assert!(matches!(
        decide(&seen, at(2999)),
        Plan::Hold(Hold::BackOff { .. })
    ));
    assert!(matches!(decide(&seen, at(3000)), Plan::Publish));
    sole(&mut seen).intact = false;
    seen.held = None;
    assert!(matches!(
        decide(&seen, at(2000)),
        Plan::Hold(Hold::BackOff { .. })
    ));
    assert_eq!(
        repairs(&decide(&seen, at(3000))),
        [("token", RepairWhy::Edited)]
    );
}

#[test]
fn a_target_that_cannot_be_written_does_not_let_the_others_expire() {
    for reason in [Reason::Forbidden, Reason::TargetInvalid] {
        let mut seen = serving();
        seen.targets.push(target("second", TargetState::Absent));
        failed(&mut seen, reason, Some(9000));
        assert!(
            matches!(decide(&seen, at(2399)), Plan::Hold(Hold::BackOff { .. })),
            "{reason}"
        );
        assert_eq!(why(&decide(&seen, at(2400))), Why::Due, "{reason}");
    }
}
