//! A reader thread: serves the reads of its shards, in order for each shard.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use chasqui_proto::row::{Outcome, Read, StoreFailure};

use super::Shared;
use super::outlets::Outlets;
use super::shard::{Inlet, ReadRequest};
use crate::engine::Reader;

/// Reads of one shard served before the next shard's turn; their completions share one wake-up.
const TURN_READS_MAX: usize = 16;

pub(super) fn spawn<R: Reader>(
    index: usize,
    reader: R,
    inlets: Vec<Inlet<ReadRequest>>,
    outlets: Arc<Outlets>,
    shared: Arc<Shared>,
) -> JoinHandle<()> {
    let pool = ReaderThread { index, reader, inlets, outlets, shared };
    super::spawn(format!("store-reader-{index}"), move || pool.run())
}

struct ReaderThread<R> {
    index: usize,
    reader: R,
    inlets: Vec<Inlet<ReadRequest>>,
    outlets: Arc<Outlets>,
    shared: Arc<Shared>,
}

impl<R: Reader> ReaderThread<R> {
    fn run(mut self) {
        loop {
            // Read before looking at the rings: what was submitted before the stop is then surely seen.
            let stopping = self.shared.stopping();
            if self.inlets.iter().all(Inlet::is_empty) {
                if stopping {
                    return;
                }
                let bell = &self.shared.reader_bells[self.index];
                bell.wait(|| self.shared.stopping() || !self.inlets.iter().all(Inlet::is_empty));
                continue;
            }
            for at in 0..self.inlets.len() {
                self.serve(at);
            }
        }
    }

    fn serve(&mut self, at: usize) {
        let mut done = Vec::new();
        while done.len() < TURN_READS_MAX {
            let Some((ticket, read)) = self.inlets[at].pop() else { break };
            done.push((ticket, self.carry_out(&read)));
        }
        self.outlets.complete(self.inlets[at].shard, &mut done);
    }

    fn carry_out(&self, read: &Read) -> Outcome {
        let start = Instant::now();
        let result = self.reader.read(read);
        self.shared.stats.read(start.elapsed());
        match result {
            Ok(found) => Outcome::Found(found),
            Err(error) => {
                tracing::error!(%error, "a read failed");
                Outcome::Failed(StoreFailure::Rejected)
            }
        }
    }
}
