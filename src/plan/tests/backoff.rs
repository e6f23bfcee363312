use std::time::Duration;

use super::*;
use crate::plan::backoff::{Failure, next_attempt};

/// No jitter comes out of this uid for the first attempts; waits are compared within a fifth.
fn failure(class: Class, policy: &RefreshPolicy) -> Failure<'_> {
    Failure {
        class,
        attempts: 1,
        retry_after: None,
        live_until: None,
        source_changed_at: None,
        policy,
        uid: UID,
    }
}

fn wait(failure: Failure<'_>) -> SignedDuration {
    at(0).duration_until(next_attempt(&failure, at(0)).unwrap())
}

fn ladder(class: Class, attempts: u32) -> Vec<i64> {
    let policy = policy();
    let failed = |attempts| Failure {
        attempts,
        ..failure(class, &policy)
    };
    (1..=attempts)
        .map(|attempts| wait(failed(attempts)).as_secs())
        .collect()
}

fn asking(class: Class, attempts: u32, retry_after: u64) -> SignedDuration {
    let policy = policy();
    wait(Failure {
        attempts,
        retry_after: Some(Duration::from_secs(retry_after)),
        ..failure(class, &policy)
    })
}

#[test]
fn each_class_has_its_ladder() {
    for (class, expected) in [
        (
            Class::Throttled,
            vec![60, 120, 240, 480, 960, 1920, 3600, 3600],
        ),
        (Class::Kubernetes, vec![5, 10, 20, 40, 80, 160, 300, 300]),
        (
            Class::Waiting,
            vec![5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600],
        ),
        (Class::Author, vec![300, 600, 1200, 2400, 3600, 3600]),
        (
            Class::Refused,
            vec![1800, 3600, 7200, 14_400, 21_600, 21_600],
        ),
    ] {
        let attempts = u32::try_from(expected.len()).unwrap();
        assert_eq!(ladder(class, attempts), expected, "{class:?}");
    }
}

#[test]
fn what_passes_by_itself_doubles_from_30_s_to_a_cap_and_is_spread_by_a_fifth() {
    for (class, cap) in [
        (Class::Transient, 900),
        (Class::Internal, 900),
        (Class::Malformed, 1800),
    ] {
        for (wait, full) in ladder(class, 12)
            .into_iter()
            .zip((0..).map(|n| (30 << n).min(cap)))
        {
            assert!(
                full * 8 / 10 <= wait && wait <= full,
                "{class:?}: {wait} of {full} s"
            );
        }
    }
}

#[test]
fn a_rejected_credential_waits_for_a_change() {
    let policy = policy();
    assert_eq!(
        next_attempt(&failure(Class::Rejected, &policy), at(0)),
        None
    );
}

#[test]
fn absurd_numbers_of_failures_do_not_overflow() {
    let policy = RefreshPolicy {
        retry_initial: seconds(100 * 365 * DAY),
        retry_max: seconds(100 * 365 * DAY),
        ..policy()
    };
    for class in [
        Class::Transient,
        Class::Malformed,
        Class::Throttled,
        Class::Refused,
    ] {
        let most = Failure {
            attempts: u32::MAX,
            retry_after: Some(Duration::MAX),
            source_changed_at: Some(Timestamp::MIN),
            ..failure(class, &policy)
        };
        assert!(next_attempt(&most, Timestamp::MAX).is_some());
        assert!(next_attempt(&most, Timestamp::MIN).is_some());
    }
}

#[test]
fn retry_after_is_never_undercut_and_never_believed_beyond_an_hour() {
    for class in [Class::Throttled, Class::Transient, Class::Malformed] {
        assert!(asking(class, 1, 120) >= seconds(120), "{class:?}");
        assert!(asking(class, 1, u64::MAX) <= seconds(HOUR), "{class:?}");
    }
    assert_eq!(asking(Class::Throttled, 1, 7), seconds(7));
}

#[test]
fn a_server_that_always_says_at_once_is_not_asked_without_pause() {
    let waits: Vec<_> = (1..=8)
        .map(|n| asking(Class::Throttled, n, 0).as_secs())
        .collect();
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    assert!(asking(Class::Transient, 1, 0) >= seconds(24));
}

#[test]
fn retries_fit_what_is_left_of_the_served_token() {
    let policy = policy();
    for (left, most) in [(1200, 30), (60, 15), (8, 2), (2, 1), (1, 1)] {
        let left = Failure {
            attempts: 9,
            live_until: Some(at(left)),
            ..failure(Class::Transient, &policy)
        };
        let limit = seconds(most).max(left.live_until.unwrap().duration_since(at(0)) / 4);
        assert!(wait(left) <= limit, "{most}");
    }
}

#[test]
fn after_the_end_of_a_token_waits_grow_with_the_gap_and_not_with_the_tries_before_it() {
    let policy = policy();
    for (ended, most) in [(0, 30), (10, 30), (100, 100), (10_000, 900)] {
        let gap = Failure {
            attempts: 20,
            live_until: Some(at(-ended)),
            ..failure(Class::Transient, &policy)
        };
        assert!(wait(gap) <= seconds(most), "ended {ended} s ago");
    }
}

/// The times at which a refusal is repeated, in seconds after the first.
fn refusals(source_changed_at: Option<i64>, until: i64) -> Vec<i64> {
    let policy = policy();
    let mut now = 0;
    let mut times = vec![];
    for attempts in 1.. {
        if now > until {
            break;
        }
        times.push(now);
        let failed = Failure {
            attempts,
            source_changed_at: source_changed_at.map(at),
            ..failure(Class::Refused, &policy)
        };
        now = at(0)
            .duration_until(next_attempt(&failed, at(now)).unwrap())
            .as_secs();
    }
    times
}

#[test]
fn after_a_source_change_a_refusal_is_retried_soon_and_then_on_the_long_ladder() {
    let spread = refusals(Some(0), DAY);
    assert_eq!(
        spread,
        [0, 30, 150, 450, 2250, 5850, 13_050, 27_450, 49_050, 70_650]
    );
    assert_eq!(spread.iter().filter(|time| **time < HOUR).count(), 5);
    assert_eq!(
        refusals(Some(-2 * HOUR), 12 * HOUR),
        [0, 1800, 5400, 12_600, 27_000]
    );
    assert_eq!(refusals(None, 12 * HOUR), [0, 1800, 5400, 12_600, 27_000]);
}

#[test]
fn a_refusal_is_repeated_once_more_before_the_served_token_ends() {
    let policy = policy();
    let with_life = |attempts, left| Failure {
        attempts,
        live_until: Some(at(left)),
        ..failure(Class::Refused, &policy)
    };
    assert_eq!(wait(with_life(1, 1200)), seconds(600));
    assert_eq!(wait(with_life(2, 600)), seconds(3600));
    assert_eq!(wait(with_life(1, -5)), seconds(1800));
}
