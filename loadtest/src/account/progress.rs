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
    /// Connections that were told to drop.
    dropped: AtomicU64,
    /// Those of them that are back and have caught up.
    resumed: AtomicU64,
}

/// The counts at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Snapshot {
    pub sent: u64,
    pub acked: u64,
    pub refused: u64,
    pub expected: u64,
    pub delivered: u64,
    pub dropped: u64,
    pub resumed: u64,
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

    pub fn dropped(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
    pub fn resumed(&self) {
        self.resumed.fetch_add(1, Ordering::Relaxed);
    }

    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            sent: self.sent.load(Ordering::Relaxed),
            acked: self.acked.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            expected: self.expected.load(Ordering::Relaxed),
            delivered: self.delivered.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            resumed: self.resumed.load(Ordering::Relaxed),
        }
    }
}

impl Snapshot {
    /// Everything sent is answered, everything not refused has arrived, and everybody is back.
    pub fn is_complete(&self) -> bool {
        self.acked + self.refused >= self.sent && self.delivered >= self.expected && self.resumed >= self.dropped
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
            dropped: self.dropped - earlier.dropped,
            resumed: self.resumed - earlier.resumed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_is_complete_when_nothing_is_under_way() {
        let progress = Progress::default();
        progress.sent(2);
        progress.sent(2);
        progress.acked();
        progress.delivered();
        progress.delivered();
        assert!(!progress.snapshot().is_complete());
        progress.refused(2);
        assert!(progress.snapshot().is_complete(), "what is refused is not waited for");
        progress.dropped();
        assert!(!progress.snapshot().is_complete());
        progress.resumed();
        assert!(progress.snapshot().is_complete());
    }

    #[test]
    fn a_step_is_complete_whatever_former_ones_have_lost() {
        let progress = Progress::default();
        progress.sent(1);
        let base = progress.snapshot();
        progress.sent(1);
        assert!(!progress.snapshot().since(&base).is_complete());
        progress.acked();
        progress.delivered();
        assert!(progress.snapshot().since(&base).is_complete());
    }
}
