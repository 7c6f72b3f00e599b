//! The memory engine: ordered maps that lose, refuse and forget on command.
//!
//! Promise: it behaves as the embedded engine does, including what a crash takes, and is fully deterministic: no
//! thread, no clock, no randomness. The simulator drives [`Memory`] or [`FaultyStore`] directly; [`SharedMemory`]
//! serves the same store behind [`crate::service`]. [`Volatile`] is the tables alone, for a relay without a disk.
//!
//! Invariant: what a crash leaves is exactly what had been applied before the last [`Memory::sync`].

mod faults;
mod shared;
mod tables;
mod volatile;

pub use faults::{Fault, Faults, FaultyStore};
pub use shared::SharedMemory;
pub use volatile::{VOLATILE_MESSAGES_MAX, Volatile};

use chasqui_proto::ids::Epoch;
use chasqui_proto::row::{Found, Read, Row};

use tables::Tables;

/// One store in memory, with what has been fsynced kept apart from what has merely been written.
#[derive(Clone, Debug)]
pub struct Memory {
    /// What reads see.
    live: Tables,
    /// What a crash leaves.
    durable: Tables,
    /// In `live` but not yet in `durable`, in order of writing.
    unsynced: Vec<Row>,
    boot_epoch: Epoch,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory {
    /// An empty store, opened for the first time.
    pub fn new() -> Self {
        Self { live: Tables::default(), durable: Tables::default(), unsynced: Vec::new(), boot_epoch: 1 }
    }

    /// Writes rows so that reads see them; a crash before the next [`sync`](Self::sync) loses them.
    pub fn apply(&mut self, rows: &[Row]) {
        rows.iter().for_each(|row| self.live.write(row));
        self.unsynced.extend_from_slice(rows);
    }

    /// Makes everything applied so far survive a crash.
    pub fn sync(&mut self) {
        for row in self.unsynced.drain(..) {
            self.durable.write(&row);
        }
    }

    /// Dies and is opened again: loses what no sync covered, and raises the boot epoch.
    pub fn crash(&mut self) {
        self.unsynced.clear();
        self.live = self.durable.clone();
        self.boot_epoch += 1;
    }

    pub fn read(&self, read: &Read) -> Found {
        self.live.read(read)
    }

    pub fn boot_epoch(&self) -> Epoch {
        self.boot_epoch
    }
}
