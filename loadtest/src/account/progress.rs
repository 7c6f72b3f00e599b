//! The counts that decide when a run is over, shared by all threads.

use std::sync::atomic::{AtomicU64, Ordering};

/// Rising counts. Relaxed: nothing else is inferred from them, and the final account comes from the tallies.
#[derive(Default, Debug)]
pub struct Progress {
    sent: AtomicU64,
    acked: AtomicU64,
    refused: AtomicU64,
    /// Deliveries due of what was sent and not refused.
    expected: AtomicU64,
    delivered: AtomicU64,
}

/// The counts at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Snapshot {
    pub sent: u64,
    pub acked: u64,
    pub refused: u64,
    pub expected: u64,
    pub delivered: u64,
}

impl Progress {
    /// A message to `audience` receivers.
    pub fn sent(&self, audience: u32) {
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.expected.fetch_add(audience.into(), Ordering::Relaxed);
    }
    pub fn acked(&self) {
        self.acked.fetch_add(1, Ordering::Relaxed);
    }
    pub fn refused(&self, audience: u32) {
        self.refused.fetch_add(1, Ordering::Relaxed);
        self.expected.fetch_sub(audience.into(), Ordering::Relaxed);
    }
    pub fn delivered(&self) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
    }

    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            sent: self.sent.load(Ordering::Relaxed),
            acked: self.acked.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            expected: self.expected.load(Ordering::Relaxed),
            delivered: self.delivered.load(Ordering::Relaxed),
        }
    }
}

impl Snapshot {
    /// Everything sent is answered, and everything not refused has arrived.
    pub fn is_complete(&self) -> bool {
        self.acked + self.refused >= self.sent && self.delivered >= self.expected
    }

    /// What was counted since `earlier`.
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            sent: self.sent - earlier.sent,
            acked: self.acked - earlier.acked,
            refused: self.refused - earlier.refused,
            // Refusals take back what was expected before.
            expected: self.expected.saturating_sub(earlier.expected),
            delivered: self.delivered - earlier.delivered,
        }
    }
}
