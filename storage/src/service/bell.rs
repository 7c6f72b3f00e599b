//! Wakes a store thread that has nothing to do; costs one fence and one load while it is busy.
//!
//! Invariant: work pushed before `ring` is seen by the waiter. Both sides order "my store, then your load" with a
//! SeqCst fence: either the waiter sees the work, or the ringer sees it asleep.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::thread::{self, Thread};

#[derive(Default)]
pub(super) struct Bell {
    asleep: AtomicBool,
    waiter: OnceLock<Thread>,
}

impl Bell {
    /// Called after work was pushed.
    pub(super) fn ring(&self) {
        fence(Ordering::SeqCst);
        if self.asleep.load(Ordering::Relaxed) && self.asleep.swap(false, Ordering::AcqRel) {
            self.waiter.get().expect("a thread is known before it sleeps").unpark();
        }
    }

    /// Sleeps until rung, unless there is work. Only ever called by one thread; may return without cause.
    pub(super) fn wait(&self, has_work: impl Fn() -> bool) {
        self.waiter.get_or_init(thread::current);
        self.asleep.store(true, Ordering::Release);
        fence(Ordering::SeqCst);
        if !has_work() {
            thread::park();
        }
        self.asleep.store(false, Ordering::Relaxed);
    }
}
