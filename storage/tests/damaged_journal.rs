//! Whatever happens to the tail of the journal, what comes back is a prefix of whole batches, or a message that
//! names the journal and says what can be done.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use chasqui_proto::row::Row;
use chasqui_storage::embedded::{Embedded, OpenError};
use chasqui_storage::engine::Engine;
use common::load::Writer;
use common::quick_folder;

const WRITER: Writer = Writer { life: 1, shard: 0 };
const TICKETS: u64 = 24;
/// The tail that is damaged at every kind of offset: some batches, small and large.
const TAIL_BYTES: usize = 24_000;

/// A store of `TICKETS` batches, closed, with its journal in memory.
struct Original {
    folder: tempfile::TempDir,
    journal: Vec<u8>,
}

impl Original {
    fn new() -> Self {
        let folder = quick_folder();
        let mut store = Embedded::open(folder.path()).unwrap();
        for ticket in 0..TICKETS {
            let rows: Vec<Row> = WRITER.rows(ticket);
            store.commit(&[&rows]).unwrap();
        }
        drop(store);
        let mut journal = fs::read(journal_in(folder.path())).unwrap();
        // The file is allocated ahead of its content.
        journal.truncate(journal.iter().rposition(|byte| *byte != 0).unwrap() + 1);
        Self { folder, journal }
    }

    /// A copy of the store whose journal holds `journal` instead.
    fn with_journal(&self, journal: &[u8]) -> tempfile::TempDir {
        let copy = quick_folder();
        copy_folder(&self.folder.path().join("embedded"), &copy.path().join("embedded"));
        fs::write(journal_in(copy.path()), journal).unwrap();
        copy
    }

    fn offsets(&self, step: usize) -> impl Iterator<Item = usize> + use<> {
        let end = self.journal.len();
        // The last bytes one by one, then in steps that meet every part of a batch.
        (end - 64..=end).chain((end - TAIL_BYTES..end - 64).step_by(step))
    }
}

fn journal_in(folder: &Path) -> PathBuf {
    folder.join("embedded/0.jnl")
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if from.is_dir() {
            copy_folder(&from, &to);
        } else if from.extension().is_none_or(|ext| ext != "jnl") {
            fs::copy(from, to).unwrap();
        }
    }
}

/// Opens and checks: tickets held, or `None` if the damage was told. A held prefix must also be fit to go on from.
fn open_damaged(folder: &Path) -> Option<u64> {
    match Embedded::open(folder) {
        Ok(mut store) => {
            let held = WRITER.check(&store);
            store.commit(&[&WRITER.rows(held)]).unwrap();
            drop(store);
            assert_eq!(WRITER.check(&Embedded::open(folder).unwrap()), held + 1, "it goes on after the damage");
            Some(held)
        }
        Err(error) => {
            assert_is_helpful(&error, &journal_in(folder));
            None
        }
    }
}

fn assert_is_helpful(error: &OpenError, journal: &Path) {
    let message = error.to_string();
    assert!(matches!(error, OpenError::DamagedJournal { .. }), "{message}");
    for part in [&*journal.display().to_string(), "damaged", "backup", "move the damaged journal", "lost"] {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
}

#[test]
fn a_cut_tail_leaves_whole_batches() {
    let original = Original::new();
    let mut seen = std::collections::BTreeSet::new();
    for offset in original.offsets(211) {
        let copy = original.with_journal(&original.journal[..offset]);
        let held = open_damaged(copy.path()).unwrap_or_else(|| panic!("cut at {offset}: a cut is never damage"));
        assert!(offset < original.journal.len() || held == TICKETS, "nothing was cut");
        seen.insert(held);
    }
    assert!(seen.len() > 5, "the cuts met several batches: {seen:?}");
}

#[test]
fn a_zeroed_tail_leaves_whole_batches_or_is_told() {
    let original = Original::new();
    let mut held = 0;
    for offset in original.offsets(211) {
        let mut journal = original.journal.clone();
        journal[offset..].fill(0);
        let copy = original.with_journal(&journal);
        held += u64::from(open_damaged(copy.path()).is_some());
    }
    assert!(held > 100, "most such tails can be read: {held}");
}

#[test]
fn a_hole_in_the_tail_leaves_whole_batches_or_is_told() {
    let original = Original::new();
    let (mut held, mut told) = (0, 0);
    for offset in original.offsets(307) {
        let mut journal = original.journal.clone();
        let end = journal.len().min(offset + 512);
        journal[offset..end].fill(0);
        let copy = original.with_journal(&journal);
        match open_damaged(copy.path()) {
            Some(_) => held += 1,
            None => told += 1,
        }
    }
    assert!(held > 10 && told > 10, "both ends were met: {held} held, {told} told");
}

#[test]
fn moving_a_damaged_journal_away_lets_the_store_open() {
    let original = Original::new();
    let mut journal = original.journal.clone();
    let middle = journal.len() - 9_000;
    journal[middle..middle + 8].fill(0xee);
    let copy = original.with_journal(&journal);
    assert_eq!(open_damaged(copy.path()), None);
    let boots = || fs::read_to_string(copy.path().join("embedded/chasqui.meta")).unwrap();
    let before = boots();
    fs::remove_file(journal_in(copy.path())).unwrap();
    let store = Embedded::open(copy.path()).unwrap();
    assert_eq!(WRITER.check(&store), 0, "all of it was in the journal");
    assert!(store.boot_epoch() > 1, "no boot epoch is used twice, {before:?}");
}
