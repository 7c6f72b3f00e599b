//! A conversation in memory.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use chasqui_proto::command::AckLevel;
use chasqui_proto::ids::{Seq, UserId};
use chasqui_proto::limits::GROUP_RECEIPT_MEMBERS_MAX;
use chasqui_proto::row::{ConversationRow, MemberRow, Role};
use smallvec::SmallVec;

use super::lookups::Lookup;
use super::receipts::Cursor;
use super::tail::{Held, Sent, Tail};
use crate::msg::Origin;

pub(crate) struct Live {
    pub row: Box<ConversationRow>,
    pub members: BTreeMap<UserId, Member>,
    pub last_seq: Seq,
    pub durable_seq: Seq,
    pub tail: Tail,
    /// The appends of `durable_seq + 1 ..= last_seq`.
    pub pending: VecDeque<Pending>,
    /// Seqs whose write failed at least once; while there is one, sends are refused.
    pub stalled: BTreeSet<Seq>,
    pub lookups: VecDeque<Lookup>,
    pub lookups_begun: u64,
    pub waiters: Vec<LevelWaiter>,
    /// Members with a cursor above `durable_seq`.
    pub unpublished: BTreeSet<UserId>,
    /// Members with a cursor that is not stored.
    pub dirty: BTreeSet<UserId>,
    pub receipts_timer: Option<u64>,
    pub receipt_writes: u32,
    pub joins: Vec<Join>,
}

pub(crate) struct Member {
    pub role: Role,
    pub joined_seq: Seq,
    pub delivered: Cursor,
    pub read: Cursor,
    /// Among `Live::dirty`.
    pub dirty: bool,
}

#[derive(Default)]
pub(crate) struct Pending {
    pub done: bool,
    /// Nearly always the sender alone.
    pub waiters: SmallVec<[(Origin, AckLevel); 1]>,
}

/// A send that is durable and waits for the others' receipts.
pub(crate) struct LevelWaiter {
    pub origin: Origin,
    pub level: AckLevel,
    pub sent: Sent,
}

/// A member being added, and who asked.
pub(crate) struct Join {
    pub row: MemberRow,
    pub origins: Vec<Origin>,
}

impl Live {
    pub fn new(row: ConversationRow, members: Vec<MemberRow>) -> Self {
        let members = members.into_iter().map(|row| (row.user.clone(), Member::new(&row))).collect();
        Self {
            row: Box::new(row),
            members,
            last_seq: 0,
            durable_seq: 0,
            tail: Tail::after(0),
            pending: VecDeque::new(),
            stalled: BTreeSet::new(),
            lookups: VecDeque::new(),
            lookups_begun: 0,
            waiters: Vec::new(),
            unpublished: BTreeSet::new(),
            dirty: BTreeSet::new(),
            receipts_timer: None,
            receipt_writes: 0,
            joins: Vec::new(),
        }
    }

    /// Whether receipts, typing and presence are broadcast.
    pub fn is_small(&self) -> bool {
        self.members.len() <= GROUP_RECEIPT_MEMBERS_MAX
    }

    pub fn member_ids(&self) -> Arc<[UserId]> {
        self.members.keys().cloned().collect()
    }

    pub fn pending_mut(&mut self, seq: Seq) -> Option<&mut Pending> {
        let index = seq.checked_sub(self.durable_seq + 1)?;
        self.pending.get_mut(usize::try_from(index).ok()?)
    }

    /// The next message, at `last_seq + 1`.
    pub fn push(&mut self, held: Held) {
        self.tail.push(held);
        self.last_seq += 1;
    }

    /// Nothing is under way that an eviction would lose, save for those who wait for receipts.
    pub fn is_quiet(&self) -> bool {
        self.pending.is_empty()
            && self.lookups.is_empty()
            && self.dirty.is_empty()
            && self.receipt_writes == 0
            && self.joins.is_empty()
    }

    pub fn check(&self) {
        assert_eq!(self.pending.len() as Seq, self.last_seq - self.durable_seq, "pending covers what is not durable");
        assert!(self.tail.len() as Seq >= self.last_seq - self.durable_seq, "the tail holds what is not durable");
        assert_eq!(self.tail.first() + self.tail.len() as Seq, self.last_seq + 1, "the tail ends at the head");
        self.tail.check();
        assert!(self.pending.front().is_none_or(|p| !p.done), "what is done at the front is released");
        for (user, member) in &self.members {
            assert_eq!(member.dirty, self.dirty.contains(user), "a member knows that its cursor is not stored");
            for cursor in [&member.delivered, &member.read] {
                assert!(cursor.published <= self.durable_seq && cursor.stored <= self.durable_seq);
                assert!(cursor.seq <= self.last_seq, "a cursor is clamped to the head");
            }
        }
    }
}

impl Member {
    pub fn new(row: &MemberRow) -> Self {
        let start = Cursor::at(row.joined_seq);
        Self { role: row.role, joined_seq: row.joined_seq, delivered: start, read: start, dirty: false }
    }
}
