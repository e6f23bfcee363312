use super::*;

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
            failed(seen, Reason::ProviderUnavailable, Some(9000));
        }),
        ("the credential was rejected", |seen| {
            failed(seen, Reason::UserCredentialsRejected, None);
        }),
        ("a pause", |seen| seen.paused_until = Some(at(9000))),
        ("a source is missing", |seen| {
            seen.wanted = Wanted::Unresolved(refusal(Reason::SourceNotFound));
        }),
        ("the ration is spent", |seen| {
            seen.found_dead = Some(at(0));
            ration(seen, 3, Some(3), 2390);
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
