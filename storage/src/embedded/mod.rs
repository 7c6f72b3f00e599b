//! The embedded engine: a log-structured tree (fjall) inside the data folder, no server needed.
//!
//! Promise: when [`Engine::commit`] returns, an fdatasync has covered the journal bytes of all its rows. Rows become
//! visible to readers only then, so nobody reads what a crash could take back. A failing write or fsync ends the
//! process: after one, the kernel may have dropped the dirty pages, and only a fresh start reads what is there.
//!
//! Invariants: one writer; each commit is one atomic batch; each key occurs once in a batch; one process per folder.
//!
//! Files: `store.lock` in the data folder; `embedded/` with the tree, its journals (`*.jnl`) and `chasqui.meta`
//! (format version and boot counter). `embedded.new` is a creation cut short, and is removed.
//!
//! Deliberately not here: dedupe rows do not expire yet. Power loss is untested.

mod error;
mod folder;
mod keys;
mod meta;
mod reads;
mod replay;
mod staged;
mod tree;
mod values;

use std::path::Path;

use chasqui_proto::ids::Epoch;
use chasqui_proto::row::{Found, Read, Row};

pub use error::OpenError;
use folder::FolderLock;
pub use replay::panic_means;
use std::sync::Arc;
use tree::Tree;

use crate::engine::{CommitError, Engine, ReadError, Reader};

/// The writing side of the store in one data folder.
pub struct Embedded {
    reader: EmbeddedReader,
    boot_epoch: Epoch,
}

/// A reading side; as many as there are reader threads.
#[derive(Clone)]
pub struct EmbeddedReader {
    tree: Tree,
    /// Declared after the tree, so that the folder is free only once the tree is closed.
    _lock: Arc<FolderLock>,
}

impl Embedded {
    /// Opens the store in `data_folder`, creating it if there is none, and raises the boot counter.
    pub fn open(data_folder: &Path) -> Result<Self, OpenError> {
        let lock = Arc::new(FolderLock::acquire(data_folder)?);
        let path = data_folder.join("embedded");
        if !path.exists() {
            folder::create(data_folder, &path)?;
        }
        meta::check_format(&path)?;
        let tree = tree::open(&path)?;
        let boot_epoch = meta::raise_boot(&path)?;
        Ok(Self { reader: EmbeddedReader { tree, _lock: lock }, boot_epoch })
    }
}

impl Reader for Embedded {
    fn read(&self, read: &Read) -> Result<Found, ReadError> {
        self.reader.read(read)
    }
}

impl Reader for EmbeddedReader {
    fn read(&self, read: &Read) -> Result<Found, ReadError> {
        reads::View::of(&self.tree).read(read)
    }
}

impl Engine for Embedded {
    type Reader = EmbeddedReader;

    fn commit(&mut self, groups: &[&[Row]]) -> Result<(), CommitError> {
        if let Err(error) = staged::commit(&self.reader.tree, groups) {
            end_process(&error);
        }
        Ok(())
    }

    fn boot_epoch(&self) -> Epoch {
        self.boot_epoch
    }

    fn reader(&self) -> EmbeddedReader {
        self.reader.clone()
    }
}

/// Ends the process without running anything more: no acknowledgement may leave after a failed commit.
fn end_process(error: &fjall::Error) -> ! {
    eprintln!(
        "chasqui: the store cannot write to its disk ({error}). The process ends now, so that nothing is \
         acknowledged that may be lost. Check the disk (space, health, mount options), then start again: everything \
         acknowledged as durable is still there."
    );
    std::process::abort()
}
