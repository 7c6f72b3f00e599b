//! A flag that one task of the shard waits for and others of the same shard raise.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

/// Wakes the task and keeps its waker. Nothing is borrowed meanwhile, and nothing counted.
pub(super) fn wake(waiter: &RefCell<Option<Waker>>) {
    let Some(waker) = waiter.take() else { return };
    waker.wake_by_ref();
    let mut waiter = waiter.borrow_mut();
    if waiter.is_none() {
        *waiter = Some(waker);
    }
}

/// Remembers one raise while nobody waits. One waiter at a time; raising it anew wakes it once.
#[derive(Debug, Default)]
pub struct Notify {
    raised: Cell<bool>,
    /// Kept after it was woken, for a task that waits again.
    waiter: RefCell<Option<Waker>>,
    waiting: Cell<bool>,
}

impl Notify {
    pub fn raise(&self) {
        self.raised.set(true);
        if self.waiting.take() {
            wake(&self.waiter);
        }
    }

    pub fn is_raised(&self) -> bool {
        self.raised.get()
    }

    pub fn poll_raised(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.raised.take() {
            return Poll::Ready(());
        }
        self.waiting.set(true);
        let known = self.waiter.borrow().as_ref().is_some_and(|waiter| waiter.will_wake(cx.waker()));
        if !known {
            let replaced = self.waiter.replace(Some(cx.waker().clone()));
            drop(replaced);
        }
        Poll::Pending
    }

    /// Cancel-safe: a raise that comes while nobody waits stays raised.
    pub async fn raised(&self) {
        poll_fn(|cx| self.poll_raised(cx)).await;
    }

    /// Forgets the waiter, whose task this may free.
    pub(super) fn forget(&self) {
        self.waiting.set(false);
        drop(self.waiter.take());
    }
}
