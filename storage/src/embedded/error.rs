//! Why a data folder cannot be opened, with what the operator can do about it.

use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub enum OpenError {
    /// Another process (or another store of this one) has it open.
    DataFolderInUse { folder: PathBuf },
    /// A later program wrote it.
    FormatTooNew { folder: PathBuf, found: u32, supported: u32 },
    /// A journal cannot be replayed. `journals`: newest first; the damage is in one of them.
    DamagedJournal { folder: PathBuf, journals: Vec<PathBuf>, cause: String },
    /// Some other file is not what this program writes.
    DamagedFile { path: PathBuf, cause: String },
    /// The operating system said no.
    Io { path: PathBuf, error: io::Error },
}

impl OpenError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Io { path, error }
    }

    pub(super) fn damaged(path: &Path, cause: impl fmt::Display) -> Self {
        Self::DamagedFile { path: path.to_owned(), cause: cause.to_string() }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DataFolderInUse { folder } => write!(
                f,
                "the data folder {} is in use by another process; stop that one, or choose another folder",
                folder.display()
            ),
            Self::FormatTooNew { folder, found, supported } => write!(
                f,
                "the store in {} has format {found}, but this program knows formats up to {supported}; start the \
                 program that wrote it, or a later one",
                folder.display()
            ),
            Self::DamagedJournal { folder, journals, cause } => damaged_journal(f, folder, journals, cause),
            Self::DamagedFile { path, cause } => {
                write!(f, "the store is damaged at {} ({cause}); restore the data folder from a backup", path.display())
            }
            Self::Io { path, error } => write!(f, "the store cannot use {}: {error}", path.display()),
        }
    }
}

fn damaged_journal(f: &mut fmt::Formatter<'_>, folder: &Path, journals: &[PathBuf], cause: &str) -> fmt::Result {
    writeln!(f, "a journal of the store is damaged ({cause}):")?;
    for journal in journals {
        writeln!(f, "    {}", journal.display())?;
    }
    write!(
        f,
        "Copy the folder {} aside before anything else. Then either restore it from a backup, or move the damaged \
         journal (the newest, if several are named) out of it and start again: what the journal alone held, the \
         newest messages, is lost then.",
        folder.display()
    )
}

impl std::error::Error for OpenError {}
