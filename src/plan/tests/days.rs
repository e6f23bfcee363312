//! Days by hand, as one can read them. After a wanted change of behaviour, copy what the failing test prints.

use super::{
    world::{Deed, Mode, World},
    *,
};

fn day(provider: Mode, targets: usize, deeds: &[(i64, Deed)], end: i64) -> String {
    let mut world = World::new(provider, targets, policy());
    let mut nothing = |_: &World| {};
    world.rounds(&mut nothing);
    for (time, deed) in deeds {
        world.run_until(at(*time), &mut nothing);
        world.perform(deed);
        world.rounds(&mut nothing);
    }
    world.run_until(at(end), &mut nothing);
    let calls = format!(
        "{} calls, {} writes of Secrets",
        world.calls.len(),
        world.writes
    );
    world.trace.push(calls);
    world.trace.join("\n") + "\n"
}

fn assert_day(told: &str, committed: &str) {
    assert!(
        told == committed,
        "another day than the committed one:\n{told}"
    );
}

#[test]
fn an_outage_of_the_identity_provider() {
    let down = Mode::Refuses(Reason::ProviderUnavailable);
    let deeds = [
        (2 * HOUR, Deed::Provider(down)),
        (3 * HOUR, Deed::Delete(1)),
        (4 * HOUR, Deed::Request),
        (4 * HOUR + 100, Deed::Restart),
        (5 * HOUR, Deed::Provider(Mode::Up(HOUR))),
    ];
    let told = day(Mode::Up(HOUR), 2, &deeds, 7 * HOUR);
    assert_day(&told, include_str!("days/outage.txt"));
}

#[test]
fn a_password_that_is_changed_at_the_wrong_end_first() {
    let deeds = [
        (
            HOUR,
            Deed::Provider(Mode::Refuses(Reason::UserCredentialsRejected)),
        ),
        (DAY, Deed::Restart),
        (2 * DAY, Deed::Relabel),
        (3 * DAY, Deed::Request),
        (4 * DAY, Deed::LoseSource),
        (4 * DAY + 30, Deed::FindSource),
        (5 * DAY, Deed::ChangeSource),
        (6 * DAY, Deed::Provider(Mode::Up(12 * HOUR))),
        (6 * DAY + HOUR, Deed::ChangeSource),
    ];
    let told = day(Mode::Up(12 * HOUR), 1, &deeds, 7 * DAY);
    assert_day(&told, include_str!("days/password.txt"));
}

#[test]
fn somebody_deletes_the_secret_again_and_again() {
    let deeds: Vec<_> = (0..40).map(|n| (HOUR + 90 * n, Deed::Delete(0))).collect();
    let told = day(Mode::Up(DAY), 1, &deeds, 3 * HOUR);
    assert_day(&told, include_str!("days/deletions.txt"));
}

#[test]
fn a_server_that_hands_out_the_same_token() {
    let told = day(Mode::Same, 1, &[], 3 * HOUR);
    assert_day(&told, include_str!("days/same_token.txt"));
}
