//! Timers that fire on time on a busy shard.
//!
//! # Why not the runtime's
//!
//! monoio looks at its timers only when it parks, and it parks only when its run queue is empty: beside
//! a task that is always ready a 20 ms sleep fires after seconds, or never
//! (`tests.rs` beside this file shows both). QUIC's loss, keep-alive and idle
//! timers would stop just when the load is high.
//!
//! # How
//!
//! Deadlines live in a wheel that every turn looks at: a batch of socket events, a mesh drain, a
//! [`super::yield_now`]. For the idle shard one sleep of the runtime is aimed at the earliest deadline.

#[cfg(test)]
mod tests;
mod wheel;

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::context::Shard;
use super::notify::Notify;
use wheel::{TimerId, Wheel};

/// Stands in for "no deadline"; longer than any process runs, short enough for clock arithmetic.
const NEVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// Resolves once `deadline` has passed.
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep::until(deadline)
}

pub fn sleep(duration: Duration) -> Sleep {
    Sleep::until(Instant::now() + duration.min(NEVER))
}

/// A deadline that can be moved. Cancel-safe; must be made and polled on the same shard.
pub struct Sleep {
    shard: Rc<Shard>,
    id: TimerId,
    deadline: Instant,
}

impl Sleep {
    pub fn until(deadline: Instant) -> Self {
        let shard = Shard::current();
        let id = shard.timers.insert(deadline);
        Self { shard, id, deadline }
    }

    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Moves the deadline, also of a sleep that has fired. Moving it back costs a store; the waiting
    /// task stays registered.
    pub fn reset(&mut self, deadline: Instant) {
        self.deadline = deadline;
        self.shard.timers.set(self.id, deadline);
    }

    pub fn has_fired(&self) -> bool {
        self.shard.timers.wheel.borrow().has_fired(self.id)
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.shard.timers.poll(self.id, cx.waker()) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let waker = self.shard.timers.wheel.borrow_mut().remove(self.id);
        drop(waker);
    }
}

impl std::fmt::Debug for Sleep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sleep").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

/// The wheel of a shard and the aim of its one runtime sleep.
#[derive(Default)]
pub(super) struct Timers {
    wheel: RefCell<Wheel>,
    aim: Cell<Option<Instant>>,
    aim_again: Notify,
    due: Cell<Vec<Waker>>,
}

impl Timers {
    fn insert(&self, deadline: Instant) -> TimerId {
        let id = self.wheel.borrow_mut().insert(deadline);
        self.check_aim(deadline);
        id
    }

    fn set(&self, id: TimerId, deadline: Instant) {
        self.wheel.borrow_mut().set(id, deadline);
        self.check_aim(deadline);
    }

    fn poll(&self, id: TimerId, waker: &Waker) -> bool {
        let (fired, replaced) = self.wheel.borrow_mut().poll(id, waker);
        drop(replaced);
        fired
    }

    /// Fires what is due and says how many that were.
    pub(super) fn turn(&self, now: Instant) -> usize {
        let mut wheel = self.wheel.borrow_mut();
        if wheel.next().is_none_or(|next| next > now) {
            return 0;
        }
        let mut due = self.due.take();
        let fired = wheel.turn(now, &mut due);
        drop(wheel);
        due.drain(..).for_each(Waker::wake);
        self.due.set(due);
        fired
    }

    fn check_aim(&self, deadline: Instant) {
        if self.aim.get().is_none_or(|aim| deadline < aim) {
            self.aim_again.raise();
        }
    }

    /// Drops every task that waits for a timer and ends [`Timers::watch`].
    pub(super) fn close(&self) {
        let wakers = self.wheel.borrow_mut().take_wakers();
        drop(wakers);
        self.aim_again.raise();
    }

    /// The task behind an idle shard's timers: sleeps until the earliest deadline and takes a turn.
    ///
    /// Dropping the runtime's sleep is safe; it holds no data.
    pub(super) async fn watch(&self, shard: &Shard) {
        let never = Instant::now() + NEVER;
        let mut sleep = pin!(monoio::time::sleep_until(never.into()));
        poll_fn(|cx| self.poll_watch(shard, never, sleep.as_mut(), cx)).await;
    }

    fn poll_watch(
        &self,
        shard: &Shard,
        never: Instant,
        mut sleep: Pin<&mut monoio::time::Sleep>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        loop {
            if shard.is_closing() {
                return Poll::Ready(());
            }
            shard.turn();
            let next = self.wheel.borrow().next().unwrap_or(never);
            if self.aim.replace(Some(next)) != Some(next) {
                sleep.as_mut().reset(next.into());
            }
            if sleep.as_mut().poll(cx).is_ready() {
                // A sleep that has fired must be aimed anew before it is polled again.
                self.aim.set(None);
            } else if self.aim_again.poll_raised(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}
