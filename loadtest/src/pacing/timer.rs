//! A sleep that ends on the microsecond: a timerfd in the worker's own reactor.

use std::io;
use std::os::fd::OwnedFd;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::unix::AsyncFd;

use crate::clock::{self, NANOS_PER_SECOND, Nanos};

/// One sleeper's timer.
pub struct Timer {
    fd: AsyncFd<OwnedFd>,
}

impl Timer {
    /// Must be made on the runtime that will wait for it.
    pub fn new() -> io::Result<Self> {
        let fd = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        // Deprecated for types that may change their descriptor under the reactor; an owned one does not.
        #[allow(deprecated)]
        let fd = AsyncFd::new(fd)?;
        Ok(Self { fd })
    }

    /// Sleeps until `at`. Where that is past it returns without a system call; others get their turn when the task
    /// has used up its budget.
    pub async fn sleep_until(&self, at: Nanos) -> io::Result<()> {
        if at <= clock::now() {
            tokio::task::consume_budget().await;
            return Ok(());
        }
        // Setting the timer also forgets an expiration nobody has read, so one system call a sleep is enough.
        timerfd_settime(&self.fd, TimerfdTimerFlags::ABSTIME, &once(at))?;
        while clock::now() < at {
            self.fd.readable().await?.clear_ready();
        }
        Ok(())
    }
}

fn once(at: Nanos) -> Itimerspec {
    let never = Timespec { tv_sec: 0, tv_nsec: 0 };
    let value = Timespec { tv_sec: (at / NANOS_PER_SECOND) as i64, tv_nsec: (at % NANOS_PER_SECOND) as _ };
    Itimerspec { it_interval: never, it_value: value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleeping_again_and_again_never_ends_early_or_hangs() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let timer = Timer::new().unwrap();
            let mut at = clock::now();
            for _ in 0..200 {
                at += 50_000;
                timer.sleep_until(at).await.unwrap();
                assert!(clock::now() >= at);
            }
        });
    }
}
