//! The data folder: its lock, and the creation of the store inside, which happens wholly or not at all.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use super::{OpenError, meta, tree};

/// Held as long as the store is open; the operating system lets go of it however the process ends.
pub(super) struct FolderLock {
    _file: File,
}

impl FolderLock {
    pub(super) fn acquire(folder: &Path) -> Result<Self, OpenError> {
        fs::create_dir_all(folder).map_err(OpenError::io(folder))?;
        let path = folder.join("store.lock");
        let file =
            File::options().create(true).truncate(false).write(true).open(&path).map_err(OpenError::io(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::DataFolderInUse { folder: folder.to_owned() }),
            Err(TryLockError::Error(error)) => Err(OpenError::Io { path, error }),
        }
    }
}

/// Creates an empty store beside its place and moves it there, so that a process killed half-way leaves no store
/// that is neither there nor not.
pub(super) fn create(folder: &Path, place: &Path) -> Result<(), OpenError> {
    let new = folder.join("embedded.new");
    if new.exists() {
        fs::remove_dir_all(&new).map_err(OpenError::io(&new))?;
    }
    tree::create(&new)?;
    meta::create(&new)?;
    fs::rename(&new, place).map_err(OpenError::io(place))?;
    sync_folder(folder)
}

/// Makes the names in `folder` durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), OpenError> {
    File::open(folder).and_then(|dir| dir.sync_all()).map_err(OpenError::io(folder))
}
