//! The tree and its tables: how they are opened, and what a failure to open them means.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use fjall::config::{FilterPolicy, PartitioningPolicy, PinningPolicy};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use super::{OpenError, replay};

/// Disk that journals may take before the tree is made to flush; bounds the time a restart replays.
const JOURNAL_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// Blocks kept in memory for reads, those that say where others are among them: nothing else of what is stored is.
const CACHE_BYTES: u64 = 32 * 1024 * 1024;
/// Recent writes of one table kept in memory before they are flushed.
const MEMTABLE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Flushing must go on while a compaction runs.
const WORKERS: usize = 2;

/// Handles to the tree; cheap to clone.
#[derive(Clone)]
pub(super) struct Tree {
    keyspaces: [Keyspace; Table::ALL.len()],
    pub(super) db: Database,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Table {
    Messages,
    Dedupe,
    Conversations,
    Members,
    UserConvs,
    Receipts,
}

impl Table {
    const ALL: [Self; 6] =
        [Self::Messages, Self::Dedupe, Self::Conversations, Self::Members, Self::UserConvs, Self::Receipts];

    /// Frozen: data folders hold them.
    fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Dedupe => "dedupe",
            Self::Conversations => "conversations",
            Self::Members => "members",
            Self::UserConvs => "user_convs",
            Self::Receipts => "receipts",
        }
    }
}

impl Tree {
    pub(super) fn table(&self, table: Table) -> &Keyspace {
        &self.keyspaces[table as usize]
    }
}

/// Creates an empty tree with all tables at `path`, durable on return.
pub(super) fn create(path: &Path) -> Result<(), OpenError> {
    let tree = open(path)?;
    tree.db.persist(PersistMode::SyncAll).map_err(|error| failure(path, &error))
}

/// Opens the tree at `path`, replaying its journals.
pub(super) fn open(path: &Path) -> Result<Tree, OpenError> {
    replay::guard(path, || try_open(path))?.map_err(|error| failure(path, &error))
}

fn try_open(path: &Path) -> Result<Tree, fjall::Error> {
    let db = Database::builder(path)
        .max_journaling_size(JOURNAL_BYTES_MAX)
        .cache_size(CACHE_BYTES)
        .worker_threads(WORKERS)
        .open()?;
    let open = |table: Table| db.keyspace(table.name(), || options(table));
    let [a, b, c, d, e, f] = Table::ALL.map(open);
    Ok(Tree { keyspaces: [a?, b?, c?, d?, e?, f?], db })
}

/// By default the indexes and filters of the upper levels stay in memory, some 14 bytes a message; here they come and go
/// with the cache, cut into blocks, so that what is stored does not cost memory.
fn options(table: Table) -> KeyspaceCreateOptions {
    let options = KeyspaceCreateOptions::default()
        .max_memtable_size(MEMTABLE_BYTES_MAX)
        .index_block_pinning_policy(PinningPolicy::disabled())
        .index_block_partitioning_policy(PartitioningPolicy::all(true))
        .filter_block_pinning_policy(PinningPolicy::disabled())
        .filter_block_partitioning_policy(PartitioningPolicy::all(true));
    match table {
        // Read by ranges only, which no filter helps.
        Table::Messages => options.filter_policy(FilterPolicy::disabled()),
        _ => options,
    }
}

fn failure(path: &Path, error: &fjall::Error) -> OpenError {
    use fjall::Error as E;
    match error {
        E::Locked => OpenError::DataFolderInUse { folder: path.to_owned() },
        E::JournalRecovery(_) | E::InvalidTrailer | E::InvalidTag(_) | E::Decompress(_) | E::Unrecoverable => {
            damaged_journal(path, &error.to_string())
        }
        E::Io(io) => OpenError::Io { path: path.to_owned(), error: io::Error::new(io.kind(), io.to_string()) },
        _ => OpenError::damaged(path, error),
    }
}

pub(super) fn damaged_journal(path: &Path, cause: &str) -> OpenError {
    OpenError::DamagedJournal { folder: path.to_owned(), journals: journals(path), cause: cause.to_owned() }
}

/// The journals in the folder, newest first.
fn journals(path: &Path) -> Vec<PathBuf> {
    let number = |path: &PathBuf| path.file_stem()?.to_str()?.parse::<u64>().ok();
    let mut found: Vec<PathBuf> = fs::read_dir(path)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "jnl"))
        .collect();
    found.sort_by_key(|path| std::cmp::Reverse(number(path)));
    found
}
