//! The memory engine behind the port that the service drives.

use std::sync::{Arc, Mutex, MutexGuard};

use chasqui_proto::ids::Epoch;
use chasqui_proto::row::{Found, Op, Outcome, Read, Row, StoreFailure};

use super::{Faults, Memory};
use crate::engine::{CommitError, Engine, ReadError, Reader};

/// A [`Memory`] that several threads may reach. Of its faults only commits take notice, and none is slow: there is
/// no clock here.
#[derive(Clone, Default, Debug)]
pub struct SharedMemory(Arc<Mutex<(Memory, Faults)>>);

impl SharedMemory {
    pub fn new(memory: Memory) -> Self {
        Self(Arc::new(Mutex::new((memory, Faults::default()))))
    }

    /// Reaches in, to inject faults, crash, or look.
    pub fn with<T>(&self, look: impl FnOnce(&mut Memory, &mut Faults) -> T) -> T {
        let (memory, faults) = &mut *self.lock();
        look(memory, faults)
    }

    fn lock(&self) -> MutexGuard<'_, (Memory, Faults)> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

impl Reader for SharedMemory {
    fn read(&self, read: &Read) -> Result<Found, ReadError> {
        Ok(self.lock().0.read(read))
    }
}

impl Engine for SharedMemory {
    type Reader = Self;

    fn commit(&mut self, groups: &[&[Row]]) -> Result<(), CommitError> {
        self.with(|memory, faults| {
            let rows = Op::Write(groups.concat().into());
            match memory.carry_out(&rows, faults.next()) {
                Outcome::Failed(StoreFailure::Unknown) => Err(CommitError::Unknown),
                Outcome::Failed(StoreFailure::Rejected) => Err(CommitError::Rejected),
                Outcome::Persisted | Outcome::Found(_) => Ok(()),
            }
        })
    }

    fn boot_epoch(&self) -> Epoch {
        self.lock().0.boot_epoch()
    }

    fn reader(&self) -> Self {
        self.clone()
    }
}
