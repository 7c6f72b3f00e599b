//! The ways back to the shards.
//!
//! A lock per sink is enough: only the writer and the shard's reader ever take it, for as long as it takes to hand
//! over one batch; the shard itself never does.

use std::sync::Mutex;

use chasqui_proto::row::{Completion, Outcome, Ticket};

use super::CompletionSink;

pub(super) struct Outlets {
    sinks: Vec<Mutex<Box<dyn CompletionSink>>>,
}

impl Outlets {
    pub(super) fn new(sinks: Vec<Box<dyn CompletionSink>>) -> Self {
        Self { sinks: sinks.into_iter().map(Mutex::new).collect() }
    }

    /// Hands over one batch in order, leaving it empty, and wakes the shard once.
    pub(super) fn complete(&self, shard: usize, batch: &mut Vec<(Ticket, Outcome)>) {
        if batch.is_empty() {
            return;
        }
        let mut sink = self.sinks[shard].lock().expect("a panicking holder ends the process");
        for (ticket, outcome) in batch.drain(..) {
            sink.complete(Completion { ticket, outcome });
        }
        sink.flush();
    }
}
