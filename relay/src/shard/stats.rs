//! What a shard counts of itself, for the metrics page.
//!
//! Promise: only the shard's own thread writes, so counting costs a load and a store; the page reads from another
//! thread at any time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use chasqui_chat::shard::Gauges;

use super::histogram::Histogram;
use crate::rt::turn::TurnCounts;

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
    pub turn_time: Histogram,
    /// Messages taken from other shards.
    pub mesh_in: Counter,
    /// The most that were found waiting in one ring from another shard.
    pub mesh_ring_max: Counter,
    pub core: CoreGauges,
}

/// The core's depths at the end of the last turn.
#[derive(Default)]
pub struct CoreGauges {
    /// Conversations in memory.
    pub live_conversations: Counter,
    /// Commands whose answers are not back.
    pub permits_out: Counter,
    pub store_inflight: Counter,
    /// Messages to other shards that wait for room in a ring.
    pub debts: Counter,
    /// Conversations that a shard was not told all of, for want of room in its ring.
    pub behind: Counter,
}

impl Stats {
    /// A turn has ended.
    pub fn end_turn(&self, took: Duration, counts: TurnCounts) {
        self.turn_time.record(took);
        self.wakeups.set(counts.wakeups);
        self.turns.set(counts.turns);
    }

    /// Messages were taken from other shards.
    pub fn count_mesh(&self, taken: usize, ring_max: usize) {
        self.mesh_in.add(taken as u64);
        self.mesh_ring_max.set(ring_max as u64);
    }
}

impl CoreGauges {
    pub fn set(&self, gauges: Gauges) {
        self.live_conversations.set(gauges.live_conversations as u64);
        self.permits_out.set(gauges.permits_out.into());
        self.store_inflight.set(gauges.store_inflight as u64);
        self.debts.set(gauges.debts as u64);
        self.behind.set(gauges.behind as u64);
    }
}

/// The stats of every shard, in order.
pub type AllStats = Arc<[Arc<Stats>]>;
