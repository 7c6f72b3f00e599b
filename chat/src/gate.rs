//! Store requests under way.
//!
//! Promise: a write whose outcome is unknown is repeated, identical, until it succeeds, for a rejection of the
//! repetition says nothing of the first attempt; tombstones and receipts are repeated whatever happens. Every answer finds the purpose it was asked for. At most
//! `Config::store_slots` requests are under way; the shell's queue is at least that long.

use std::sync::Arc;

use chasqui_proto::event::Message;
use chasqui_proto::ids::{ConvId, Seq, UserId};
use chasqui_proto::row::{Completion, Op, Outcome, Read, Row, Rows, StoreFailure, StoreRequest, Ticket};

use crate::contract::{Effect, Effects, Now, ShardId};
use crate::limits::{RETRY_FIRST_MS, RETRY_MAX_MS};
use crate::timers::{Timer, Timers};

/// What a store request is for. Small: an append says it, and is told of it, once for each message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Purpose {
    LoadUser(UserId),
    LoadConversation(ConvId),
    Birth(ConvId),
    Append { conv: ConvId, seq: Seq },
    Tombstone { conv: ConvId, seq: Seq },
    Receipts { conv: ConvId },
    Join { conv: ConvId, user: Box<UserId> },
    Heads(u64),
    Dedupe { conv: ConvId, ticket_seq: u64 },
    SyncPage { conv: ConvId, page: Box<SyncPage> },
    CatchUp { conv: ConvId, shard: ShardId },
}

const _: () = assert!(size_of::<Purpose>() <= 32);

/// A page of messages that one conversation of a sync needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyncPage {
    pub job: u64,
    pub user: UserId,
    pub cursor: Seq,
}

struct Inflight {
    ticket: Ticket,
    purpose: Purpose,
    kept: Kept,
    attempts: u32,
}

/// What a repetition is made of.
enum Kept {
    /// Reads are not repeated.
    Nothing,
    Rows(Rows),
    /// An append's row: the conversation holds the message until it is durable.
    InTail,
}

impl Inflight {
    /// Whether nobody could be told that it failed.
    fn must_succeed(&self) -> bool {
        matches!(self.purpose, Purpose::Tombstone { .. } | Purpose::Receipts { .. })
    }
}

/// The low bits of a ticket are its place; the others count, so that no two tickets are alike.
const PLACE_BITS: u32 = 24;

pub struct Gate {
    slots: usize,
    next: u64,
    places: Vec<Option<Inflight>>,
    /// Places that are empty; the last one left is used first, being still in the processor's cache.
    free: Vec<u32>,
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
        Self { slots, next: 1, places: Vec::new(), free: Vec::new() }
    }
    pub fn has_room(&self) -> bool {
        self.inflight() < self.slots
    }
    pub fn inflight(&self) -> usize {
        self.places.len() - self.free.len()
    }
    pub fn write(&mut self, purpose: Purpose, rows: Rows, out: &mut Effects) {
        debug_assert!(!rows.is_empty(), "a write has rows");
        self.start(purpose, Kept::Rows(rows.clone()), Op::Write(rows), out);
    }
    /// Writes a message that the conversation holds until it is durable.
    pub fn append(&mut self, conv: ConvId, message: Arc<Message>, out: &mut Effects) {
        let purpose = Purpose::Append { conv, seq: message.seq };
        self.start(purpose, Kept::InTail, Op::Write(Rows::from_buf([Row::Message(message)])), out);
    }
    pub fn read(&mut self, purpose: Purpose, read: Read, out: &mut Effects) {
        self.start(purpose, Kept::Nothing, Op::Read(read), out);
    }

    #[inline]
    fn start(&mut self, purpose: Purpose, kept: Kept, op: Op, out: &mut Effects) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(None);
            self.places.len() as u32 - 1
        });
        let ticket = Ticket(self.next << PLACE_BITS | u64::from(place));
        self.next += 1;
        self.places[place as usize] = Some(Inflight { ticket, purpose, kept, attempts: 0 });
        out.list.push(Effect::Store(StoreRequest { ticket, op }));
    }

    pub fn complete(&mut self, now: Now, completion: Completion, timers: &mut Timers) -> Done {
        let Completion { ticket, outcome } = completion;
        let place = place(ticket);
        let Some(inflight) = self.places.get_mut(place).and_then(Option::as_mut).filter(|i| i.ticket == ticket) else {
            return Done::Nothing;
        };
        if let Outcome::Failed(failure) = outcome
            && !matches!(inflight.kept, Kept::Nothing)
            && (failure == StoreFailure::Unknown || inflight.attempts > 0 || inflight.must_succeed())
        {
            let pause = (RETRY_FIRST_MS << inflight.attempts.min(10)).min(RETRY_MAX_MS);
            inflight.attempts += 1;
            timers.set(now.mono_ms + pause, Timer::Retry(ticket));
            return Done::Stalled(inflight.purpose.clone(), inflight.attempts == 1);
        }
        let inflight = self.places[place].take().expect("looked up above");
        self.free.push(place as u32);
        Done::Finished(inflight.purpose, outcome)
    }

    /// The pause before a repetition is over. `held`: the message of an append.
    pub fn repeat(
        &mut self,
        ticket: Ticket,
        out: &mut Effects,
        held: impl FnOnce(ConvId, Seq) -> Option<Arc<Message>>,
    ) {
        let inflight = self.places.get(place(ticket)).and_then(Option::as_ref).filter(|i| i.ticket == ticket);
        let rows = match inflight.map(|inflight| (&inflight.kept, &inflight.purpose)) {
            Some((Kept::Rows(rows), _)) => rows.clone(),
            Some((Kept::InTail, Purpose::Append { conv, seq })) => {
                [Row::Message(held(*conv, *seq).expect("the tail holds what is pending"))].into()
            }
            _ => return,
        };
        out.list.push(Effect::Store(StoreRequest { ticket, op: Op::Write(rows) }));
    }
}

fn place(ticket: Ticket) -> usize {
    (ticket.0 & ((1 << PLACE_BITS) - 1)) as usize
}
