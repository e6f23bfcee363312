use super::*;

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
            seen.generation = 9;
        }),
        ("a digest of another key", |seen| {
            sole(seen).marks.grant = Some("v1:lost:grant".into());
            sole(seen).marks.publish = Some("v1:lost:shape".into());
        }),
        ("a digest of another version", |seen| {
            sole(seen).marks.grant = Some("v9:key:grant".into());
        }),
        ("a digest that is none", |seen| {
            sole(seen).marks.grant = Some("sha256-abc".into());
        }),
        ("no digest at all", |seen| sole(seen).marks.grant = None),
        ("an older credential found dead", |seen| {
            seen.found_dead = Some(at(-5));
        }),
        ("a pause of the identity provider", |seen| {
            seen.paused_until = Some(at(9999));
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
fn the_alternative_that_worked_is_repeated_and_after_a_change_the_order_is_the_written_one() {
    let order = |change: Change, now| {
        let mut seen = serving();
        seen.wanted = Wanted::Ready(vec![
            grant("v1:key:first"),
            grant(GRANT),
            grant("v1:key:last"),
        ]);
        change(&mut seen);
        let plan = decide(&seen, now);
        plan.issue().unwrap().order.clone()
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
            seen.held.as_mut().unwrap().expires_at = Some(at(2000));
        }),
        ("published meanwhile", |seen| {
            sole(seen).marks.issued_at = Some(at(100));
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
fn workloads_are_restarted_at_their_time_once_every_target_is_as_it_should_be() {
    let mut seen = serving();
    let restart = |workload: &str, due| RestartSeen {
        workload: workload.into(),
        due: at(due),
    };
    seen.restarts = vec![restart("Deployment/one", 60), restart("Deployment/two", 90)];
    let verdict = round(&mut seen, &Outcome::Nothing, at(59));
    assert_eq!(verdict.look_again, Some(at(60)));
    assert!(matches!(decide(&seen, at(60)), Plan::Restart(names) if names == ["Deployment/one"]));
    assert!(matches!(decide(&seen, at(90)), Plan::Restart(names) if names.len() == 2));
    sole(&mut seen).owned = false;
    assert!(matches!(decide(&seen, at(90)), Plan::Repair(_)));
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
