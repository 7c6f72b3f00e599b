//! Whether a message is a call or a ring push; permits; debts.
//!
//! Invariants: a command with an answer holds one permit of its pair (this shard, peer) until the answer is
//! back, so the peer's reply ring is never full. A debt (`owe`) is a message that must arrive: where the ring
//! is full it waits here, in order, and commands to that peer are refused meanwhile. Debts are bounded by
//! what they stand for: sessions, permits, members joined.

use std::collections::VecDeque;

use crate::contract::{Class, Links, ShardId};
use crate::msg::Msg;

pub struct Router {
    me: ShardId,
    links: Box<dyn Links>,
    local: VecDeque<Msg>,
    peers: Vec<Peer>,
    permits_max: u32,
}

struct Peer {
    permits: u32,
    debts: [VecDeque<Msg>; 3],
}

impl Router {
    pub fn new(me: ShardId, shards: u16, permits_max: u32, links: Box<dyn Links>) -> Self {
        let peer = |_| Peer { permits: permits_max, debts: Default::default() };
        Self { me, links, local: VecDeque::new(), peers: (0..shards).map(peer).collect(), permits_max }
    }

    /// The shard that is home to a virtual shard.
    pub fn home(&self, vshard: u16) -> ShardId {
        vshard % self.peers.len() as u16
    }

    /// A command with an answer: takes a permit. False: refused, nothing was sent.
    #[inline]
    #[must_use]
    pub fn ask(&mut self, to: ShardId, msg: Msg) -> bool {
        let sent = self.peers[usize::from(to)].permits > 0 && self.hint(to, msg);
        sent && self.take_permit(to)
    }

    /// For a command with an answer. False: refused.
    #[inline]
    #[must_use]
    pub fn take_permit(&mut self, to: ShardId) -> bool {
        let permits = &mut self.peers[usize::from(to)].permits;
        let left = permits.checked_sub(1);
        *permits = left.unwrap_or(0);
        left.is_some()
    }

    /// A command without an answer. False: refused.
    #[inline]
    #[must_use]
    pub fn hint(&mut self, to: ShardId, msg: Msg) -> bool {
        self.try_push(to, Class::Command, msg)
    }

    /// A delivery. False: the ring is full or debts wait before it.
    #[inline]
    #[must_use]
    pub fn deliver(&mut self, to: ShardId, msg: Msg) -> bool {
        self.try_push(to, Class::Delivery, msg)
    }

    /// An answer to a command that holds a permit of `to`.
    pub fn reply(&mut self, to: ShardId, msg: Msg) {
        self.owe(to, Class::Reply, msg);
    }

    /// A message that must arrive.
    #[inline]
    pub fn owe(&mut self, to: ShardId, class: Class, msg: Msg) {
        if to == self.me {
            return self.local.push_back(msg);
        }
        let debts = &mut self.peers[usize::from(to)].debts[class as usize];
        if !debts.is_empty() {
            return debts.push_back(msg);
        }
        if let Err(msg) = self.links.push(to, class, msg) {
            debts.push_back(msg);
        }
    }

    /// An answer came from `from`.
    pub fn permit_back(&mut self, from: ShardId) {
        let peer = &mut self.peers[usize::from(from)];
        peer.permits += 1;
        assert!(peer.permits <= self.permits_max, "more answers than commands from shard {from}");
    }

    /// Tries all debts again.
    pub fn flush(&mut self) {
        for to in 0..self.peers.len() {
            for class in [Class::Command, Class::Reply, Class::Delivery] {
                while let Some(msg) = self.peers[to].debts[class as usize].pop_front() {
                    if let Err(msg) = self.links.push(to as ShardId, class, msg) {
                        self.peers[to].debts[class as usize].push_front(msg);
                        break;
                    }
                }
            }
        }
    }

    pub fn next_local(&mut self) -> Option<Msg> {
        self.local.pop_front()
    }

    /// Messages that wait for room.
    pub fn debts(&self) -> usize {
        self.peers.iter().flat_map(|p| &p.debts).map(VecDeque::len).sum()
    }

    /// Commands whose answers are not back.
    pub fn outstanding(&self) -> u32 {
        self.peers.iter().map(|p| self.permits_max - p.permits).sum()
    }

    #[inline]
    fn try_push(&mut self, to: ShardId, class: Class, msg: Msg) -> bool {
        if to == self.me {
            self.local.push_back(msg);
            return true;
        }
        self.peers[usize::from(to)].debts[class as usize].is_empty() && self.links.push(to, class, msg).is_ok()
    }
}
