//! The client ids a conversation has seen lately, and where their messages lie.
//!
//! A ring of entries in the order they came, and a table of numbers into it: what a message touches is the ring's two
//! ends and two small cells of the table, however many are remembered. Limits: `DEDUPE_RECENT_MAX`.

use core::hash::BuildHasher;
use std::collections::VecDeque;

use chasqui_proto::ids::{ClientId, Millis, MsgId, Seq, UserId};
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::limits::DEDUPE_RECENT_MAX;

/// Where a message was put.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sent {
    pub seq: Seq,
    pub msg_id: MsgId,
    pub at: Millis,
}

#[derive(Default)]
pub struct Dedupe {
    ring: VecDeque<Entry>,
    /// Numbers of entries. Of a client id used again, the newest.
    table: HashTable<u32>,
    /// The number of the ring's first entry; numbers wrap.
    first: u32,
    /// Not seeded: among so few, even client ids chosen to collide cost no more than a look at each.
    hasher: FixedState,
    /// Client ids of messages up to here are not all remembered; beyond, all are.
    pub floor: Seq,
}

struct Entry {
    hash: u64,
    user: UserId,
    client_id: ClientId,
    sent: Sent,
}

impl Dedupe {
    pub fn get(&self, user: &UserId, client_id: ClientId) -> Option<Sent> {
        let hash = self.hash(user, client_id);
        self.table.find(hash, |number| self.is(*number, user, client_id)).map(|number| self.entry(*number).sent)
    }

    pub fn insert(&mut self, user: UserId, client_id: ClientId, sent: Sent) {
        let hash = self.hash(&user, client_id);
        let number = self.first.wrapping_add(self.ring.len() as u32);
        let (ring, first) = (&self.ring, self.first);
        let at = |number: &u32| &ring[number.wrapping_sub(first) as usize];
        match self.table.entry(hash, |number| at(number).is(&user, client_id), |number| at(number).hash) {
            hashbrown::hash_table::Entry::Occupied(mut cell) => *cell.get_mut() = number,
            hashbrown::hash_table::Entry::Vacant(cell) => _ = cell.insert(number),
        }
        self.ring.push_back(Entry { hash, user, client_id, sent });
        if self.ring.len() > DEDUPE_RECENT_MAX {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.ring.pop_front() else { return };
        // The client id may have been used again since: only this entry is forgotten.
        if let Ok(cell) = self.table.find_entry(oldest.hash, |number| *number == self.first) {
            cell.remove();
        }
        self.first = self.first.wrapping_add(1);
        self.floor = oldest.sent.seq;
    }

    pub fn remove(&mut self, user: &UserId, client_id: ClientId) {
        let hash = self.hash(user, client_id);
        let (ring, first) = (&self.ring, self.first);
        let is = |number: &u32| ring[number.wrapping_sub(first) as usize].is(user, client_id);
        if let Ok(cell) = self.table.find_entry(hash, is) {
            cell.remove();
        }
    }

    fn hash(&self, user: &UserId, client_id: ClientId) -> u64 {
        self.hasher.hash_one((user, client_id))
    }

    fn entry(&self, number: u32) -> &Entry {
        &self.ring[number.wrapping_sub(self.first) as usize]
    }

    fn is(&self, number: u32, user: &UserId, client_id: ClientId) -> bool {
        self.entry(number).is(user, client_id)
    }
}

impl Entry {
    fn is(&self, user: &UserId, client_id: ClientId) -> bool {
        self.client_id == client_id && self.user == *user
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> UserId {
        UserId::new("alice").unwrap()
    }

    fn id(n: u64) -> ClientId {
        ClientId(u128::from(n).to_le_bytes())
    }

    fn sent(seq: Seq) -> Sent {
        Sent { seq, msg_id: MsgId(seq), at: 0 }
    }

    #[test]
    fn the_newest_are_known_and_the_floor_says_from_where() {
        let mut dedupe = Dedupe { first: u32::MAX - 10, ..Dedupe::default() };
        let newest = DEDUPE_RECENT_MAX as u64 + 100;
        (1..=newest).for_each(|seq| dedupe.insert(user(), id(seq), sent(seq)));
        assert_eq!(dedupe.floor, 100);
        assert_eq!(dedupe.get(&user(), id(100)), None);
        assert!((101..=newest).all(|seq| dedupe.get(&user(), id(seq)) == Some(sent(seq))));
        assert_eq!(dedupe.get(&UserId::new("bob").unwrap(), id(200)), None, "client ids are the user's own");
    }

    #[test]
    fn a_client_id_used_again_outlives_its_first_use() {
        let mut dedupe = Dedupe::default();
        dedupe.insert(user(), id(7), sent(1));
        dedupe.remove(&user(), id(7));
        assert_eq!(dedupe.get(&user(), id(7)), None);
        dedupe.insert(user(), id(7), sent(2));
        let last = DEDUPE_RECENT_MAX as u64 + 1;
        (3..=last).for_each(|seq| dedupe.insert(user(), id(1_000_000 + seq), sent(seq)));
        assert_eq!((dedupe.floor, dedupe.get(&user(), id(7))), (1, Some(sent(2))));
    }
}
