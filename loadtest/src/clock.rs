//! Time in nanoseconds on the system's monotonic clock: the one that timers are set on and stamps are taken from.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds since an arbitrary moment, the same for all threads.
pub type Nanos = u64;

pub const NANOS_PER_SECOND: u64 = 1_000_000_000;

pub fn now() -> Nanos {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec as u64 * NANOS_PER_SECOND + time.tv_nsec as u64
}

pub fn nanos(duration: Duration) -> Nanos {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Blocks the thread until `at`.
pub fn sleep_until(at: Nanos) {
    std::thread::sleep(Duration::from_nanos(at.saturating_sub(now())));
}

/// A half-open span; messages due in it are measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    pub from: Nanos,
    pub until: Nanos,
}

impl Span {
    /// Nothing is measured yet.
    pub const NEVER: Span = Span { from: u64::MAX, until: u64::MAX };

    pub fn contains(self, at: Nanos) -> bool {
        (self.from..self.until).contains(&at)
    }
}
