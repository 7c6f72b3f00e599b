//! The asleep flag and the signal behind it.

use crate::flag::Flag;

/// What actually wakes the sleeper; a raise that nobody waits for yet is remembered.
pub trait Signal {
    fn raise(&self);
}

/// Wakes one sleeper, at the price of a system call only when it really sleeps.
#[derive(Debug)]
pub struct Bell<F, S> {
    asleep: F,
    signal: S,
}

impl<F: Flag, S: Signal> Bell<F, S> {
    pub fn new(signal: S) -> Self {
        Self { asleep: F::new(false), signal }
    }

    /// Called after a batch of pushes. Says whether the sleeper had to be woken.
    ///
    /// The exchange lets exactly one of several ringers pay for the signal.
    pub fn ring(&self) -> bool {
        F::fence();
        let wakes = self.asleep.load() && self.asleep.take();
        if wakes {
            self.signal.raise();
        }
        wakes
    }

    /// Announces sleep, then looks once more. `true`: nothing is pending, wait for the signal.
    /// `false`: something is, and the flag is down again.
    pub fn before_sleep(&self, anything_pending: impl FnOnce() -> bool) -> bool {
        self.asleep.store(true);
        F::fence();
        if anything_pending() {
            self.awake();
            return false;
        }
        true
    }

    /// Takes the announcement back, so that ringers need not signal. A signal raised meanwhile stays
    /// pending and ends the next sleep early, which is harmless.
    pub fn awake(&self) {
        self.asleep.store(false);
    }

    pub fn signal(&self) -> &S {
        &self.signal
    }
}
