use super::*;

fn since(status: &Status, kind: ConditionType) -> Timestamp {
    let found = crate::plan::condition::find(&status.conditions, kind);
    found.unwrap().last_transition_time.0
}

fn generation(status: &Status, kind: ConditionType) -> Option<i64> {
    let found = crate::plan::condition::find(&status.conditions, kind);
    found.unwrap().observed_generation
}

/// Two rounds: what was tried, and what is seen of it afterwards, must tell the same.
fn told(mut seen: Observed, outcome: &Outcome, now: i64) -> Vec<String> {
    let first = shown(&round(&mut seen, outcome, at(now)).status);
    let second = shown(&round(&mut seen, &Outcome::Nothing, at(now)).status);
    assert_eq!(first, second);
    first
}

#[test]
fn exactly_the_three_lasting_conditions_are_there_when_all_is_well() {
    assert_eq!(shown(&serving().status), FINE);
}

#[test]
fn before_the_first_credential_ready_is_unknown_and_work_is_under_way() {
    let busy = Outcome::Busy { until: at(1) };
    assert_eq!(
        told(fresh(), &busy, 0),
        [
            "Ready=Unknown/Pending",
            "Accepted=True/Accepted",
            "SourcesResolved=True/SourcesResolved",
            "Reconciling=True/Progressing",
        ]
    );
}

#[test]
fn a_refusal_of_the_first_credential_says_what_is_wrong_and_whether_time_may_heal_it() {
    for (reason, progress) in [
        (Reason::ClientAuthFailed, "Stalled=True/ClientAuthFailed"),
        (
            Reason::UserCredentialsRejected,
            "Stalled=True/UserCredentialsRejected",
        ),
        (
            Reason::EndpointNotAllowed,
            "Stalled=True/EndpointNotAllowed",
        ),
        (
            Reason::ProviderUnavailable,
            "Reconciling=True/ProgressingWithRetry",
        ),
        (
            Reason::MalformedResponse,
            "Reconciling=True/ProgressingWithRetry",
        ),
        (Reason::Throttled, "Reconciling=True/ProgressingWithRetry"),
        (Reason::Forbidden, "Reconciling=True/ProgressingWithRetry"),
        (
            Reason::InternalError,
            "Reconciling=True/ProgressingWithRetry",
        ),
    ] {
        let ready = format!("Ready=False/{reason}");
        let expected = [ready.as_str(), FINE[1], FINE[2], progress];
        assert_eq!(told(fresh(), &refused(reason), 0), expected);
    }
}

#[test]
fn a_refusal_of_an_attempt_is_shown_where_it_belongs_and_stays_there() {
    assert_eq!(
        told(fresh(), &refused(Reason::InvalidSpec), 0),
        [
            "Ready=False/InvalidSpec",
            "Accepted=False/InvalidSpec",
            FINE[2],
            "Stalled=True/InvalidSpec"
        ]
    );
    assert_eq!(
        told(fresh(), &refused(Reason::SourceSecretInvalid), 0),
        [
            "Ready=False/SourceSecretInvalid",
            FINE[1],
            "SourcesResolved=False/SourceSecretInvalid",
            "Reconciling=True/WaitingForSource",
        ]
    );
}

#[test]
fn ready_stays_true_while_the_old_token_lives_however_many_refreshes_failed() {
    let failing = "Ready=True/TokenValidRefreshFailing";
    assert_eq!(
        told(serving(), &refused(Reason::ProviderUnavailable), 2400),
        [
            failing,
            FINE[1],
            FINE[2],
            "Reconciling=True/ProgressingWithRetry"
        ]
    );
    assert_eq!(
        told(serving(), &refused(Reason::RefreshTokenRejected), 2400),
        [
            failing,
            FINE[1],
            FINE[2],
            "Stalled=True/RefreshTokenRejected"
        ]
    );
}

#[test]
fn an_expired_token_is_not_ready_and_says_why_it_was_not_replaced() {
    let mut seen = serving();
    round(&mut seen, &refused(Reason::ProviderUnavailable), at(2400));
    let status = round(&mut seen, &refused(Reason::ProviderUnavailable), at(HOUR)).status;
    assert_eq!(shown(&status)[0], "Ready=False/TokenExpired");
    let said = message(&status, ConditionType::Ready);
    assert!(said.starts_with("The credential expired at 2026-01-01T01:00:00Z and was not replaced: ProviderUnavailable: HTTP 400 from login.example.com. The identity provider"), "{said}");
    assert!(said.contains(" Next try at 2026-01-01T01:0"), "{said}");
}

#[test]
fn a_suspended_token_expires_as_well() {
    let mut seen = serving();
    seen.suspension = Some(Suspension { until: None });
    assert_eq!(
        told(seen.clone(), &Outcome::Nothing, 60),
        [FINE[0], FINE[1], FINE[2], "Suspended=True/Suspended"]
    );
    assert_eq!(
        told(seen.clone(), &Outcome::Nothing, HOUR),
        [
            "Ready=False/TokenExpired",
            FINE[1],
            FINE[2],
            "Suspended=True/Suspended"
        ]
    );
    assert!(
        message(
            &round(&mut seen, &Outcome::Nothing, at(HOUR)).status,
            ConditionType::Ready
        )
        .ends_with("was not replaced: refreshing is suspended.")
    );
}

#[test]
fn something_missing_is_waited_for_and_stalls_after_ten_minutes() {
    let mut seen = fresh();
    seen.wanted = Wanted::Unresolved(refusal(Reason::SourceNotFound));
    let verdict = round(&mut seen, &Outcome::Nothing, at(0));
    let resolved = "SourcesResolved=False/SourceNotFound";
    let ready = "Ready=False/SourceNotFound";
    assert_eq!(
        shown(&verdict.status),
        [
            ready,
            FINE[1],
            resolved,
            "Reconciling=True/WaitingForSource"
        ]
    );
    assert_eq!(verdict.look_again, Some(at(600)));
    seen.wanted = Wanted::Unresolved(refusal(Reason::NoMethodSatisfied));
    let verdict = round(&mut seen, &Outcome::Nothing, at(599));
    assert_eq!(
        shown(&verdict.status)[3],
        "Reconciling=True/WaitingForSource",
        "another reason, the same wait"
    );
    let verdict = round(&mut seen, &Outcome::Nothing, at(600));
    assert_eq!(shown(&verdict.status)[3], "Stalled=True/NoMethodSatisfied");
    assert_eq!(verdict.look_again, None);
    seen.wanted = fresh().wanted;
    assert_eq!(
        shown(&round(&mut seen, &Outcome::Issued(issued()), at(601)).status),
        FINE
    );
}

#[test]
fn an_invalid_spec_stalls_at_once() {
    let mut seen = serving();
    seen.wanted = Wanted::Unresolved(refusal(Reason::InvalidSpec));
    assert_eq!(
        told(seen, &Outcome::Nothing, 60),
        [
            FINE[0],
            "Accepted=False/InvalidSpec",
            FINE[2],
            "Stalled=True/InvalidSpec"
        ]
    );
}

#[test]
fn a_foreign_target_stalls_whether_or_not_something_was_tried_in_the_round() {
    let conflict = [
        "Ready=False/TargetConflict",
        FINE[1],
        FINE[2],
        "Stalled=True/TargetConflict",
    ];
    let mut seen = serving();
    seen.targets
        .push(target("theirs", TargetState::Foreign { owner: None }));
    assert_eq!(told(seen.clone(), &Outcome::Nothing, 60), conflict);
    assert_eq!(
        told(seen.clone(), &refused(Reason::ProviderUnavailable), 2400),
        conflict
    );
    assert_eq!(
        told(seen, &Outcome::Busy { until: at(2401) }, 2400),
        conflict
    );
}

#[test]
fn ready_speaks_of_the_generation_whose_credential_is_in_the_secret() {
    let mut seen = serving();
    seen.generation = 2;
    seen.wanted = Wanted::Ready(vec![grant("v1:key:other")]);
    let status = round(&mut seen, &refused(Reason::ScopeRejected), at(60)).status;
    assert_eq!(shown(&status)[0], "Ready=True/TokenValidRefreshFailing");
    assert_eq!(generation(&status, ConditionType::Ready), Some(1));
    assert_eq!(generation(&status, ConditionType::Accepted), Some(2));
    assert_eq!(status.observed_generation, Some(2));
    let status = round(&mut seen, &Outcome::Issued(issued()), at(90)).status;
    assert_eq!(generation(&status, ConditionType::Ready), Some(2));
}

#[test]
fn an_edit_that_leaves_the_credential_is_served_at_once_and_another_shape_when_written() {
    let mut seen = serving();
    seen.generation = 2;
    let status = round(&mut seen, &Outcome::Nothing, at(60)).status;
    assert_eq!(generation(&status, ConditionType::Ready), Some(2));
    seen.generation = 3;
    seen.targets[0].publish = "v1:key:new".into();
    let blocked = vec![written("token", Err(Refusal::new(Reason::Forbidden, "")))];
    let status = round(&mut seen, &Outcome::Repaired(blocked), at(61)).status;
    assert_eq!(generation(&status, ConditionType::Ready), Some(2));
    let status = round(
        &mut seen,
        &Outcome::Repaired(vec![written("token", Ok(()))]),
        at(70),
    )
    .status;
    assert_eq!(
        (generation(&status, ConditionType::Ready), shown(&status)),
        (Some(3), FINE.map(String::from).to_vec())
    );
}

#[test]
fn a_restored_secret_of_an_old_generation_does_not_pass_for_the_new_one() {
    let mut seen = serving();
    seen.generation = 2;
    seen.wanted = Wanted::Ready(vec![grant("v1:key:other")]);
    seen.targets[0].state = TargetState::Absent;
    let status = round(&mut seen, &refused(Reason::ProviderUnavailable), at(60)).status;
    assert_eq!(
        generation(&status, ConditionType::Ready),
        Some(1),
        "nothing is there"
    );
    seen.targets[0].state = managed(marks());
    let status = round(&mut seen, &Outcome::Nothing, at(61)).status;
    assert_eq!(shown(&status)[0], "Ready=True/TokenValidRefreshFailing");
    assert_eq!(generation(&status, ConditionType::Ready), Some(1));
}

#[test]
fn ready_is_true_only_when_every_target_holds_it() {
    let mut seen = serving();
    seen.targets.push(target("second", TargetState::Leaving));
    assert_eq!(
        told(seen, &Outcome::Nothing, 60),
        [
            "Ready=False/Progressing",
            FINE[1],
            FINE[2],
            "Reconciling=True/Progressing"
        ]
    );
}

#[test]
fn times_of_transition_move_only_when_a_status_flips() {
    let mut seen = serving();
    let status = round(&mut seen, &refused(Reason::ProviderUnavailable), at(2400)).status;
    assert_eq!(
        since(&status, ConditionType::Ready),
        at(0),
        "True before and after"
    );
    assert_eq!(since(&status, ConditionType::Reconciling), at(2400));
    let status = round(&mut seen, &refused(Reason::DNSFailure), at(2460)).status;
    assert_eq!(since(&status, ConditionType::Reconciling), at(2400));
    let status = round(&mut seen, &refused(Reason::DNSFailure), at(HOUR)).status;
    assert_eq!(since(&status, ConditionType::Ready), at(HOUR));
}

#[test]
fn a_remembered_failure_is_told_in_the_words_in_which_it_was_told_first() {
    let mut seen = serving();
    let refused = Outcome::Refused(Refusal {
        detail: "scope orders.write".into(),
        oauth_error: Some("invalid_scope".into()),
        ..refusal(Reason::ScopeRejected)
    });
    round(&mut seen, &refused, at(2400));
    let said = message(&seen.status, ConditionType::Stalled);
    assert_eq!(
        said,
        "ScopeRejected: scope orders.write (HTTP 400 invalid_scope from login.example.com). A requested scope does not exist or is not granted to this client. Check scopes. Next try at 2026-01-01T00:40:30Z."
    );
    for now in [2401, 2402] {
        round(&mut seen, &Outcome::Nothing, at(now));
        assert_eq!(message(&seen.status, ConditionType::Stalled), said);
    }
}

#[test]
fn a_shared_pause_is_told() {
    let mut seen = fresh();
    seen.paused_until = Some(at(60));
    assert_eq!(
        told(seen, &Outcome::Nothing, 0),
        [
            "Ready=False/Throttled",
            FINE[1],
            FINE[2],
            "Reconciling=True/ProgressingWithRetry"
        ]
    );
}
