//! A live conversation's newest messages, and the client ids they came with.
//!
//! Invariant: contiguous from `first`. Every message held is known by its client id too, unless it was retracted, so
//! a send that comes again joins its first without asking the store; what is older, the store knows. Limits:
//! `TAIL_MESSAGES_MAX` and `TAIL_BYTES_MAX`, beyond what is still being committed.
//!
//! Few on purpose: a message writes its place once and forgets another, and with many conversations at work those
//! places are fast only while they fit into the processor's cache.

use core::hash::BuildHasher;
use std::collections::VecDeque;

use chasqui_proto::event::Message;
use chasqui_proto::ids::{ClientId, Millis, MsgId, Seq, SessionId, UserId};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::limits::{TAIL_BYTES_MAX, TAIL_MESSAGES_MAX};
use crate::texts::Texts;

/// A message in memory, and the session that sent it and so gets the ack instead.
pub(crate) struct Held {
    pub message: Message,
    pub origin: Option<SessionId>,
}

/// Where a message was put.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sent {
    pub seq: Seq,
    pub msg_id: MsgId,
    pub at: Millis,
}

pub(crate) struct Tail {
    held: VecDeque<Held>,
    first: Seq,
    bytes: usize,
    /// Seqs, cut to 32 bits. Of a client id used again, the newest.
    by_client_id: HashTable<u32>,
    /// Not seeded: among so few, even client ids chosen to collide cost no more than a look at each.
    hasher: FixedState,
}

impl Tail {
    /// Empty; the next message is the one after `seq`.
    pub fn after(seq: Seq) -> Self {
        let (held, by_client_id, hasher) = (VecDeque::new(), HashTable::new(), FixedState::default());
        Self { held, first: seq + 1, bytes: 0, by_client_id, hasher }
    }

    /// The seq of the oldest message held; of the next one, if none is.
    pub fn first(&self) -> Seq {
        self.first
    }

    pub fn len(&self) -> usize {
        self.held.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Held> {
        self.held.iter()
    }

    pub fn get(&self, seq: Seq) -> Option<&Held> {
        self.held.get(usize::try_from(seq.checked_sub(self.first)?).ok()?)
    }

    /// The message of this sender and client id.
    pub fn find(&self, sender: &UserId, client_id: ClientId) -> Option<Sent> {
        let is = |seq: &u32| is_from(self.at(*seq), sender, client_id);
        let seq = self.by_client_id.find(self.hash(client_id), is)?;
        let Message { seq, msg_id, at, .. } = self.at(*seq).message;
        Some(Sent { seq, msg_id, at })
    }

    pub fn push(&mut self, held: Held) {
        let message = &held.message;
        let next = self.first + self.held.len() as Seq;
        assert_eq!(message.seq, next, "a seq is given once, in order");
        self.bytes += message.content.len();
        if !message.retracted {
            self.remember(&message.sender.clone(), message.client_id, next as u32);
        }
        self.held.push_back(held);
    }

    fn remember(&mut self, sender: &UserId, client_id: ClientId, seq: u32) {
        let Self { held, first, by_client_id, hasher, .. } = self;
        let at = |seq: &u32| &held[seq.wrapping_sub(*first as u32) as usize];
        let hash = |seq: &u32| hasher.hash_one(at(seq).message.client_id);
        match by_client_id.entry(hasher.hash_one(client_id), |seq| is_from(at(seq), sender, client_id), hash) {
            Entry::Occupied(mut cell) => *cell.get_mut() = seq,
            Entry::Vacant(cell) => _ = cell.insert(seq),
        }
    }

    /// Takes back a message that is held: its text and its client id are forgotten.
    pub fn retract(&mut self, seq: Seq) -> Option<&Message> {
        let index = usize::try_from(seq.checked_sub(self.first)?).ok()?;
        self.forget_client_id(self.held.get(index)?.message.client_id, seq as u32);
        let message = &mut self.held[index].message;
        message.retracted = true;
        self.bytes -= core::mem::replace(&mut message.content, "".into()).len();
        Some(message)
    }

    /// Forgets the oldest messages up to `durable_seq`, as far as there are too many.
    pub fn trim(&mut self, durable_seq: Seq, texts: &mut Texts) {
        while (self.held.len() > TAIL_MESSAGES_MAX || self.bytes > TAIL_BYTES_MAX)
            && self.first <= durable_seq
            && let Some(Held { message, .. }) = self.held.pop_front()
        {
            self.forget_client_id(message.client_id, self.first as u32);
            self.first += 1;
            self.bytes -= message.content.len();
            texts.give(message.content);
        }
    }

    /// The client id may have been used again since: only this use is forgotten.
    fn forget_client_id(&mut self, client_id: ClientId, seq: u32) {
        let hash = self.hash(client_id);
        if let Ok(cell) = self.by_client_id.find_entry(hash, |known| *known == seq) {
            cell.remove();
        }
    }

    fn hash(&self, client_id: ClientId) -> u64 {
        self.hasher.hash_one(client_id)
    }

    fn at(&self, seq: u32) -> &Held {
        &self.held[seq.wrapping_sub(self.first as u32) as usize]
    }

    pub fn check(&self) {
        for (i, held) in self.held.iter().enumerate() {
            assert_eq!(held.message.seq, self.first + i as Seq, "the tail is contiguous");
        }
        let known = |seq: &u32| seq.wrapping_sub(self.first as u32) < self.held.len() as u32;
        assert!(self.by_client_id.iter().all(known), "only what is held is known by its client id");
    }
}

fn is_from(held: &Held, sender: &UserId, client_id: ClientId) -> bool {
    held.message.client_id == client_id && held.message.sender == *sender
}

#[cfg(test)]
mod tests {
    use chasqui_proto::ids::ConvId;

    use super::*;

    fn user(name: &str) -> UserId {
        UserId::new(name).unwrap()
    }

    fn id(n: u64) -> ClientId {
        ClientId(u128::from(n).to_le_bytes())
    }

    fn push(tail: &mut Tail, seq: Seq, client_id: ClientId) {
        let message = Message {
            conv: ConvId::direct(&user("alice"), &user("bob")),
            msg_id: MsgId(seq),
            seq,
            epoch: 1,
            sender: user("alice"),
            client_id,
            content: "text".into(),
            at: 0,
            retracted: false,
        };
        tail.push(Held { message, origin: None });
        tail.trim(seq, &mut Texts::default());
        tail.check();
    }

    #[test]
    fn what_is_held_is_known_by_its_client_id() {
        let before = u64::from(u32::MAX) - 10;
        let mut tail = Tail::after(before);
        let last = before + TAIL_MESSAGES_MAX as u64 + 100;
        (before + 1..=last).for_each(|seq| push(&mut tail, seq, id(seq)));
        assert_eq!((tail.first(), tail.len()), (before + 101, TAIL_MESSAGES_MAX));
        assert_eq!(tail.find(&user("alice"), id(before + 100)), None);
        let known = |seq| tail.find(&user("alice"), id(seq)).is_some_and(|sent| sent.seq == seq);
        assert!((before + 101..=last).all(known));
        assert_eq!(tail.find(&user("bob"), id(last)), None, "client ids are the user's own");
    }

    #[test]
    fn a_client_id_used_again_outlives_its_first_use() {
        let mut tail = Tail::after(0);
        push(&mut tail, 1, id(7));
        assert!(tail.retract(1).is_some_and(|message| message.content.is_empty()));
        assert_eq!(tail.find(&user("alice"), id(7)), None);
        push(&mut tail, 2, id(7));
        (3..=TAIL_MESSAGES_MAX as u64 + 1).for_each(|seq| push(&mut tail, seq, id(1_000_000 + seq)));
        assert_eq!((tail.first(), tail.find(&user("alice"), id(7)).map(|sent| sent.seq)), (2, Some(2)));
    }
}
