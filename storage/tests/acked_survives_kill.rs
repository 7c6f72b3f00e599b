//! A process killed with SIGKILL at any moment loses no batch it acknowledged, and keeps none in part or out of order.
//!
//! Each data folder lives through many lives, so that replays of replays are covered too. SIGKILL leaves the page
//! cache in place: that an fdatasync stands behind each acknowledgement is shown by `ack_only_after_fdatasync.rs`.

mod common;

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use chasqui_storage::embedded::{Embedded, OpenError};
use chasqui_storage::engine::Engine;
use common::child::{self, Mortal, Orders, SHARDS, read_acks};
use common::load::Writer;

/// Data folders used at the same time: most of a life is waiting for the disk.
const FOLDERS: u64 = 3;
/// Lives and deaths of each folder.
const KILLS: u64 = 18;
/// Of these many kills, one comes at any moment since the process began, opening included; the others under load.
const EARLY_KILL_EVERY: u64 = 6;
const DELAY_MS_MAX: u64 = 120;
/// By then a child has surely begun to acknowledge.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
#[ignore = "not a test: the process that gets killed"]
fn the_child() {
    child::obey();
}

#[test]
fn no_acked_batch_is_lost_torn_or_reordered() {
    let seed = seed();
    println!("CHASQUI_TEST_SEED={seed}");
    let folders: Vec<_> = (0..FOLDERS)
        .map(|folder| std::thread::spawn(move || live_through_kills(&mut Random::new(seed + folder))))
        .collect();
    let kept: u64 = folders.into_iter().map(|folder| folder.join().expect("see the panic above")).sum();
    println!("{} kills, {kept} batches kept", FOLDERS * KILLS);
    assert!(kept > FOLDERS * KILLS * SHARDS, "the load was a load");
}

/// Tells how many batches one folder kept in all.
fn live_through_kills(random: &mut Random) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let mut kept = Vec::new();
    let mut epoch = 0;
    for life in 1..=KILLS {
        let acks = live_and_be_killed(folder.path(), life, random);
        let store = open(folder.path());
        assert!(store.boot_epoch() > epoch, "life {life}");
        epoch = store.boot_epoch();
        kept.push(check_life(&store, life, &acks));
    }
    let store = open(folder.path());
    for (life, kept) in (1..).zip(&kept) {
        assert_eq!(&tickets_held(&store, life), kept, "life {life} is as it was after its death");
    }
    kept.iter().flatten().sum()
}

/// Between its fork and its exec a child of another folder's thread holds a copy of this one's lock.
fn open(folder: &Path) -> Embedded {
    let start = Instant::now();
    loop {
        match Embedded::open(folder) {
            Err(OpenError::DataFolderInUse { .. }) if start.elapsed() < PATIENCE => sleep(Duration::from_millis(1)),
            opened => return opened.unwrap_or_else(|error| panic!("{error}")),
        }
    }
}

/// Runs a child, kills it, and tells what it acknowledged.
fn live_and_be_killed(folder: &Path, life: u64, random: &mut Random) -> Vec<Vec<u64>> {
    let acks = folder.join(format!("acks-{life}"));
    let orders = Orders { folder: folder.to_owned(), acks: acks.clone(), life, tickets: u64::MAX };
    let mut child = Mortal(orders.command("the_child", &[]).spawn().unwrap());
    if !life.is_multiple_of(EARLY_KILL_EVERY) {
        let start = Instant::now();
        while read_acks(&acks).iter().all(Vec::is_empty) {
            assert!(child.0.try_wait().unwrap().is_none(), "the child lives until killed");
            assert!(start.elapsed() < PATIENCE, "the child acknowledges something");
            sleep(Duration::from_millis(2));
        }
    }
    sleep(Duration::from_micros(random.below(DELAY_MS_MAX * 1000)));
    child.kill();
    read_acks(&acks)
}

/// Checks all writers of a life against their acknowledgements; tells how many tickets of each are kept.
fn check_life(store: &Embedded, life: u64, acks: &[Vec<u64>]) -> Vec<u64> {
    let held = tickets_held(store, life);
    for (acks, held) in acks.iter().zip(&held) {
        assert_eq!(acks, &(0..acks.len() as u64).collect::<Vec<_>>(), "life {life} acknowledges in order");
        assert!(
            acks.len() as u64 <= *held,
            "life {life} lost {} of {} acked batches",
            acks.len() as u64 - held,
            acks.len()
        );
    }
    held
}

fn tickets_held(store: &Embedded, life: u64) -> Vec<u64> {
    (0..SHARDS).map(|shard| Writer { life, shard }.check(store)).collect()
}

/// Delays can be had again with `CHASQUI_TEST_SEED=n`; the moment of death still varies with the machine.
fn seed() -> u64 {
    let given = std::env::var("CHASQUI_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| u64::from(std::process::id()))
}

struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
