use super::*;
use crate::plan::budget::{allowed_from, spend, unexpired};

/// When the attempts of somebody who wants one at once, always, are allowed.
fn mints(for_probe: bool, until: i64) -> Vec<i64> {
    let mut spent: Option<UnscheduledMints> = None;
    let mut now = at(0);
    let mut times = vec![];
    while now <= at(until) {
        if let Some(from) = allowed_from(spent.as_ref(), for_probe, now) {
            now = from;
        } else {
            times.push(at(0).duration_until(now).as_secs());
            spent = Some(spend(spent.as_ref(), for_probe, now));
        }
    }
    times
}

#[test]
fn eight_in_an_hour_with_growing_pauses_then_the_hour_is_waited_for() {
    assert_eq!(
        mints(false, HOUR),
        [0, 10, 30, 70, 150, 310, 630, 1270, 3600]
    );
}

#[test]
fn three_in_an_hour_for_a_probe() {
    assert_eq!(mints(true, HOUR + 30), [0, 10, 30, 3600, 3610, 3630]);
}

#[test]
fn refusals_of_a_probe_and_losses_share_one_account() {
    let spent = UnscheduledMints {
        since: at(0),
        count: 8,
        probe: None,
        last: at(100),
    };
    assert_eq!(allowed_from(Some(&spent), true, at(1300)), Some(at(HOUR)));
    assert_eq!(allowed_from(Some(&spent), false, at(1300)), Some(at(HOUR)));
    assert_eq!(spend(Some(&spent), true, at(HOUR)).count, 1);
}

#[test]
fn an_account_is_forgotten_after_its_hour() {
    let spent = spend(None, true, at(0));
    assert_eq!(unexpired(Some(&spent), at(HOUR - 1)), Some(spent.clone()));
    assert_eq!(unexpired(Some(&spent), at(HOUR)), None);
}
