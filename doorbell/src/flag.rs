//! The one shared word both protocols are built on.

use std::sync::atomic::{AtomicBool, Ordering, fence};

/// An atomic flag and the fence that orders it against the rings.
///
/// Loads and stores are relaxed: every ordering the protocols need comes from [`Flag::fence`].
pub trait Flag {
    fn new(value: bool) -> Self;
    fn load(&self) -> bool;
    fn store(&self, value: bool);
    /// Lowers a raised flag; `true` for the one caller that did. A compare-and-exchange, because it
    /// writes nothing when the flag is down, so it never gets between the sleeper's own stores.
    fn take(&self) -> bool;
    /// A sequentially consistent fence: between two threads that each store, fence and load, at least
    /// one load sees the other's store.
    fn fence();
}

impl Flag for AtomicBool {
    fn new(value: bool) -> Self {
        AtomicBool::new(value)
    }

    fn load(&self) -> bool {
        self.load(Ordering::Relaxed)
    }

    fn store(&self, value: bool) {
        self.store(value, Ordering::Relaxed);
    }

    fn take(&self) -> bool {
        self.compare_exchange(true, false, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    fn fence() {
        fence(Ordering::SeqCst);
    }
}

#[cfg(feature = "model")]
impl Flag for loom::sync::atomic::AtomicBool {
    fn new(value: bool) -> Self {
        loom::sync::atomic::AtomicBool::new(value)
    }

    fn load(&self) -> bool {
        self.load(Ordering::Relaxed)
    }

    fn store(&self, value: bool) {
        self.store(value, Ordering::Relaxed);
    }

    fn take(&self) -> bool {
        self.compare_exchange(true, false, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    fn fence() {
        loom::sync::atomic::fence(Ordering::SeqCst);
    }
}
