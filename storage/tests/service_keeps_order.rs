//! The service completes the writes of a shard in order, shows them to later reads, groups what is queued, keeps a
//! bad request from harming others, refuses instead of blocking, and stops without losing anything.

mod common;

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use chasqui_proto::ids::Epoch;
use chasqui_proto::row::{Found, Outcome, Read, Row, StoreFailure};
use chasqui_storage::engine::{CommitError, Engine, ReadError, Reader};
use chasqui_storage::memory::{Fault, SharedMemory};
use chasqui_storage::service::{SHARD_READS_MAX, SHARD_WRITES_MAX, Service, ServiceConfig, ShardHandle};
use common::sink::{Batches, all_persisted, batch_sink, read, tickets, write};
use common::{conv, message};

/// A memory store whose commits wait until the test lets them go on, and report the requests they cover.
struct Gated {
    store: SharedMemory,
    started: SyncSender<usize>,
    go: Receiver<()>,
}

impl Reader for Gated {
    fn read(&self, read: &Read) -> Result<Found, ReadError> {
        self.store.read(read)
    }
}

impl Engine for Gated {
    type Reader = SharedMemory;
    fn commit(&mut self, groups: &[&[Row]]) -> Result<(), CommitError> {
        let _ = self.started.send(groups.len());
        // A test that has let go of its end wants no more waiting.
        let _ = self.go.recv();
        self.store.commit(groups)
    }
    fn boot_epoch(&self) -> Epoch {
        self.store.boot_epoch()
    }
    fn reader(&self) -> SharedMemory {
        self.store.clone()
    }
}

struct Gate {
    started: Receiver<usize>,
    go: SyncSender<()>,
}

fn gated() -> (Gated, Gate) {
    let (started, started_out) = sync_channel(2 * SHARD_READS_MAX.max(SHARD_WRITES_MAX));
    let (go_in, go) = sync_channel(2 * SHARD_READS_MAX.max(SHARD_WRITES_MAX));
    (Gated { store: SharedMemory::default(), started, go }, Gate { started: started_out, go: go_in })
}

fn start<E: Engine>(engine: E, shards: usize) -> (Service, Vec<ShardHandle>, Vec<Batches>) {
    let (sinks, batches) = (0..shards).map(|_| batch_sink()).unzip();
    let config = ServiceConfig { gather: Duration::ZERO, ..ServiceConfig::default() };
    let (service, handles) = Service::start(engine, config, sinks);
    (service, handles, batches)
}

fn rows(shard: u8, seq: u64) -> Vec<Row> {
    vec![Row::Message(message(shard, seq, seq, "a"))]
}

fn last_seq(found: &Outcome) -> u64 {
    let Outcome::Found(Found::Page(page)) = found else { panic!("a page was asked for: {found:?}") };
    page.last().map_or(0, |m| m.seq)
}

#[test]
fn writes_of_each_shard_complete_in_order() {
    const TICKETS: u64 = 20_000;
    let (service, handles, batches) = start(SharedMemory::default(), 3);
    let shards = handles.into_iter().enumerate().map(|(shard, mut handle)| {
        std::thread::spawn(move || {
            for ticket in 1..=TICKETS {
                let mut request = write(ticket, rows(shard as u8, ticket));
                while let Err(back) = handle.submit(request) {
                    request = back;
                    std::thread::yield_now();
                }
            }
        })
    });
    shards.collect::<Vec<_>>().into_iter().for_each(|shard| shard.join().unwrap());
    for batches in &batches {
        let completions = batches.take(TICKETS as usize);
        assert!(all_persisted(&completions));
        assert_eq!(tickets(&completions), (1..=TICKETS).collect::<Vec<_>>());
    }
    let counters = service.counters();
    assert_eq!((counters.requests, counters.rows), (3 * TICKETS, 3 * TICKETS));
    assert_eq!((counters.writes_queued, counters.reads_queued), (0, 0));
}

#[test]
fn a_read_after_a_completed_write_sees_it() {
    let folder = common::quick_folder();
    let engine = chasqui_storage::embedded::Embedded::open(folder.path()).unwrap();
    let (_service, mut handles, batches) = start(engine, 3);
    for seq in 1..=200 {
        for (shard, handle) in handles.iter_mut().enumerate() {
            handle.submit(write(seq, rows(shard as u8, seq))).unwrap();
        }
        for (shard, handle) in handles.iter_mut().enumerate() {
            assert!(all_persisted(&batches[shard].take(1)));
            let page = Read::Page { conv: conv(shard as u8), after: seq - 1, limit: 9 };
            handle.submit(read(seq, page)).unwrap();
            assert_eq!(last_seq(&batches[shard].take(1)[0].outcome), seq);
        }
    }
}

#[test]
fn what_queues_during_a_commit_rides_the_next_one_and_wakes_the_shard_once() {
    let (engine, gate) = gated();
    let (service, mut handles, batches) = start(engine, 1);
    handles[0].submit(write(1, rows(0, 1))).unwrap();
    assert_eq!(gate.started.recv().unwrap(), 1, "an idle writer commits at once");
    for ticket in 2..=50 {
        handles[0].submit(write(ticket, rows(0, ticket))).unwrap();
    }
    assert_eq!(service.counters().writes_queued, 49);
    gate.go.send(()).unwrap();
    assert_eq!(tickets(&batches[0].next()), [1]);
    assert_eq!(gate.started.recv().unwrap(), 49, "the rest as one group");
    gate.go.send(()).unwrap();
    assert_eq!(tickets(&batches[0].next()), (2..=50).collect::<Vec<_>>(), "one batch, one wake-up");
    assert_eq!((service.counters().commits, service.counters().writes_queued), (2, 0));
}

#[test]
fn a_full_ring_hands_the_request_back_and_reads_go_on() {
    let (engine, gate) = gated();
    let (service, mut handles, batches) = start(engine, 2);
    handles[0].submit(write(0, rows(0, 1))).unwrap();
    gate.started.recv().unwrap();
    for ticket in 1..=SHARD_WRITES_MAX as u64 {
        handles[0].submit(write(ticket, rows(0, ticket + 1))).unwrap();
    }
    let one_more = write(9999, rows(0, 9999));
    assert_eq!(handles[0].submit(one_more.clone()), Err(one_more));
    assert_eq!(service.counters().refused, 1);
    // A writer that stands still stops neither reads nor the other shard's submits.
    handles[0].submit(read(7, Read::Page { conv: conv(0), after: 0, limit: 1 })).unwrap();
    assert_eq!(tickets(&batches[0].next()), [7]);
    handles[1].submit(write(0, rows(1, 1))).unwrap();
    drop(gate);
    assert_eq!(batches[0].take(SHARD_WRITES_MAX + 1).len(), SHARD_WRITES_MAX + 1);
    assert!(all_persisted(&batches[1].take(1)));
}

#[test]
fn reads_are_bounded_too() {
    /// A reader that waits for the test.
    struct Stuck(std::sync::Mutex<Receiver<()>>, SyncSender<()>);
    impl Reader for Stuck {
        fn read(&self, _: &Read) -> Result<Found, ReadError> {
            let _ = self.1.send(());
            let _ = self.0.lock().unwrap().recv();
            Err(ReadError("the disk is gone".into()))
        }
    }
    struct StuckEngine(std::cell::Cell<Option<Stuck>>);
    impl Reader for StuckEngine {
        fn read(&self, _: &Read) -> Result<Found, ReadError> {
            unreachable!("reads go to the reader")
        }
    }
    impl Engine for StuckEngine {
        type Reader = Stuck;
        fn commit(&mut self, _: &[&[Row]]) -> Result<(), CommitError> {
            Ok(())
        }
        fn boot_epoch(&self) -> Epoch {
            1
        }
        fn reader(&self) -> Stuck {
            self.0.take().expect("one shard, one reader")
        }
    }
    let (started, started_out) = sync_channel(2 * SHARD_READS_MAX.max(SHARD_WRITES_MAX));
    let (go, go_out) = sync_channel::<()>(0);
    let engine = StuckEngine(std::cell::Cell::new(Some(Stuck(std::sync::Mutex::new(go_out), started))));
    let (_service, mut handles, batches) = start(engine, 1);
    let page = || Read::Page { conv: conv(0), after: 0, limit: 1 };
    handles[0].submit(read(0, page())).unwrap();
    started_out.recv().unwrap();
    for ticket in 1..=SHARD_READS_MAX as u64 {
        handles[0].submit(read(ticket, page())).unwrap();
    }
    assert!(handles[0].submit(read(9999, page())).is_err());
    drop(go);
    let completions = batches[0].take(SHARD_READS_MAX + 1);
    assert_eq!(tickets(&completions), (0..=SHARD_READS_MAX as u64).collect::<Vec<_>>());
    assert!(completions.iter().all(|c| c.outcome == Outcome::Failed(StoreFailure::Rejected)));
}

#[test]
fn a_rejected_request_does_not_take_its_group_along() {
    let (engine, gate) = gated();
    let store = engine.store.clone();
    let (_service, mut handles, batches) = start(engine, 1);
    handles[0].submit(write(1, rows(0, 1))).unwrap();
    gate.started.recv().unwrap();
    (2..=4).for_each(|ticket| handles[0].submit(write(ticket, rows(0, ticket))).unwrap());
    store.with(|_, faults| {
        faults.spare(); // ticket 1
        faults.inject(Fault::Reject); // tickets 2 to 4 as a group
        faults.spare(); // 2
        faults.inject(Fault::Reject); // 3
    });
    drop(gate);
    let outcomes: Vec<_> = batches[0].take(4).into_iter().map(|c| (c.ticket.0, c.outcome)).collect();
    let rejected = Outcome::Failed(StoreFailure::Rejected);
    let kept = Outcome::Persisted;
    assert_eq!(outcomes, [(1, kept.clone()), (2, kept.clone()), (3, rejected), (4, kept)]);
    let Found::Page(page) = store.read(&Read::Page { conv: conv(0), after: 0, limit: 9 }).unwrap() else { panic!() };
    assert_eq!(page.iter().map(|m| m.seq).collect::<Vec<_>>(), [1, 2, 4]);
}

#[test]
fn an_unknown_outcome_is_told_to_every_request_of_the_group() {
    let (engine, gate) = gated();
    let store = engine.store.clone();
    let (_service, mut handles, batches) = start(engine, 1);
    handles[0].submit(write(1, rows(0, 1))).unwrap();
    gate.started.recv().unwrap();
    (2..=3).for_each(|ticket| handles[0].submit(write(ticket, rows(0, ticket))).unwrap());
    store.with(|_, faults| {
        faults.spare();
        faults.inject(Fault::UnknownLost);
    });
    drop(gate);
    let outcomes: Vec<_> = batches[0].take(3).into_iter().map(|c| c.outcome).collect();
    let unknown = Outcome::Failed(StoreFailure::Unknown);
    assert_eq!(outcomes, [Outcome::Persisted, unknown.clone(), unknown]);
}

#[test]
fn stopping_carries_out_what_was_submitted_and_refuses_the_rest() {
    let (engine, gate) = gated();
    let store = engine.store.clone();
    let (service, mut handles, batches) = start(engine, 2);
    for ticket in 1..=100 {
        for (shard, handle) in handles.iter_mut().enumerate() {
            handle.submit(write(ticket, rows(shard as u8, ticket))).unwrap();
            handle.submit(read(1000 + ticket, Read::UserConversations { user: common::user("a") })).unwrap();
        }
    }
    drop(gate);
    service.stop();
    for (shard, batches) in batches.iter().enumerate() {
        let (written, read): (Vec<_>, Vec<_>) = batches.rest().into_iter().partition(|c| c.ticket.0 <= 100);
        assert_eq!((written.len(), read.len()), (100, 100));
        assert!(all_persisted(&written));
        let page = store.read(&Read::Page { conv: conv(shard as u8), after: 0, limit: 999 }).unwrap();
        assert_eq!(last_seq(&Outcome::Found(page)), 100);
    }
    let late = write(101, rows(0, 101));
    assert_eq!(handles[0].submit(late.clone()), Err(late));
}
