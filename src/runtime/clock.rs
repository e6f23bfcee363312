//! The only place that reads the clock.

use jiff::Timestamp;

use crate::controller::Clock;

/// The clock of the machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place; everything else takes `now` as an argument"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
