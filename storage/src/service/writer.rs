//! The one writer thread: gathers what is queued, commits it as a group, completes it.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use chasqui_proto::row::{Outcome, Ticket};

use super::group::Group;
use super::outlets::Outlets;
use super::shard::{Inlet, WriteRequest};
use super::{GROUP_ROWS_MAX, Shared};
use crate::engine::Engine;

pub(super) fn spawn<E: Engine>(
    engine: E,
    gather: Duration,
    inlets: Vec<Inlet<WriteRequest>>,
    outlets: Arc<Outlets>,
    shared: Arc<Shared>,
) -> JoinHandle<()> {
    let done = inlets.iter().map(|_| Vec::new()).collect();
    let writer = Writer { engine, gather, inlets, outlets, shared, done, first: 0 };
    super::spawn("store-writer".to_owned(), move || writer.run())
}

struct Writer<E> {
    engine: E,
    gather: Duration,
    inlets: Vec<Inlet<WriteRequest>>,
    outlets: Arc<Outlets>,
    shared: Arc<Shared>,
    /// Outcomes per shard, to be handed over at the end of a group.
    done: Vec<Vec<(Ticket, Outcome)>>,
    /// The shard that is first in the next group, so that under overload none is always last.
    first: usize,
}

impl<E: Engine> Writer<E> {
    fn run(mut self) {
        let mut idle = true;
        loop {
            // Read before looking at the rings: what was submitted before the stop is then surely seen.
            let stopping = self.shared.stopping();
            if self.inlets.iter().all(Inlet::is_empty) {
                if stopping {
                    return;
                }
                self.shared.writer_bell.wait(|| self.shared.stopping() || !self.inlets.iter().all(Inlet::is_empty));
                idle = true;
                continue;
            }
            let gathers = !idle && !stopping && !self.gather.is_zero();
            if gathers && self.inlets.iter().map(Inlet::len).sum::<usize>() < GROUP_ROWS_MAX {
                thread::sleep(self.gather);
            }
            self.commit_one_group();
            idle = false;
        }
    }

    fn commit_one_group(&mut self) {
        let group = self.gather_group();
        let (requests, rows, start) = (group.requests(), group.rows(), Instant::now());
        let done = &mut self.done;
        group.commit(&mut self.engine, |shard, ticket, outcome| done[shard].push((ticket, outcome)));
        self.shared.stats.committed(requests, rows, start.elapsed());
        for (shard, batch) in self.done.iter_mut().enumerate() {
            self.outlets.complete(shard, batch);
        }
    }

    /// Takes one request of each shard in turn until the rings are empty or the group is full.
    fn gather_group(&mut self) -> Group {
        let mut group = Group::default();
        let shards = self.inlets.len();
        let mut empty_in_a_row = 0;
        while empty_in_a_row < shards && !group.is_full() {
            let inlet = &mut self.inlets[self.first];
            match inlet.pop() {
                Some(request) => {
                    group.add(inlet.shard, request);
                    empty_in_a_row = 0;
                }
                None => empty_in_a_row += 1,
            }
            self.first = (self.first + 1) % shards;
        }
        group
    }
}
