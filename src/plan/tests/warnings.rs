use super::*;

#[test]
fn a_warning_that_only_an_attempt_can_lift_stays_until_the_next_one_also_behind_others() {
    let mut seen = fresh();
    let reduced = Issued {
        expires_at: Some(at(60)),
        missing_scopes: vec!["orders.write".into(), "a.b".into()],
        probe: Some(ProbeVerdict::Unclear),
        ..issued()
    };
    round(&mut seen, &Outcome::Issued(reduced), at(0));
    let short = Marks {
        expires_at: Some(at(60)),
        ..marks()
    };
    seen.targets = vec![target("token", managed(short))];
    let said = message(&seen.status, ConditionType::Degraded);
    assert!(said.starts_with("The probe could not tell whether the credential works. Scopes not granted: orders.write, a.b. The token lives so short"), "{said}");
    for now in [1, 2] {
        round(&mut seen, &Outcome::Nothing, at(now));
        assert_eq!(message(&seen.status, ConditionType::Degraded), said);
        assert_eq!(shown(&seen.status)[3], "Degraded=True/ProbeFailed");
    }
    round(&mut seen, &Outcome::Issued(issued()), at(40));
    assert_eq!(shown(&seen.status), FINE);
}

#[test]
fn short_lives_are_warned_of_and_repeated_tokens_have_a_warning_of_their_own() {
    for (life, repeats, reason) in [
        (300, 0, Some("Degraded=True/ShortLifetime")),
        (450, 0, None),
        (HOUR, 1, None),
        (HOUR, 2, None),
        (12, 2, Some("Degraded=True/SameTokenReturned")),
    ] {
        let mut seen = fresh();
        let answer = Issued {
            expires_at: Some(at(life)),
            repeats,
            ..issued()
        };
        let status = round(&mut seen, &Outcome::Issued(answer), at(0)).status;
        assert_eq!(
            shown(&status).get(3).map(String::as_str),
            reason,
            "{life} s, {repeats}"
        );
    }
}

#[test]
fn a_static_credential_is_warned_of_two_weeks_before_its_end_and_ends_ready() {
    let mut seen = serving();
    seen.wanted = Wanted::Ready(vec![static_grant(GRANT)]);
    let current = sole(&mut seen);
    current.marks.issued_at = None;
    current.marks.expires_at = Some(at(30 * DAY));
    let verdict = round(&mut seen, &Outcome::Nothing, at(0));
    assert_eq!(shown(&verdict.status), FINE);
    assert_eq!(verdict.look_again, Some(at(16 * DAY)));
    let verdict = round(&mut seen, &Outcome::Nothing, at(16 * DAY));
    assert_eq!(shown(&verdict.status)[3], "Degraded=True/ExpiringSoon");
    assert_eq!(verdict.look_again, Some(at(30 * DAY)));
    let verdict = round(&mut seen, &Outcome::Nothing, at(30 * DAY));
    assert_eq!(shown(&verdict.status)[0], "Ready=False/TokenExpired");
    assert_eq!(verdict.look_again, None);
}

#[test]
fn what_is_lost_again_and_again_is_named() {
    let mut seen = serving();
    let mut now = 60;
    for _ in 0..3 {
        seen.targets[0].state = TargetState::Absent;
        round(&mut seen, &Outcome::Issued(issued()), at(now));
        now += 300;
    }
    assert_eq!(shown(&seen.status)[3], "Degraded=True/TargetUnstable");
    seen.status.unscheduled_mints.as_mut().unwrap().count = 8;
    let status = round(&mut seen, &Outcome::Nothing, at(now)).status;
    assert_eq!(
        shown(&status),
        [
            "Ready=False/TargetUnstable",
            FINE[1],
            FINE[2],
            "Reconciling=True/ProgressingWithRetry",
            "Degraded=True/TargetUnstable",
        ]
    );
}
