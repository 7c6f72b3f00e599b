//! What every engine does, and how it fails.
//!
//! Promise: engines agree. The same rows in the same order give the same answers whichever engine keeps them
//! (`tests/both_engines_agree.rs`). The rules they share:
//! - a message row replaces the one with the same (conversation, seq, msg_id); should two rows share a seq, reads
//!   return the one with the greatest msg_id;
//! - a message row writes its dedupe row; a retracted one drops it, if it still points at that very message;
//! - a receipt only rises: an equal or lower seq changes nothing;
//! - the last seq of a conversation counts retracted messages, for their seq is taken.
//!
//! Engines block and know neither threads nor shards; [`crate::service`] adds those.

use core::fmt;

use chasqui_proto::ids::Epoch;
use chasqui_proto::row::{Found, Read, Row};

/// The writing side of a store; there is exactly one per store.
pub trait Engine: Reader {
    /// A second way to read, for another thread, that sees every commit that has returned.
    type Reader: Reader;

    /// Commits the rows of several requests with one fsync; on `Ok` all of them are durable. No request is ever
    /// kept in part.
    fn commit(&mut self, groups: &[&[Row]]) -> Result<(), CommitError>;

    /// Raised and made durable at each open, before anything is served: no two lives of a store share one.
    fn boot_epoch(&self) -> Epoch;

    fn reader(&self) -> Self::Reader;
}

/// The reading side of a store.
pub trait Reader: Send + 'static {
    fn read(&self, read: &Read) -> Result<Found, ReadError>;
}

/// Why a commit failed. The embedded engine reports neither: it ends the process when its disk fails.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CommitError {
    /// Nobody knows whether the rows were written; the same rows must be written again.
    Unknown,
    /// The rows were not written and will not be if repeated.
    Rejected,
}

impl fmt::Display for CommitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "it is unknown whether the rows were written",
            Self::Rejected => "the rows were refused",
        })
    }
}

impl std::error::Error for CommitError {}

/// Why a read failed, in words for the operator's log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadError(pub String);

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store cannot be read: {}", self.0)
    }
}

impl std::error::Error for ReadError {}
