//! When messages are due, and being there on time.
//!
//! Promise: due times depend on the rate, the arrival pattern and the seed alone, never on what the server does; a
//! late wake-up does everything that has become due meanwhile. The timer is a timerfd, good to microseconds where a
//! runtime's wheel is good to milliseconds.

mod arrivals;
mod random;
mod schedule;
mod timer;

pub use arrivals::{Arrivals, Share, Times};
pub use random::Random;
pub use schedule::Schedule;
pub use timer::Timer;

use crate::clock::Nanos;

/// Calls `act` with each due time and source until one is due at `until` or later.
pub async fn keep(timer: Timer, mut times: Times, until: Nanos, mut act: impl FnMut(Nanos, usize)) {
    loop {
        let (due, source) = times.next_due();
        if due >= until {
            return;
        }
        timer.sleep_until(due).await.expect("a timer that was made can be set");
        act(due, source);
    }
}
