//! The counts that decide when a run is over, shared by all threads.

use std::sync::atomic::{AtomicU64, Ordering};

/// Rising counts. Relaxed: nothing else is inferred from them, and the final account comes from the tallies.
#[derive(Default, Debug)]
pub struct Progress {
    sent: AtomicU64,
    acked: AtomicU64,
    refused: AtomicU64,
    delivered: AtomicU64,
}

/// The counts at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Snapshot {
    pub sent: u64,
    pub acked: u64,
    pub refused: u64,
    pub delivered: u64,
}

impl Progress {
    pub fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }
    pub fn acked(&self) {
        self.acked.fetch_add(1, Ordering::Relaxed);
    }
    pub fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }
    pub fn delivered(&self) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
    }

    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            sent: self.sent.load(Ordering::Relaxed),
            acked: self.acked.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            delivered: self.delivered.load(Ordering::Relaxed),
        }
    }
}

impl Snapshot {
    /// Deliveries due when each message goes to `receivers`.
    pub fn expected(&self, receivers: u64) -> u64 {
        self.sent.saturating_sub(self.refused) * receivers
    }

    /// Everything sent is answered, if anything is, and everything not refused has arrived.
    pub fn is_complete(&self, receivers: u64, answered: bool) -> bool {
        (!answered || self.acked + self.refused >= self.sent) && self.delivered >= self.expected(receivers)
    }
}
