//! Failing on command: the caller says what goes wrong, and when.

use std::collections::VecDeque;

use chasqui_proto::row::{Completion, Op, Outcome, StoreFailure, StoreRequest};

use super::Memory;

/// What goes wrong with one request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Definitely not carried out. A read fails too.
    Reject,
    /// Applied (without an fsync of its own), but reported as unknown. A read is reported as unknown.
    UnknownApplied,
    /// Not applied, and reported as unknown.
    UnknownLost,
    /// Waits that many turns before it is carried out, and all behind it wait too.
    Slow { turns: u32 },
}

/// The faults still to come, in order; a request meets the front one. Empty: all goes well.
#[derive(Clone, Default, Debug)]
pub struct Faults {
    script: VecDeque<Option<Fault>>,
}

impl Faults {
    /// The next request without a fate yet meets `fault`.
    pub fn inject(&mut self, fault: Fault) {
        self.script.push_back(Some(fault));
    }
    /// The next request without a fate yet goes well.
    pub fn spare(&mut self) {
        self.script.push_back(None);
    }
    /// Everything goes well from here.
    pub fn heal(&mut self) {
        self.script.clear();
    }
    pub(super) fn next(&mut self) -> Option<Fault> {
        self.script.pop_front().flatten()
    }
}

impl Memory {
    /// Carries out one request as `fault` has it; `None` and `Slow` carry it out properly, with its fsync.
    pub fn carry_out(&mut self, op: &Op, fault: Option<Fault>) -> Outcome {
        match (fault, op) {
            (Some(Fault::Reject), _) => Outcome::Failed(StoreFailure::Rejected),
            (Some(Fault::UnknownApplied), Op::Write(rows)) => {
                self.apply(rows);
                Outcome::Failed(StoreFailure::Unknown)
            }
            (Some(Fault::UnknownApplied | Fault::UnknownLost), _) => Outcome::Failed(StoreFailure::Unknown),
            (Some(Fault::Slow { .. }) | None, Op::Write(rows)) => {
                self.apply(rows);
                self.sync();
                Outcome::Persisted
            }
            (Some(Fault::Slow { .. }) | None, Op::Read(read)) => Outcome::Found(self.read(read)),
        }
    }
}

/// A [`Memory`] with a queue in front, driven turn by turn. `K` is the caller's mark, such as the shard that asked.
#[derive(Clone, Debug)]
pub struct FaultyStore<K> {
    pub memory: Memory,
    pub faults: Faults,
    queue: VecDeque<(K, StoreRequest)>,
    /// Turns the front request still waits; its fault has been drawn.
    waiting: Option<u32>,
}

impl<K> Default for FaultyStore<K> {
    fn default() -> Self {
        Self { memory: Memory::new(), faults: Faults::default(), queue: VecDeque::new(), waiting: None }
    }
}

impl<K> FaultyStore<K> {
    pub fn submit(&mut self, mark: K, request: StoreRequest) {
        self.queue.push_back((mark, request));
    }

    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// One turn: carries out the oldest request, unless it is made to wait.
    pub fn turn(&mut self) -> Option<(K, Completion)> {
        if self.queue.is_empty() {
            return None;
        }
        let fault = match self.waiting.take() {
            Some(turns) => Some(Fault::Slow { turns }),
            None => self.faults.next(),
        };
        if let Some(Fault::Slow { turns: turns @ 1.. }) = fault {
            self.waiting = Some(turns - 1);
            return None;
        }
        let (mark, request) = self.queue.pop_front()?;
        let outcome = self.memory.carry_out(&request.op, fault);
        Some((mark, Completion { ticket: request.ticket, outcome }))
    }

    /// Dies and is opened again: the queue and whatever no fsync covered are gone.
    pub fn crash(&mut self) {
        self.queue.clear();
        self.waiting = None;
        self.memory.crash();
    }
}
