//! When messages are due, and being there on time.
//!
//! Promise: the schedule depends on the rate alone, never on what the server does; a late wake-up sends everything
//! that has become due meanwhile. The timer is a timerfd, good to microseconds where a runtime's wheel is good to
//! milliseconds.

mod schedule;
mod timer;

pub use schedule::Schedule;
pub use timer::Timer;
