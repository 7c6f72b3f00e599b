//! A flag that one task of the shard waits for and others of the same shard raise.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

/// Remembers one raise while nobody waits. One waiter at a time; raising it anew wakes it once.
#[derive(Debug, Default)]
pub struct Notify {
    raised: Cell<bool>,
    waiter: RefCell<Option<Waker>>,
}

impl Notify {
    pub fn raise(&self) {
        self.raised.set(true);
        let waiter = self.waiter.take();
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }

    pub fn is_raised(&self) -> bool {
        self.raised.get()
    }

    pub fn poll_raised(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.raised.take() {
            return Poll::Ready(());
        }
        let replaced = self.waiter.replace(Some(cx.waker().clone()));
        drop(replaced);
        Poll::Pending
    }

    /// Cancel-safe: a raise that comes while nobody waits stays raised.
    pub async fn raised(&self) {
        poll_fn(|cx| self.poll_raised(cx)).await;
    }

    /// Forgets the waiter, whose task this may free.
    pub(super) fn forget(&self) {
        drop(self.waiter.take());
    }
}
