//! The memory store loses exactly what no sync covered, and its faults come in the order they were asked for.

mod common;

use chasqui_proto::row::{Found, Outcome, Read, Row, StoreFailure};
use chasqui_storage::memory::{Fault, FaultyStore, Memory};
use common::sink::{read, write};
use common::{conv, message};

fn row(seq: u64) -> Row {
    Row::Message(message(0, seq, seq, "a"))
}

fn page() -> Read {
    Read::Page { conv: conv(0), after: 0, limit: 99 }
}

fn seqs(memory: &Memory) -> Vec<u64> {
    let Found::Page(page) = memory.read(&page()) else { panic!("a page was asked for") };
    page.iter().map(|m| m.seq).collect()
}

#[test]
fn a_crash_takes_what_no_sync_covered() {
    let mut memory = Memory::new();
    memory.apply(&[row(1), row(2)]);
    memory.sync();
    memory.apply(&[row(3)]);
    assert_eq!(seqs(&memory), [1, 2, 3]);
    let before = memory.boot_epoch();
    memory.crash();
    assert_eq!(seqs(&memory), [1, 2]);
    assert!(memory.boot_epoch() > before);
    memory.apply(&[row(4)]);
    memory.sync();
    memory.crash();
    assert_eq!(seqs(&memory), [1, 2, 4]);
}

#[test]
fn a_clone_lives_its_own_life() {
    let mut memory = Memory::new();
    memory.apply(&[row(1)]);
    let mut other = memory.clone();
    other.crash();
    assert_eq!((seqs(&memory), seqs(&other)), (vec![1], vec![]));
}

/// Turns until something completes.
fn next(store: &mut FaultyStore<u8>) -> (u32, u8, Outcome) {
    for turns in 1..99 {
        if let Some((mark, completion)) = store.turn() {
            return (turns, mark, completion.outcome);
        }
    }
    panic!("nothing completes")
}

#[test]
fn faults_meet_requests_in_order() {
    let mut store = FaultyStore::default();
    for fault in [Fault::Reject, Fault::UnknownLost, Fault::UnknownApplied, Fault::Slow { turns: 3 }] {
        store.faults.inject(fault);
    }
    (1..=5).for_each(|seq| store.submit(seq as u8, write(seq, vec![row(seq)])));
    let failed = Outcome::Failed;
    assert_eq!(next(&mut store), (1, 1, failed(StoreFailure::Rejected)));
    assert_eq!(next(&mut store), (1, 2, failed(StoreFailure::Unknown)));
    assert_eq!(next(&mut store), (1, 3, failed(StoreFailure::Unknown)));
    let applied_only = store.memory.clone();
    assert_eq!(seqs(&applied_only), [3]);
    assert_eq!(next(&mut store), (4, 4, Outcome::Persisted), "three turns late");
    assert_eq!(next(&mut store), (1, 5, Outcome::Persisted));
    assert_eq!(store.turn(), None);
    store.crash();
    assert_eq!(seqs(&store.memory), [3, 4, 5], "a later sync covered 3 too");
}

#[test]
fn reads_fail_as_well_and_healing_ends_it() {
    let mut store = FaultyStore::default();
    (0..9).for_each(|_| store.faults.inject(Fault::Reject));
    store.submit(0, read(1, page()));
    assert_eq!(next(&mut store).2, Outcome::Failed(StoreFailure::Rejected));
    store.faults.heal();
    store.submit(0, read(2, page()));
    assert_eq!(next(&mut store).2, Outcome::Found(Found::Page(vec![])));
}

#[test]
fn a_crash_forgets_the_queue() {
    let mut store = FaultyStore::default();
    store.faults.inject(Fault::UnknownApplied);
    (1..=3).for_each(|seq| store.submit(0, write(seq, vec![row(seq)])));
    next(&mut store);
    assert_eq!(store.queued(), 2);
    store.crash();
    assert_eq!((store.queued(), seqs(&store.memory)), (0, vec![]));
}
