//! A live conversation's newest messages, and the client ids they came with.
//!
//! Invariant: contiguous from `first`. Every message held is known by its client id too, unless it was retracted, so
//! a send that comes again joins its first without asking the store; what is older, the store knows. Limits:
//! `TAIL_MESSAGES_MAX` and `TAIL_BYTES_MAX`, beyond what is still being committed.
//!
//! Few on purpose: a message writes its place once and forgets another, and with many conversations at work those
//! places are fast only while they fit into the processor's cache.
//!
//! Client ids are found by a 16-bit fingerprint of each, in a ring of their own ([`Fingerprints`]). At most
//! `TAIL_MESSAGES_MAX + PENDING_APPENDS_MAX` are held, so a client that chooses colliding ids costs at most as many looks at messages.

use std::collections::VecDeque;
use std::sync::Arc;

use chasqui_proto::event::Message;
use chasqui_proto::ids::{ClientId, Millis, MsgId, Seq, SessionId, UserId};

use super::fingerprints::Fingerprints;
use crate::fetch;
use crate::limits::{TAIL_BYTES_MAX, TAIL_MESSAGES_MAX};
use crate::spares::Spares;

/// A message in memory, and the session that sent it and so gets the ack instead.
pub(crate) struct Held {
    pub message: Arc<Message>,
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
    /// Of the client ids of `held`, one for one.
    fingerprints: Fingerprints,
}

impl Tail {
    /// Empty; the next message is the one after `seq`.
    pub fn after(seq: Seq) -> Self {
        Self { held: VecDeque::new(), first: seq + 1, bytes: 0, fingerprints: Fingerprints::default() }
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

    /// The message of this sender and client id, unless it was retracted; the newest, where there are several.
    pub fn find(&self, sender: &UserId, client_id: ClientId) -> Option<Sent> {
        let fingerprint = fingerprint(client_id);
        let mut end = self.held.len();
        while let Some(index) = self.fingerprints.newest(end, fingerprint) {
            let message = &self.held[index].message;
            if message.client_id == client_id && message.sender == *sender && !message.retracted {
                return Some(Sent { seq: message.seq, msg_id: message.msg_id, at: message.at });
            }
            end = index;
        }
        None
    }

    pub fn push(&mut self, held: Held) {
        let message = &held.message;
        let next = self.first + self.held.len() as Seq;
        assert_eq!(message.seq, next, "a seq is given once, in order");
        self.bytes += message.content.len();
        self.fingerprints.push(fingerprint(message.client_id));
        self.held.push_back(held);
        fetch::behind(self.held.back());
    }

    /// Takes back a message that is held: its text is forgotten, its client id not found any more. Who shares it keeps it
    /// as it was.
    pub fn retract(&mut self, seq: Seq) -> Option<&Arc<Message>> {
        let index = usize::try_from(seq.checked_sub(self.first)?).ok()?;
        let shared = &mut self.held.get_mut(index)?.message;
        let message = Arc::make_mut(shared);
        message.retracted = true;
        self.bytes -= core::mem::take(&mut message.content).len();
        Some(shared)
    }

    /// Forgets the oldest messages up to `durable_seq`, as far as there are too many.
    pub fn trim(&mut self, durable_seq: Seq, spares: &mut Spares) {
        while (self.held.len() > TAIL_MESSAGES_MAX || self.bytes > TAIL_BYTES_MAX)
            && self.first <= durable_seq
            && let Some(Held { message, .. }) = self.held.pop_front()
        {
            self.fingerprints.pop_oldest();
            self.first += 1;
            self.bytes -= message.content.len();
            spares.give(message);
            self.fetch_oldest();
        }
    }

    /// The message forgotten next lends its memory to a new one: it is fetched ahead, first its block and a message later
    /// its text, of which the block tells where it is.
    fn fetch_oldest(&self) {
        if let (Some(next), Some(after)) = (self.held.front(), self.held.get(1)) {
            fetch::text(&next.message);
            fetch::block(&after.message);
        }
    }

    pub fn check(&self) {
        for (i, held) in self.held.iter().enumerate() {
            assert_eq!(held.message.seq, self.first + i as Seq, "the tail is contiguous");
        }
        let fingerprints = self.held.iter().map(|held| fingerprint(held.message.client_id));
        assert!(fingerprints.eq(self.fingerprints.iter()), "a fingerprint for each message held");
    }
}

/// Every byte counts: client ids are random in some of them only, or in none.
fn fingerprint(client_id: ClientId) -> u16 {
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let id = u128::from_le_bytes(client_id.0);
    let (low, high) = (id as u64, (id >> 64) as u64);
    ((low ^ high.rotate_left(32)).wrapping_mul(MIX) >> 48) as u16
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
        tail.push(Held { message: message.into(), origin: None });
        tail.trim(seq, &mut Spares::default());
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
    fn client_ids_of_one_fingerprint_are_told_apart() {
        let same = |n: &u64| fingerprint(id(*n)) == fingerprint(id(0));
        let ids: Vec<u64> = (0..).filter(same).take(TAIL_MESSAGES_MAX + 40).collect();
        let mut tail = Tail::after(0);
        ids.iter().zip(1..).for_each(|(n, seq)| push(&mut tail, seq, id(*n)));
        let found = |n: &u64| tail.find(&user("alice"), id(*n)).map(|sent| sent.seq);
        assert!(ids[..40].iter().all(|n| found(n).is_none()));
        assert!(ids.iter().zip(1..).skip(40).all(|(n, seq)| found(n) == Some(seq)));
    }

    #[test]
    fn a_client_id_used_again_outlives_its_first_use() {
        let mut tail = Tail::after(0);
        push(&mut tail, 1, id(7));
        let shared = tail.get(1).map(|held| held.message.clone());
        assert!(tail.retract(1).is_some_and(|message| message.content.is_empty()));
        assert!(shared.is_some_and(|message| message.content == "text"), "who shares it keeps it");
        assert_eq!(tail.find(&user("alice"), id(7)), None);
        push(&mut tail, 2, id(7));
        (3..=TAIL_MESSAGES_MAX as u64 + 1).for_each(|seq| push(&mut tail, seq, id(1_000_000 + seq)));
        assert_eq!((tail.first(), tail.find(&user("alice"), id(7)).map(|sent| sent.seq)), (2, Some(2)));
    }
}
