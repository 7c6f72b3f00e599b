//! What a shard counts of itself.

use std::cell::{Cell, RefCell};

use chasqui_proto::row::Completion;

/// Counters since the start.
#[derive(Default)]
pub struct Stats {
    /// Frames queued to connections.
    pub frames: Cell<u64>,
    /// Write system calls (WebSocket) or stream writes (WebTransport).
    pub writes: Cell<u64>,
    pub frames_in: Cell<u64>,
    pub bytes_out: Cell<u64>,
    /// Connections cut because they read too slowly.
    pub slow_consumers: Cell<u64>,
    /// Store requests a stopped store refused; the pump answers them.
    pub refused_completions: RefCell<Vec<Completion>>,
}

impl Stats {
    pub fn count(cell: &Cell<u64>, by: u64) {
        cell.set(cell.get() + by);
    }
}
