//! Threads and rings around an engine.
//!
//! Promise: submitting never blocks a shard; a write is completed only after the commit that covers it; the writes
//! of one shard complete in the order they were submitted, and a read submitted after a write's completion sees it.
//!
//! In the flow: each shard owns a [`ShardHandle`]. Its writes go by a ring to the one writer thread, which commits
//! what is queued as one group with one fsync; its reads go by a ring to one of a few reader threads. Completions
//! come back through the shard's [`CompletionSink`].
//!
//! The batch interval is a ceiling, not a delay: an idle writer commits at once. A busy one, whose next requests
//! came while it was committing, lets them gather for a moment first, so that many small fsyncs become few.
//!
//! Limits: [`SHARD_WRITES_MAX`], [`SHARD_READS_MAX`], [`GROUP_ROWS_MAX`], [`GROUP_BYTES_MAX`].

mod bell;
mod counters;
mod group;
mod outlets;
mod readers;
mod shard;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use chasqui_proto::row::Completion;

use crate::engine::Engine;
use bell::Bell;
pub use counters::Counters;
use counters::Stats;
use outlets::Outlets;
pub use shard::ShardHandle;

/// Write requests of one shard waiting for the writer; beyond, the shard refuses sends. Disks pause for a
/// good part of a second now and then: at 20,000 a second this rides out 0.8 s.
pub const SHARD_WRITES_MAX: usize = 16 * 1024;
/// Read requests of one shard waiting for a reader.
pub const SHARD_READS_MAX: usize = 16 * 1024;
/// Rows in one group commit; bounds how long the first of them waits for the others to be written.
pub const GROUP_ROWS_MAX: usize = 4096;
/// Bytes of text in one group commit, for the same reason. A single request may exceed it.
pub const GROUP_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long a busy writer lets requests gather: a commit costs some 0.2 ms of CPU whatever it holds.
pub const GATHER_DEFAULT: Duration = Duration::from_millis(5);
/// Reader threads: they wait for the disk, so a few serve many shards.
pub const READERS_DEFAULT: usize = 2;

/// Takes the completions of one shard. Called from the writer's and a reader's thread, never by both at once.
///
/// It must not block, and must have room for every request the shard has outstanding.
pub trait CompletionSink: Send {
    fn complete(&mut self, completion: Completion);
    /// Comes once after a batch of completions: the moment to wake the shard.
    fn flush(&mut self);
}

#[derive(Clone, Debug)]
pub struct ServiceConfig {
    pub readers: usize,
    pub gather: Duration,
}

impl Default for ServiceConfig {
    fn default() -> Self {
        Self { readers: READERS_DEFAULT, gather: GATHER_DEFAULT }
    }
}

/// What all threads of a service share.
struct Shared {
    stats: Stats,
    stopping: AtomicBool,
    writer_bell: Bell,
    /// One per reader thread.
    reader_bells: Vec<Bell>,
}

impl Shared {
    fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }
}

/// A running store. Dropping it stops it.
pub struct Service {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Service {
    /// Starts the threads, with one handle for each sink, in the same order.
    pub fn start<E: Engine>(
        engine: E,
        config: ServiceConfig,
        sinks: Vec<Box<dyn CompletionSink>>,
    ) -> (Self, Vec<ShardHandle>) {
        let readers = config.readers.clamp(1, sinks.len().max(1));
        let shared = Arc::new(Shared {
            stats: Stats::new(sinks.len()),
            stopping: AtomicBool::new(false),
            writer_bell: Bell::default(),
            reader_bells: (0..readers).map(|_| Bell::default()).collect(),
        });
        let (handles, writes, reads) = shard::connect(&shared, sinks.len(), readers);
        let outlets = Arc::new(Outlets::new(sinks));
        let mut threads: Vec<_> = reads
            .into_iter()
            .enumerate()
            .map(|(index, inlets)| readers::spawn(index, engine.reader(), inlets, outlets.clone(), shared.clone()))
            .collect();
        threads.push(writer::spawn(engine, config.gather, writes, outlets, shared.clone()));
        (Self { shared, threads }, handles)
    }

    pub fn counters(&self) -> Counters {
        self.shared.stats.snapshot()
    }

    /// Carries out and completes everything submitted so far, then closes the engine. The shards must have stopped
    /// submitting: from here on their handles refuse.
    pub fn stop(mut self) {
        self.join();
    }

    fn join(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        self.shared.writer_bell.ring();
        self.shared.reader_bells.iter().for_each(Bell::ring);
        for thread in self.threads.drain(..) {
            thread.join().expect("a panic in a store thread ends the process before it can be joined");
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.join();
    }
}

/// Ends the process should a store thread panic: a relay whose store is dead but silent would wait for ever.
struct EndProcessOnPanic;

impl Drop for EndProcessOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("chasqui: a store thread failed; the process ends now. What was acknowledged is on disk.");
            std::process::abort();
        }
    }
}

fn spawn(name: String, run: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    let body = move || {
        let _guard = EndProcessOnPanic;
        run();
    };
    std::thread::Builder::new().name(name).spawn(body).expect("a thread can be started when the store opens")
}
