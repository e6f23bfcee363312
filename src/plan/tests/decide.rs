use super::*;

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

fn spent(count: u32, probe: Option<u32>, last: i64) -> Option<UnscheduledMints> {
    Some(UnscheduledMints {
        since: at(0),
        count,
        probe,
        last: at(last),
    })
}

#[test]
fn a_published_credential_is_kept_until_it_is_due() {
    assert!(matches!(decide(&serving(), at(0)), Plan::Keep));
    assert!(matches!(decide(&serving(), at(2399)), Plan::Keep));
    assert_eq!(why(&decide(&serving(), at(2400))), Why::Due);
}

#[test]
fn every_cause_of_a_new_credential_has_its_name() {
    let cases: [(&str, Change, Why); 10] = [
        (
            "nothing was ever published",
            |seen| *seen = fresh(),
            Why::First,
        ),
        (
            "the Secret is gone",
            |seen| seen.targets[0].state = TargetState::Absent,
            Why::Lost,
        ),
        (
            "its marks say nothing",
            |seen| sole(seen).marks.issued_at = None,
            Why::Lost,
        ),
        ("somebody asked", request, Why::Requested),
        (
            "a source moved",
            |seen| {
                other_grant(seen);
                seen.generation = 2;
                seen.sources[0].moved = true;
            },
            Why::SourceChanged,
        ),
        ("a source changed unseen", other_grant, Why::SourceChanged),
        (
            "the spec changed",
            |seen| {
                other_grant(seen);
                seen.generation = 2;
            },
            Why::SpecChanged,
        ),
        (
            "the probe found it dead",
            |seen| seen.found_dead = Some(at(0)),
            Why::Dead,
        ),
        (
            "edited, and the bytes are gone",
            |seen| {
                seen.targets[0] = target("token", edited(marks()));
                seen.targets[0].unrecoverable = true;
            },
            Why::Lost,
        ),
        (
            "reshaped, and the bytes do not tell",
            |seen| {
                sole(seen).marks.publish = Some("v1:key:old".into());
                seen.targets[0].unrecoverable = true;
            },
            Why::SpecChanged,
        ),
    ];
    for (name, change, expected) in cases {
        assert_eq!(why(&plan_after(change, at(60))), expected, "{name}");
    }
}

#[test]
fn noise_keeps_the_credential() {
    let cases: [(&str, Change); 10] = [
        ("restart: memory is lost, status stays", |_| {}),
        ("status is lost", |seen| seen.status = Status::default()),
        ("a relabelled source", |seen| seen.sources[0].moved = true),
        ("a spec edit that leaves the grant", |seen| {
            seen.generation = 9
        }),
        ("a digest of another key", |seen| {
            sole(seen).marks.grant = Some("v1:lost:grant".into());
            sole(seen).marks.publish = Some("v1:lost:shape".into());
        }),
        ("a digest of another version", |seen| {
            sole(seen).marks.grant = Some("v9:key:grant".into())
        }),
        ("a digest that is none", |seen| {
            sole(seen).marks.grant = Some("sha256-abc".into())
        }),
        ("no digest at all", |seen| sole(seen).marks.grant = None),
        ("an older credential found dead", |seen| {
            seen.found_dead = Some(at(-5))
        }),
        ("a pause of the identity provider", |seen| {
            seen.paused_until = Some(at(9999))
        }),
    ];
    for (name, change) in cases {
        let plan = plan_after(change, at(60));
        assert!(matches!(plan, Plan::Keep), "{name}: {plan:?}");
    }
}

#[test]
fn a_static_credential_with_an_unknown_digest_is_recognised_by_its_method() {
    let mut seen = serving();
    let key = Grant {
        method: method("apiKey"),
        ..static_grant("v1:key:static")
    };
    seen.wanted = Wanted::Ready(vec![grant(GRANT), key]);
    sole(&mut seen).marks = Marks {
        issued_at: None,
        expires_at: None,
        grant: Some("v1:lost:static".into()),
        method: Some("apiKey".into()),
        ..marks()
    };
    assert!(matches!(decide(&seen, at(DAY)), Plan::Keep));
}

#[test]
fn a_static_credential_is_never_due_even_after_its_end() {
    let mut seen = serving();
    seen.wanted = Wanted::Ready(vec![static_grant(GRANT)]);
    sole(&mut seen).marks.issued_at = None;
    assert!(matches!(decide(&seen, at(2 * HOUR)), Plan::Keep));
}

#[test]
fn deletion_comes_before_suspension_and_suspension_before_everything_else() {
    let mut seen = fresh();
    request(&mut seen);
    seen.suspension = Some(Suspension { until: None });
    assert!(matches!(decide(&seen, at(0)), Plan::Rest));
    seen.being_deleted = true;
    assert!(matches!(decide(&seen, at(0)), Plan::Ignore));
}

#[test]
fn a_request_is_acted_upon_once_and_only_when_it_is_new() {
    let open = |seen: &Observed| seen.open_request().is_some();
    let mut seen = serving();
    assert!(!open(&seen), "absent");
    request(&mut seen);
    assert!(open(&seen), "new");
    seen.refresh_requested = Some(String::new());
    assert!(!open(&seen), "empty");
    request(&mut seen);
    seen.status.last_handled_refresh_request = Some("now".into());
    assert!(!open(&seen), "handled, says status");
    seen.status.last_handled_refresh_request = None;
    sole(&mut seen).marks.handled_refresh_request = Some("now".into());
    assert!(!open(&seen), "handled, says the Secret");
    let mut first = fresh();
    request(&mut first);
    assert!(!open(&first), "there at first sight");
}

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
        seen.status.unscheduled_mints = spent(8, None, 100);
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
    seen.status.unscheduled_mints = spent(8, None, 2300);
    assert!(matches!(
        decide(&seen, at(3500)),
        Plan::Hold(Hold::Rationed { .. })
    ));
}

#[test]
fn a_probe_has_the_smaller_ration() {
    let mut seen = serving();
    seen.found_dead = Some(at(0));
    seen.status.unscheduled_mints = spent(3, Some(3), 0);
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
    seen.status.unscheduled_mints = spent(8, None, 2300);
    other_grant(&mut seen);
    seen.generation = 2;
    assert!(matches!(
        decide(&seen, at(2399)),
        Plan::Hold(Hold::Rationed { .. })
    ));
    assert_eq!(why(&decide(&seen, at(2400))), Why::SpecChanged);
}

#[test]
fn the_alternative_that_worked_is_repeated_and_after_a_change_the_order_is_the_written_one() {
    let order = |change: Change, now| {
        let mut seen = serving();
        seen.wanted = Wanted::Ready(vec![
            grant("v1:key:first"),
            grant(GRANT),
            grant("v1:key:last"),
        ]);
        change(&mut seen);
        match decide(&seen, now) {
            Plan::Issue(issue) => issue.order,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(order(|_| {}, at(2400)), [1, 0, 2]);
    assert_eq!(
        order(|seen| seen.found_dead = Some(at(0)), at(1)),
        [1, 0, 2]
    );
    assert_eq!(
        order(|seen| seen.targets[0].state = TargetState::Absent, at(1)),
        [0, 1, 2]
    );
    assert_eq!(order(request, at(1)), [0, 1, 2]);
    assert_eq!(
        order(
            |seen| sole(seen).marks.grant = Some("v1:key:old".into()),
            at(1)
        ),
        [0, 1, 2]
    );
}

#[test]
fn without_sources_nothing_is_asked_and_the_secret_stays() {
    let mut seen = serving();
    seen.wanted = Wanted::Unresolved(refusal(Reason::SourceNotFound));
    for now in [0, 3000, DAY] {
        assert!(
            matches!(decide(&seen, at(now)), Plan::Refuse(no) if no.reason == Reason::SourceNotFound)
        );
    }
}

#[test]
fn somebody_elses_secret_is_refused_before_anybody_is_asked() {
    let mut seen = fresh();
    let owner = Some("shop/other".to_owned());
    seen.targets[0].state = TargetState::Foreign { owner };
    let Plan::Refuse(no) = decide(&seen, at(0)) else {
        panic!()
    };
    assert_eq!(no.reason, Reason::TargetConflict);
    assert_eq!(
        no.detail,
        "Secret token exists and is not managed by this object but by shop/other"
    );
    seen.targets[0].state = TargetState::Foreign { owner: None };
    let Plan::Refuse(no) = decide(&seen, at(0)) else {
        panic!()
    };
    assert_eq!(
        no.detail,
        "Secret token exists and is not managed by this object"
    );
}

#[test]
fn one_foreign_target_does_not_stop_the_others() {
    let mut seen = fresh();
    let foreign = TargetState::Foreign { owner: None };
    seen.targets.insert(0, target("theirs", foreign));
    assert_eq!(why(&decide(&seen, at(0))), Why::First);
}

#[test]
fn a_secret_on_its_way_out_is_waited_for_even_when_a_refresh_is_requested() {
    let mut seen = serving();
    seen.targets[0].state = TargetState::Leaving;
    assert!(matches!(decide(&seen, at(9000)), Plan::Keep));
    request(&mut seen);
    assert!(matches!(decide(&seen, at(9000)), Plan::Keep));
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

#[test]
fn a_credential_in_memory_is_published_before_anything_else_is_asked_for() {
    let mut seen = serving();
    held(&mut seen, GRANT, 100);
    assert!(matches!(decide(&seen, at(2400)), Plan::Publish));
    held(&mut seen, GRANT, 104);
    assert!(
        matches!(decide(&seen, at(103)), Plan::Hold(Hold::Probing { until }) if until == at(104))
    );
    assert!(matches!(decide(&seen, at(104)), Plan::Publish));
}

#[test]
fn a_credential_in_memory_is_passed_over_when_it_is_no_longer_what_is_wanted() {
    let cases: [(&str, Change); 4] = [
        ("another value", other_grant),
        ("a request", request),
        ("ended", |seen| {
            seen.held.as_mut().unwrap().expires_at = Some(at(2000))
        }),
        ("published meanwhile", |seen| {
            sole(seen).marks.issued_at = Some(at(100))
        }),
    ];
    for (name, change) in cases {
        let mut seen = serving();
        held(&mut seen, GRANT, 0);
        change(&mut seen);
        let plan = decide(&seen, at(2600));
        assert!(matches!(plan, Plan::Issue(_)), "{name}: {plan:?}");
    }
}

#[test]
fn a_probe_does_not_gate_while_consumers_have_nothing_that_lives() {
    let mut seen = serving();
    held(&mut seen, GRANT, 9000);
    assert!(matches!(decide(&seen, at(HOUR)), Plan::Publish));
    seen.targets[0].state = TargetState::Absent;
    assert!(matches!(decide(&seen, at(200)), Plan::Publish));
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

#[test]
fn each_flaw_of_a_target_is_repaired_without_asking_anybody() {
    let cases: [(&str, Change, RepairWhy); 6] = [
        (
            "missing",
            |seen| seen.targets[1].state = TargetState::Absent,
            RepairWhy::Missing,
        ),
        (
            "edited",
            |seen| seen.targets[1].state = edited(marks()),
            RepairWhy::Edited,
        ),
        (
            "an older credential",
            |seen| {
                let older = Marks {
                    issued_at: Some(at(-60)),
                    ..marks()
                };
                seen.targets[1].state = managed(older);
            },
            RepairWhy::Behind,
        ),
        (
            "another grant",
            |seen| {
                let older = Marks {
                    grant: Some("v1:key:old".into()),
                    issued_at: Some(at(-60)),
                    ..marks()
                };
                seen.targets[1].state = managed(older);
            },
            RepairWhy::Behind,
        ),
        (
            "another shape",
            |seen| {
                let other = Marks {
                    publish: Some("v1:key:old".into()),
                    ..marks()
                };
                seen.targets[1].state = managed(other);
            },
            RepairWhy::Reshaped,
        ),
        (
            "its owner was stripped",
            |seen| {
                seen.targets[1].state = TargetState::Managed(Current {
                    marks: marks(),
                    intact: true,
                    owned: false,
                });
            },
            RepairWhy::Disowned,
        ),
    ];
    for (name, change, expected) in cases {
        let mut seen = serving();
        seen.targets.push(target("second", managed(marks())));
        change(&mut seen);
        assert_eq!(
            repairs(&decide(&seen, at(60))),
            [("second", expected)],
            "{name}"
        );
    }
}

#[test]
fn a_secret_is_restored_whatever_stands_in_the_way_of_a_new_credential() {
    let cases: [(&str, Change); 5] = [
        ("the provider fails", |seen| {
            failed(seen, Reason::ProviderUnavailable, Some(9000))
        }),
        ("the credential was rejected", |seen| {
            failed(seen, Reason::UserCredentialsRejected, None)
        }),
        ("a pause", |seen| seen.paused_until = Some(at(9000))),
        ("a source is missing", |seen| {
            seen.wanted = Wanted::Unresolved(refusal(Reason::SourceNotFound));
        }),
        ("the ration is spent", |seen| {
            seen.found_dead = Some(at(0));
            seen.status.unscheduled_mints = spent(3, Some(3), 2390);
        }),
    ];
    for (name, change) in cases {
        let mut seen = serving();
        seen.targets.push(target("second", TargetState::Absent));
        change(&mut seen);
        let now = if name.contains("ration") { 2399 } else { 2500 };
        assert_eq!(
            repairs(&decide(&seen, at(now))),
            [("second", RepairWhy::Missing)],
            "{name}"
        );
    }
    let mut invalid = serving();
    invalid.targets.push(target("second", TargetState::Absent));
    invalid.wanted = Wanted::Unresolved(refusal(Reason::InvalidSpec));
    assert!(
        matches!(decide(&invalid, at(60)), Plan::Refuse(_)),
        "a spec that cannot be used is not acted upon"
    );
}

#[test]
fn with_nothing_intact_the_last_chance_of_a_repair_is_taken_before_a_new_credential() {
    let mut seen = serving();
    seen.targets = vec![
        target("token", edited(marks())),
        target("second", edited(marks())),
    ];
    seen.targets[0].unrecoverable = true;
    assert_eq!(
        repairs(&decide(&seen, at(60))),
        [("second", RepairWhy::Edited)]
    );
    seen.targets[1].unrecoverable = true;
    assert_eq!(why(&decide(&seen, at(60))), Why::Lost);
}

#[test]
fn a_target_added_to_the_spec_was_not_lost() {
    let mut seen = serving();
    seen.targets.push(target("second", TargetState::Absent));
    seen.targets[1].unrecoverable = true;
    assert_eq!(why(&decide(&seen, at(60))), Why::SpecChanged);
}

#[test]
fn former_targets_go_when_all_current_ones_are_intact_and_never_under_retain() {
    let mut seen = serving();
    seen.leftovers = vec!["old".into()];
    assert!(matches!(decide(&seen, at(60)), Plan::Prune(names) if names == ["old"]));
    sole(&mut seen).owned = false;
    assert!(matches!(decide(&seen, at(60)), Plan::Repair(_)));
    sole(&mut seen).owned = true;
    seen.deletion_policy = DeletionPolicy::Retain;
    assert!(matches!(decide(&seen, at(60)), Plan::Keep));
}

#[test]
fn the_probe_comes_last() {
    let mut seen = serving();
    seen.probe_due = Some(at(60));
    assert!(matches!(decide(&seen, at(59)), Plan::Keep));
    assert!(matches!(decide(&seen, at(60)), Plan::Probe));
    assert_eq!(why(&decide(&seen, at(2400))), Why::Due);
}

#[test]
fn only_refusals_that_waiting_would_not_cure_let_the_next_alternative_try() {
    for reason in [
        Reason::ClientAuthFailed,
        Reason::UserCredentialsRejected,
        Reason::InvalidSpec,
    ] {
        assert!(falls_through(reason), "{reason}");
    }
    for reason in [
        Reason::ProviderUnavailable,
        Reason::Throttled,
        Reason::MalformedResponse,
        Reason::Forbidden,
    ] {
        assert!(!falls_through(reason), "{reason}");
    }
}
