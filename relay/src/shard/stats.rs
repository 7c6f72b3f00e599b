//! What a shard counts of itself, for the metrics page.
//!
//! Promise: only the shard's own thread writes, so counting costs a load and a store; the page reads from another
//! thread at any time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::rt::turn::TurnCounts;

/// Turns of up to 2^n microseconds are counted in bucket n; the last takes all longer ones (2^20 us is a second).
pub const TURN_BUCKETS: usize = 21;

/// A number with one writer.
#[derive(Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, by: u64) {
        self.set(self.get() + by);
    }
    pub fn set(&self, to: u64) {
        self.0.store(to, Relaxed);
    }
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Counters since the start, and gauges as of the last turn.
#[derive(Default)]
pub struct Stats {
    pub connections: Counter,
    /// Frames queued to connections.
    pub frames_out: Counter,
    pub frames_in: Counter,
    /// Those of the frames that went, or came, as datagrams.
    pub datagrams_out: Counter,
    pub datagrams_in: Counter,
    /// Write system calls (WebSocket) or stream writes (WebTransport).
    pub writes: Counter,
    pub bytes_out: Counter,
    /// Connections cut because they read too slowly.
    pub slow_consumers: Counter,
    /// Times the driver reported that sockets are ready.
    pub wakeups: Counter,
    pub turns: Counter,
    /// How long turns took, from their start to the last write.
    pub turn_us: [Counter; TURN_BUCKETS],
    pub turn_us_sum: Counter,
}

impl Stats {
    /// A turn has ended.
    pub fn end_turn(&self, took: Duration, counts: TurnCounts) {
        let us = took.as_micros() as u64;
        let bucket = (u64::BITS - us.saturating_sub(1).leading_zeros()) as usize;
        self.turn_us[bucket.min(TURN_BUCKETS - 1)].add(1);
        self.turn_us_sum.add(us);
        self.wakeups.set(counts.wakeups);
        self.turns.set(counts.turns);
    }
}

/// The stats of every shard, in order.
pub type AllStats = Arc<[Arc<Stats>]>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_counted_where_it_belongs() {
        let stats = Stats::default();
        for us in [0, 1, 2, 3, 4, 5, 1 << 20, 1 << 30] {
            stats.end_turn(Duration::from_micros(us), TurnCounts { turns: us, ..TurnCounts::default() });
        }
        let counted: Vec<u64> = stats.turn_us.iter().map(Counter::get).collect();
        assert_eq!(counted[..4], [2, 1, 2, 1], "up to 1, 2, 4 and 8 microseconds");
        assert_eq!(counted[TURN_BUCKETS - 1], 2, "a second, and far longer");
        assert_eq!(stats.turns.get(), 1 << 30);
    }
}
