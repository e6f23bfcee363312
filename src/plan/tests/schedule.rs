use proptest::prelude::*;

use super::*;
use crate::plan::schedule::{lead, next_beat, refresh_at};

/// When an hour's token and others are replaced, in milliseconds after they were asked for.
fn due(life: i64, repeats: u8, policy: &RefreshPolicy) -> i64 {
    let due = refresh_at(at(0), Some(at(life)), repeats, policy, UID).unwrap();
    at(0).duration_until(due).as_millis().try_into().unwrap()
}

#[test]
fn a_third_of_the_life_is_left_whatever_the_life_is() {
    for (life, milliseconds) in [
        (1, 900),
        (9, 8_100),
        (15, 10_000),
        (30, 20_000),
        (60, 40_000),
        (300, 200_000),
        (HOUR, 2_400_000),
        (12 * HOUR, 28_800_000),
        (24 * HOUR, 57_600_000),
        (30 * DAY, 86_400_000),
    ] {
        assert_eq!(due(life, 0, &policy()), milliseconds, "life {life} s");
    }
}

#[test]
fn jitter_is_earlier_by_a_tenth_of_the_lead_at_most_and_fixed_per_object() {
    let policy = RefreshPolicy::default();
    let due_of = |uid: &str| refresh_at(at(0), Some(at(HOUR)), 0, &policy, uid).unwrap();
    let all: Vec<_> = (0..200).map(|n| due_of(&format!("uid {n}"))).collect();
    assert!(all.iter().all(|due| at(2280) <= *due && *due <= at(2400)));
    assert!(all.iter().any(|due| *due < at(2300)) && all.iter().any(|due| *due > at(2380)));
    assert_eq!(due_of("uid 3"), due_of("uid 3"));
}

#[test]
fn a_wished_lead_is_capped_at_two_thirds_of_the_life() {
    for (before, life, milliseconds) in [
        (300, HOUR, 3_300_000),
        (300, 30, 10_000),
        (300, 60, 20_000),
        (300, 300, 100_000),
        (0, 60, 59_000),
        (300, 45, 15_000),
    ] {
        let policy = RefreshPolicy {
            before: Some(seconds(before)),
            ..policy()
        };
        assert_eq!(
            due(life, 0, &policy),
            milliseconds,
            "before {before} s, life {life} s"
        );
    }
}

#[test]
fn the_last_bound_wins_over_the_ones_before_it() {
    let bounded = |least: i64, most: i64| RefreshPolicy {
        min_interval: seconds(least),
        max_interval: seconds(most),
        ..policy()
    };
    assert_eq!(due(HOUR, 0, &bounded(3000, DAY)), 3_000_000, "not before");
    assert_eq!(due(HOUR, 0, &bounded(10, 600)), 600_000, "not after");
    assert_eq!(due(HOUR, 0, &bounded(900, 600)), 600_000, "not after wins");
    assert_eq!(
        due(HOUR, 0, &bounded(2 * HOUR, DAY)),
        3_599_000,
        "the end wins"
    );
}

#[test]
fn a_token_that_comes_again_is_asked_for_shortly_before_its_end_and_then_right_after_it() {
    // cases.md K21: asked at 2400 s, the token has 1200 s left.
    assert_eq!(due(1200, 1, &policy()), 1_188_000);
    assert_eq!(due(100, 1, &policy()), 95_000);
    assert_eq!(due(4, 1, &policy()), 2_000);
    for repeats in [2, 3, 255] {
        assert_eq!(due(12, repeats, &policy()), 12_500);
        assert_eq!(due(60, repeats, &policy()), 60_500);
        assert_eq!(
            due(1200, repeats, &policy()),
            1_188_000,
            "asked for by hand"
        );
    }
}

#[test]
fn a_credential_without_end_is_replaced_only_when_the_user_says_how_often() {
    assert_eq!(refresh_at(at(0), None, 0, &policy(), UID), None);
    let stated = RefreshPolicy {
        max_interval: seconds(HOUR),
        max_interval_stated: true,
        ..policy()
    };
    assert_eq!(refresh_at(at(0), None, 0, &stated, UID), Some(at(HOUR)));
}

#[test]
fn a_beat_comes_after_the_given_time_within_one_interval_and_stays_on_its_phase() {
    let beat = next_beat(at(17), seconds(300), UID);
    assert!(at(17) < beat && beat <= at(317));
    assert_eq!(next_beat(beat, seconds(300), UID), beat + seconds(300));
    assert_eq!(next_beat(Timestamp::MAX, seconds(300), UID), Timestamp::MAX);
}

fn any_policy() -> impl Strategy<Value = RefreshPolicy> {
    let length = prop_oneof![0..100_i64, 0..100_000_i64, Just(100 * 365 * DAY)];
    (
        proptest::option::of(length.clone()),
        0..=50_u8,
        length.clone(),
        length,
    )
        .prop_map(|(before, jitter_percent, least, most)| RefreshPolicy {
            before: before.map(seconds),
            jitter_percent,
            min_interval: seconds(least),
            max_interval: seconds(most.max(1)),
            ..policy()
        })
}

proptest! {
    #[test]
    fn whatever_a_server_says_the_refresh_is_after_the_start_and_before_the_end(
        start in -377_705_000_000_i64..253_402_000_000,
        end in -377_705_000_000_i64..253_402_000_000,
        repeats in 0..4_u8,
        policy in any_policy(),
    ) {
        let (start, end) = (Timestamp::from_second(start).unwrap(), Timestamp::from_second(end).unwrap());
        let due = refresh_at(start, Some(end), repeats, &policy, UID).unwrap();
        prop_assert!(due <= end || repeats >= 2);
        prop_assert!(end <= start || start < due);
        prop_assert!(lead(start.duration_until(end).max(seconds(0)), &policy) >= seconds(0));
    }
}
