//! Days of virtual time with a provider, people and programs that do anything at any moment.

use proptest::prelude::*;

use super::{
    world::{Deed, Mode, World},
    *,
};
use crate::reason::Class;

/// What must hold at every moment, with what has to be remembered for it.
struct Watch {
    /// Since when nothing outside has been in the way.
    clear_since: Timestamp,
    judged: usize,
}

// === impl Watch ===

impl Watch {
    fn look(&mut self, world: &World) {
        let issues = matches!(world.provider, Mode::Up(_) | Mode::Same);
        if !(issues && world.storage && world.is_resolved() && !world.suspended) {
            self.clear_since = world.now;
        }
        self.promise(world);
        for index in self.judged..world.calls.len() {
            judge(world, index);
        }
        self.judged = world.calls.len();
    }

    /// An expired token is served only while something failed, and after that no longer than the next attempt takes.
    fn promise(&self, world: &World) {
        if !world.serves_expired() {
            return;
        }
        let gap = world.repeats() >= 2;
        let last = world.calls.last().unwrap();
        let patience = match last.refused.as_ref().map(|no| no.reason.class()) {
            Some(Class::Rejected) => return,
            Some(Class::Refused) => 6 * HOUR,
            Some(Class::Throttled) => HOUR,
            Some(Class::Malformed) => 30 * MINUTE,
            Some(_) => 15 * MINUTE,
            None if world.status.last_error.is_some() => 5 * MINUTE,
            None if gap => 1,
            None => 0,
        };
        let end = world.status.expires_at.filter(|_| gap);
        let since = self.clear_since.max(end.unwrap_or(self.clear_since));
        let excused = since.max(last.at) + seconds(patience);
        assert!(
            world.now <= excused,
            "an expired token is served at {}, excused until {excused}:\n{}",
            world.now,
            world.trace.join("\n")
        );
    }
}

/// What must hold of every call, seen from those before it.
fn judge(world: &World, index: usize) {
    let (before, call) = (&world.calls[..index], &world.calls[index]);
    let story = || format!("{call:#?}\n{}", world.trace.join("\n"));
    let Some(last) = before.last() else { return };
    if let Some(no) = &last.refused {
        let asked = no.retry_after.filter(|_| last.restarts == call.restarts);
        let asked = asked.map_or(seconds(0), |wait| wait.try_into().unwrap());
        assert!(
            call.at >= last.at + asked.min(seconds(HOUR)),
            "Retry-After: {}",
            story()
        );
    }
    let rejected = |one: &&world::Call| {
        one.fingerprint == call.fingerprint
            && one
                .refused
                .as_ref()
                .is_some_and(|no| no.reason.class() == Class::Rejected)
    };
    let since = before.iter().rfind(rejected).map(|one| one.at);
    let renewed = since.is_some_and(|since| {
        before
            .iter()
            .any(|one| one.at > since && one.refused.is_none())
    });
    assert!(
        since.is_none() || renewed || call.why == Why::Requested,
        "rejected: {}",
        story()
    );
    if call.refused.is_none() {
        judge_success(before, call, &story);
    }
}

fn judge_success(before: &[world::Call], call: &world::Call, story: &impl Fn() -> String) {
    let successes = || before.iter().filter(|one| one.refused.is_none());
    if let Some(last) = successes().next_back().filter(|last| last.published) {
        let scheduled = call.why == Why::Due && call.repeats == 0;
        let least = seconds(10).min(last.life * 9 / 10);
        assert!(
            !scheduled || call.at >= last.at + least,
            "minInterval: {}",
            story()
        );
    }
    let rationed = |one: &&world::Call| {
        !one.due && matches!(one.why, Why::Lost | Why::Dead | Why::SpecChanged)
    };
    let hour = || {
        successes()
            .filter(|one| one.at > call.at - seconds(HOUR))
            .filter(rationed)
    };
    if rationed(&call) {
        // Eight in an hour counted from the first: two such hours may meet.
        assert!(hour().count() < 15, "ration: {}", story());
        let dead = hour().filter(|one| one.why == Why::Dead).count();
        assert!(
            call.why != Why::Dead || dead < 6,
            "ration of the probe: {}",
            story()
        );
    }
}

fn any_mode() -> impl Strategy<Value = Mode> {
    let life = prop::sample::select(vec![30, 45, 60, 300, HOUR, 12 * HOUR, 24 * HOUR]);
    let reason = prop::sample::select(vec![
        Reason::ProviderUnavailable,
        Reason::ResponseLost,
        Reason::MalformedResponse,
        Reason::ClientAuthFailed,
        Reason::UserCredentialsRejected,
        Reason::InternalError,
    ]);
    prop_oneof![
        6 => life.prop_map(Mode::Up),
        1 => Just(Mode::Same),
        3 => reason.prop_map(Mode::Refuses),
        1 => proptest::option::of(0..4000_u64).prop_map(Mode::Throttles),
    ]
}

fn any_deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        8 => any_mode().prop_map(Deed::Provider),
        3 => any::<bool>().prop_map(Deed::Storage),
        4 => (0..2_usize).prop_map(Deed::Delete),
        2 => (0..2_usize).prop_map(Deed::Overwrite),
        2 => (0..2_usize).prop_map(Deed::Restore),
        2 => Just(Deed::ChangeSource),
        1 => Just(Deed::Relabel),
        1 => Just(Deed::LoseSource),
        2 => Just(Deed::FindSource),
        2 => Just(Deed::ChangeSpec),
        1 => Just(Deed::EditSpec),
        2 => Just(Deed::Request),
        1 => Just(Deed::Suspend),
        2 => Just(Deed::Resume),
        2 => Just(Deed::Kill),
        2 => Just(Deed::Restart),
    ]
}

fn any_story() -> impl Strategy<Value = Vec<(i64, Deed)>> {
    let pause = prop_oneof![
        0..2000_i64,
        0..120_000_i64,
        0..4_000_000_i64,
        0..50_000_000_i64
    ];
    prop::collection::vec((pause, any_deed()), 1..40)
}

/// Short lives are watched for a shorter time.
fn enough(mode: Mode) -> i64 {
    match mode {
        Mode::Up(life) if life < HOUR => life * 100_000,
        Mode::Up(_) | Mode::Same | Mode::Refuses(_) | Mode::Throttles(_) => i64::MAX,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_promises_hold(
        first in any_mode(),
        targets in 1..3_usize,
        jitter_percent in 0..=10_u8,
        story in any_story(),
    ) {
        let mut world = World::new(first, targets, RefreshPolicy { jitter_percent, ..policy() });
        let mut watch = Watch { clear_since: at(0), judged: 0 };
        let mut check = |world: &World| watch.look(world);
        world.rounds(&mut check);
        for (pause, deed) in &story {
            let pause = (*pause).min(enough(world.provider));
            world.run_until(world.now + SignedDuration::from_millis(pause), &mut check);
            world.perform(deed);
            world.rounds(&mut check);
        }
        let rest = enough(world.provider).min(DAY * 1000);
        world.run_until(world.now + SignedDuration::from_millis(rest), &mut check);
    }
}

fn alone(provider: Mode, end: i64) -> World {
    let mut world = World::new(provider, 1, RefreshPolicy::default());
    world.rounds(&mut |_| {});
    world.run_until(at(end), &mut |_| {});
    world
}

#[test]
fn a_day_of_any_life_is_served_without_a_gap_and_without_a_call_too_many() {
    for life in [9, 30, 60, 300, HOUR, 12 * HOUR, 24 * HOUR] {
        let mut watch = Watch {
            clear_since: at(0),
            judged: 0,
        };
        let mut world = World::new(Mode::Up(life), 1, RefreshPolicy::default());
        world.rounds(&mut |world| watch.look(world));
        let end = DAY.min(life * 500);
        world.run_until(at(end), &mut |world: &World| watch.look(world));
        // Two thirds of the life, less a tenth of the last one.
        let shortest = if life < 15 {
            life * 9 / 10
        } else {
            life * 63 / 100
        };
        let most = usize::try_from(end / shortest + 1).unwrap();
        assert!(
            world.calls.len() <= most,
            "{life} s: {} calls, {most} expected",
            world.calls.len()
        );
        assert_eq!(world.calls.len(), world.writes, "{life} s");
    }
}

#[test]
fn a_life_that_becomes_short_is_followed_at_once() {
    let mut world = alone(Mode::Up(HOUR), 1000);
    world.provider = Mode::Up(45);
    world.run_until(at(2 * HOUR), &mut |world| assert!(!world.serves_expired()));
    assert!(world.calls.len() > 100);
}

#[test]
fn the_same_token_until_its_last_second_costs_four_calls_in_the_hour() {
    let world = alone(Mode::Same, HOUR + 1);
    assert_eq!(world.calls.len(), 4);
    assert!(world.calls.last().unwrap().at >= at(HOUR));
}

#[test]
fn a_permanent_failure_costs_what_its_class_allows() {
    for (provider, first_hour, first_day) in [
        (Mode::Refuses(Reason::UserCredentialsRejected), 1, 1),
        (Mode::Refuses(Reason::RefreshTokenRejected), 1, 1),
        (Mode::Refuses(Reason::ClientAuthFailed), 5, 10),
        (Mode::Refuses(Reason::EndpointNotAllowed), 5, 28),
        (Mode::Refuses(Reason::ProviderUnavailable), 10, 120),
        (Mode::Refuses(Reason::MalformedResponse), 8, 65),
        (Mode::Throttles(None), 6, 30),
        (Mode::Throttles(Some(600)), 7, 145),
        (Mode::Throttles(Some(0)), 67, 1450),
    ] {
        let world = alone(provider, DAY);
        let hour = world.calls.iter().filter(|call| call.at < at(HOUR)).count();
        assert!(hour <= first_hour, "{provider:?}: {hour} in the hour");
        let day = world.calls.len();
        assert!(day <= first_day, "{provider:?}: {day} in the day");
    }
}

#[test]
fn a_rejected_credential_is_left_alone_for_a_week_and_a_request_asks_exactly_once_more() {
    let mut world = alone(Mode::Refuses(Reason::UserCredentialsRejected), 3 * DAY);
    for (day, deed) in [(4, Deed::Restart), (5, Deed::Relabel), (6, Deed::Delete(0))] {
        world.run_until(at(day * DAY), &mut |_| {});
        world.perform(&deed);
        world.rounds(&mut |_| {});
    }
    world.run_until(at(7 * DAY), &mut |_| {});
    assert_eq!(world.calls.len(), 1);
    world.perform(&Deed::Request);
    world.rounds(&mut |_| {});
    world.run_until(at(14 * DAY), &mut |_| {});
    assert_eq!(world.calls.len(), 2);
    world.perform(&Deed::ChangeSource);
    world.rounds(&mut |_| {});
    world.run_until(at(21 * DAY), &mut |_| {});
    assert_eq!(world.calls.len(), 3);
}

#[test]
fn an_outage_shorter_than_a_third_of_the_life_is_never_noticed() {
    for life in [60, 300, HOUR, 24 * HOUR] {
        for begin in 0..10 {
            let mut world = alone(Mode::Up(life), life * begin / 10);
            world.provider = Mode::Refuses(Reason::ProviderUnavailable);
            let down = life * 22 / 100;
            world.run_until(world.now + seconds(down), &mut |world| {
                assert!(!world.serves_expired());
            });
            world.provider = Mode::Up(life);
            world.run_until(world.now + seconds(3 * life), &mut |world| {
                assert!(
                    !world.serves_expired(),
                    "life {life} s, down from {begin} tenths"
                );
            });
        }
    }
}

#[test]
fn a_lost_secret_and_a_provider_that_is_down_cost_six_calls_in_ten_minutes() {
    let mut world = alone(Mode::Up(HOUR), 1200);
    world.provider = Mode::Refuses(Reason::ProviderUnavailable);
    world.perform(&Deed::Delete(0));
    world.rounds(&mut |_| {});
    assert_eq!(shown(&world.status)[0], "Ready=False/ProviderUnavailable");
    world.run_until(at(1800), &mut |_| {});
    assert!(world.calls.len() <= 1 + 6, "{}", world.calls.len());
    world.provider = Mode::Up(HOUR);
    world.run_until(at(1800 + 900), &mut |_| {});
    assert_eq!(shown(&world.status)[0], "Ready=True/TokenValid");
}
