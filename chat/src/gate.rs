//! Store requests under way.
//!
//! Promise: a write whose outcome is unknown is repeated, identical, until it succeeds, for a rejection of the
//! repetition says nothing of the first attempt; tombstones and receipts are repeated whatever happens. Every answer finds the purpose it was asked for. At most
//! `Config::store_slots` requests are under way; the shell's queue is at least that long.

use foldhash::HashMap;

use chasqui_proto::ids::{ConvId, Seq, UserId};
use chasqui_proto::row::{Completion, Op, Outcome, Read, Rows, StoreFailure, StoreRequest, Ticket};

use crate::contract::{Effect, Effects, Now, ShardId};
use crate::limits::{RETRY_FIRST_MS, RETRY_MAX_MS};
use crate::timers::{Timer, Timers};

/// What a store request is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Purpose {
    LoadUser(UserId),
    LoadConversation(ConvId),
    Birth(ConvId),
    Append { conv: ConvId, seq: Seq },
    Tombstone { conv: ConvId, seq: Seq },
    Receipts { conv: ConvId },
    Join { conv: ConvId, user: UserId },
    Heads(u64),
    Dedupe { conv: ConvId, ticket_seq: u64 },
    SyncPage { conv: ConvId, job: u64, user: UserId, cursor: Seq },
    CatchUp { conv: ConvId, shard: ShardId },
}

struct Inflight {
    purpose: Purpose,
    /// A write's rows, kept for repetition.
    rows: Option<Rows>,
    attempts: u32,
}

impl Inflight {
    /// Whether nobody could be told that it failed.
    fn must_succeed(&self) -> bool {
        matches!(self.purpose, Purpose::Tombstone { .. } | Purpose::Receipts { .. })
    }
}

pub struct Gate {
    slots: usize,
    next: u64,
    inflight: HashMap<Ticket, Inflight>,
}

/// What became of a completion.
#[derive(Debug)]
pub enum Done {
    Finished(Purpose, Outcome),
    /// The write will be repeated; new appends should be refused meanwhile. True on its first failure.
    Stalled(Purpose, bool),
    Nothing,
}

impl Gate {
    pub fn new(slots: usize) -> Self {
        Self { slots, next: 1, inflight: HashMap::default() }
    }
    pub fn has_room(&self) -> bool {
        self.inflight.len() < self.slots
    }
    pub fn inflight(&self) -> usize {
        self.inflight.len()
    }
    pub fn write(&mut self, purpose: Purpose, rows: Rows, out: &mut Effects) {
        self.start(purpose, Some(rows.clone()), Op::Write(rows), out);
    }
    pub fn read(&mut self, purpose: Purpose, read: Read, out: &mut Effects) {
        self.start(purpose, None, Op::Read(read), out);
    }

    fn start(&mut self, purpose: Purpose, rows: Option<Rows>, op: Op, out: &mut Effects) {
        let ticket = Ticket(self.next);
        self.next += 1;
        self.inflight.insert(ticket, Inflight { purpose, rows, attempts: 0 });
        out.list.push(Effect::Store(StoreRequest { ticket, op }));
    }

    pub fn complete(&mut self, now: Now, completion: Completion, timers: &mut Timers) -> Done {
        let Completion { ticket, outcome } = completion;
        let Some(inflight) = self.inflight.get_mut(&ticket) else {
            return Done::Nothing;
        };
        if let Outcome::Failed(failure) = outcome
            && inflight.rows.is_some()
            && (failure == StoreFailure::Unknown || inflight.attempts > 0 || inflight.must_succeed())
        {
            let pause = (RETRY_FIRST_MS << inflight.attempts.min(10)).min(RETRY_MAX_MS);
            inflight.attempts += 1;
            timers.set(now.mono_ms + pause, Timer::Retry(ticket));
            return Done::Stalled(inflight.purpose.clone(), inflight.attempts == 1);
        }
        let inflight = self.inflight.remove(&ticket).expect("looked up above");
        Done::Finished(inflight.purpose, outcome)
    }

    /// The pause before a repetition is over.
    pub fn repeat(&mut self, ticket: Ticket, out: &mut Effects) {
        if let Some(rows) = self.inflight.get(&ticket).and_then(|i| i.rows.clone()) {
            out.list.push(Effect::Store(StoreRequest { ticket, op: Op::Write(rows) }));
        }
    }
}
