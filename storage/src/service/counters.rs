//! What the service has done and what waits, for metrics and tests.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A look at the counters. All but the queue depths only rise.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Commits of the engine, each with one fsync.
    pub commits: u64,
    /// Write requests carried out: `requests / commits` is the mean size of a group.
    pub requests: u64,
    pub rows: u64,
    /// Time spent in commits, nearly all of it fsync.
    pub commit_nanos: u64,
    pub reads: u64,
    pub read_nanos: u64,
    /// Requests handed back because a ring was full.
    pub refused: u64,
    pub writes_queued: u64,
    pub reads_queued: u64,
}

/// Requests that went into and came out of one ring. Each side has one writer, so no update is contended.
#[derive(Default)]
pub(super) struct Gauge {
    submitted: AtomicU64,
    taken: AtomicU64,
}

impl Gauge {
    pub(super) fn submit(&self) {
        self.submitted.fetch_add(1, Ordering::Relaxed);
    }
    pub(super) fn take(&self) {
        self.taken.fetch_add(1, Ordering::Relaxed);
    }
    fn depth(&self) -> u64 {
        // Taken first: the difference errs upwards, never below zero.
        let taken = self.taken.load(Ordering::Relaxed);
        self.submitted.load(Ordering::Relaxed).saturating_sub(taken)
    }
}

#[derive(Default)]
pub(super) struct ShardStats {
    pub(super) writes: Gauge,
    pub(super) reads: Gauge,
    pub(super) refused: AtomicU64,
}

pub(super) struct Stats {
    pub(super) shards: Vec<ShardStats>,
    commits: AtomicU64,
    requests: AtomicU64,
    rows: AtomicU64,
    commit_nanos: AtomicU64,
    reads: AtomicU64,
    read_nanos: AtomicU64,
}

impl Stats {
    pub(super) fn new(shards: usize) -> Self {
        Self {
            shards: (0..shards).map(|_| ShardStats::default()).collect(),
            commits: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            rows: AtomicU64::new(0),
            commit_nanos: AtomicU64::new(0),
            reads: AtomicU64::new(0),
            read_nanos: AtomicU64::new(0),
        }
    }

    pub(super) fn committed(&self, requests: usize, rows: usize, took: Duration) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.requests.fetch_add(requests as u64, Ordering::Relaxed);
        self.rows.fetch_add(rows as u64, Ordering::Relaxed);
        self.commit_nanos.fetch_add(took.as_nanos() as u64, Ordering::Relaxed);
    }

    pub(super) fn read(&self, took: Duration) {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.read_nanos.fetch_add(took.as_nanos() as u64, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self) -> Counters {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            commits: load(&self.commits),
            requests: load(&self.requests),
            rows: load(&self.rows),
            commit_nanos: load(&self.commit_nanos),
            reads: load(&self.reads),
            read_nanos: load(&self.read_nanos),
            refused: self.shards.iter().map(|s| load(&s.refused)).sum(),
            writes_queued: self.shards.iter().map(|s| s.writes.depth()).sum(),
            reads_queued: self.shards.iter().map(|s| s.reads.depth()).sum(),
        }
    }
}
