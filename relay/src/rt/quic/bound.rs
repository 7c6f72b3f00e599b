//! Values that never leave their thread, behind types that demand `Send` and `Sync`.
//!
//! Promises: a [`ThreadBound`] may be *named* from any thread and *touched* only on the one that made
//! it. quinn's traits demand `Send + Sync`, yet quinn calls its runtime only on the thread that polls
//! its tasks, and here those tasks never move.
//!
//! Limits: a value dropped on a foreign thread is leaked, because running its destructor there would
//! be the very access this type forbids.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicU64, Ordering};

/// A number no other thread of this process has had or will have, unlike a thread-local's address.
fn thread_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    thread_local! {
        static MINE: Cell<u64> = const { Cell::new(0) };
    }
    MINE.with(|mine| {
        if mine.get() == 0 {
            mine.set(NEXT.fetch_add(1, Ordering::Relaxed));
        }
        mine.get()
    })
}

pub(super) struct ThreadBound<T> {
    owner: u64,
    value: ManuallyDrop<T>,
}

// SAFETY: moving a `ThreadBound` moves bytes only; every access to the value, its destructor included,
// first checks that it runs on the owner's thread.
unsafe impl<T> Send for ThreadBound<T> {}
// SAFETY: a shared reference gives access to the value on the owner's thread only, so no two threads
// ever look at it.
unsafe impl<T> Sync for ThreadBound<T> {}

impl<T> ThreadBound<T> {
    pub(super) fn new(value: T) -> Self {
        Self { owner: thread_number(), value: ManuallyDrop::new(value) }
    }

    pub(super) fn get(&self) -> &T {
        self.check();
        &self.value
    }

    pub(super) fn get_mut(&mut self) -> &mut T {
        self.check();
        &mut self.value
    }

    fn check(&self) {
        assert_eq!(self.owner, thread_number(), "a shard's QUIC state was touched by another thread");
    }
}

impl<T> Drop for ThreadBound<T> {
    fn drop(&mut self) {
        if self.owner == thread_number() {
            // SAFETY: this is the owner's thread, and `drop` runs once, so the value is dropped once.
            unsafe { ManuallyDrop::drop(&mut self.value) }
        }
    }
}

impl<T> std::fmt::Debug for ThreadBound<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ThreadBound").field("owner", &self.owner).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    #[test]
    fn a_foreign_thread_may_hold_but_not_touch() {
        let held = ThreadBound::new(Rc::new(7));
        let held = std::thread::spawn(move || {
            let touched = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| **held.get()));
            assert!(touched.is_err());
            held
        });
        assert_eq!(**held.join().unwrap().get(), 7);
    }

    #[test]
    fn a_foreign_drop_leaks_instead_of_racing() {
        let alive = Rc::new(());
        let held = ThreadBound::new(alive.clone());
        std::thread::spawn(move || drop(held)).join().unwrap();
        assert_eq!(Rc::strong_count(&alive), 2);
        drop(ThreadBound::new(alive.clone()));
        assert_eq!(Rc::strong_count(&alive), 2);
    }
}
