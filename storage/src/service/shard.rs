//! A shard's end of the store, and the rings behind it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use chasqui_proto::row::{Op, Read, Rows, StoreRequest, Ticket};
use rtrb::{Consumer, Producer, RingBuffer};

use super::counters::{Gauge, ShardStats};
use super::{SHARD_READS_MAX, SHARD_WRITES_MAX, Shared};

pub(super) type WriteRequest = (Ticket, Rows);
pub(super) type ReadRequest = (Ticket, Read);

/// One shard's way into the store.
pub struct ShardHandle {
    shard: usize,
    writes: Producer<WriteRequest>,
    reads: Producer<ReadRequest>,
    reader: usize,
    shared: Arc<Shared>,
}

impl ShardHandle {
    /// Hands the request to the store, or back to the caller if the ring is full or the service stops. Never blocks.
    pub fn submit(&mut self, request: StoreRequest) -> Result<(), StoreRequest> {
        if self.shared.stopping() {
            return Err(request);
        }
        let StoreRequest { ticket, op } = request;
        let pushed = match op {
            Op::Write(rows) => self.submit_write(ticket, rows),
            Op::Read(read) => self.submit_read(ticket, read),
        };
        pushed.map_err(|op| {
            self.stats().refused.fetch_add(1, Ordering::Relaxed);
            StoreRequest { ticket, op }
        })
    }

    fn submit_write(&mut self, ticket: Ticket, rows: Rows) -> Result<(), Op> {
        self.writes.push((ticket, rows)).map_err(|rtrb::PushError::Full((_, rows))| Op::Write(rows))?;
        self.stats().writes.submit();
        self.shared.writer_bell.ring();
        Ok(())
    }

    fn submit_read(&mut self, ticket: Ticket, read: Read) -> Result<(), Op> {
        self.reads.push((ticket, read)).map_err(|rtrb::PushError::Full((_, read))| Op::Read(read))?;
        self.stats().reads.submit();
        self.shared.reader_bells[self.reader].ring();
        Ok(())
    }

    fn stats(&self) -> &ShardStats {
        &self.shared.stats.shards[self.shard]
    }
}

/// The store's end of one ring.
pub(super) struct Inlet<T> {
    pub(super) shard: usize,
    ring: Consumer<T>,
    gauge: fn(&ShardStats) -> &Gauge,
    shared: Arc<Shared>,
}

impl<T> Inlet<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.ring.slots()
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        let request = self.ring.pop().ok()?;
        (self.gauge)(&self.shared.stats.shards[self.shard]).take();
        Some(request)
    }
}

/// Makes the rings: the handles, the writer's inlets, and the inlets of each reader.
#[allow(clippy::type_complexity)]
pub(super) fn connect(
    shared: &Arc<Shared>,
    shards: usize,
    readers: usize,
) -> (Vec<ShardHandle>, Vec<Inlet<WriteRequest>>, Vec<Vec<Inlet<ReadRequest>>>) {
    let mut handles = Vec::with_capacity(shards);
    let mut write_inlets = Vec::with_capacity(shards);
    let mut read_inlets: Vec<Vec<_>> = (0..readers).map(|_| Vec::new()).collect();
    for shard in 0..shards {
        let (writes, write_ring) = RingBuffer::new(SHARD_WRITES_MAX);
        let (reads, read_ring) = RingBuffer::new(SHARD_READS_MAX);
        let reader = shard % readers;
        write_inlets.push(Inlet { shard, ring: write_ring, gauge: |s| &s.writes, shared: shared.clone() });
        read_inlets[reader].push(Inlet { shard, ring: read_ring, gauge: |s| &s.reads, shared: shared.clone() });
        handles.push(ShardHandle { shard, writes, reads, reader, shared: shared.clone() });
    }
    (handles, write_inlets, read_inlets)
}
