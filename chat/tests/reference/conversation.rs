//! A conversation of the model: a list of messages, and how far each member has come.

use std::collections::BTreeMap;

use chasqui_proto::command::{AckLevel, ReceiptKind};

/// Newest messages whose client ids a process knows without the store.
const KEPT: u64 = 60;
/// Messages of a conversation in one sync answer.
pub const PAGE: u64 = 100;

#[derive(Clone, Debug)]
pub struct Conversation {
    pub direct: bool,
    pub admin: String,
    pub members: BTreeMap<String, Member>,
    pub messages: Vec<Message>,
    /// Client ids up to here are forgotten, unless the store is asked.
    pub floor: u64,
    pub waiters: Vec<Waiter>,
}

#[derive(Clone, Debug)]
pub struct Message {
    pub sender: String,
    pub n: u32,
}

#[derive(Clone, Debug)]
pub struct Member {
    pub joined: u64,
    pub delivered: Cursor,
    pub read: Cursor,
}

/// How far a member has come: own sends included, as told to the others, and as stored.
#[derive(Clone, Copy, Debug)]
pub struct Cursor {
    pub at: u64,
    pub marked: u64,
    pub stored: u64,
}

/// A send that waits for the others.
#[derive(Clone, Debug)]
pub struct Waiter {
    pub session: String,
    pub user: String,
    pub n: u32,
    pub seq: u64,
    pub level: AckLevel,
}

impl Cursor {
    fn new(seq: u64) -> Self {
        Self { at: seq, marked: seq, stored: seq }
    }
    /// Whether the others hear of it.
    fn mark(&mut self, seq: u64) -> bool {
        let news = seq > self.marked;
        self.marked = self.marked.max(seq);
        self.at = self.at.max(seq);
        news
    }
    fn reload(&mut self) {
        *self = Self::new(self.stored);
    }
}

impl Member {
    pub fn new(joined: u64) -> Self {
        Self { joined, delivered: Cursor::new(joined), read: Cursor::new(joined) }
    }
    fn cursors(&mut self) -> [&mut Cursor; 2] {
        [&mut self.delivered, &mut self.read]
    }
}

impl Conversation {
    pub fn new(direct: bool, admin: &str, members: impl Iterator<Item = String>) -> Self {
        Self {
            direct,
            admin: admin.to_owned(),
            members: members.map(|user| (user, Member::new(0))).collect(),
            messages: Vec::new(),
            floor: 0,
            waiters: Vec::new(),
        }
    }

    pub fn head(&self) -> u64 {
        self.messages.len() as u64
    }

    /// The seq this client id has already, as far as anybody remembers.
    pub fn known(&self, sender: &str, n: u32, resend: bool) -> Option<u64> {
        let at = self.messages.iter().rposition(|m| m.sender == sender && m.n == n)? as u64 + 1;
        (at > self.floor || resend).then_some(at)
    }

    pub fn append(&mut self, message: Message) -> u64 {
        let sender = message.sender.clone();
        self.messages.push(message);
        let head = self.head();
        self.floor = self.floor.max(head.saturating_sub(KEPT));
        for cursor in self.members.get_mut(&sender).expect("only members send").cursors() {
            cursor.at = head;
        }
        head
    }

    /// The receipts the others are told of.
    pub fn mark(&mut self, user: &str, kind: ReceiptKind, seq: u64) -> Vec<(&'static str, u64)> {
        let seq = seq.min(self.head());
        let member = self.members.get_mut(user).expect("only members mark");
        let mut news = Vec::new();
        if member.delivered.mark(seq) {
            news.push(("delivered", seq));
        }
        if kind == ReceiptKind::Read && member.read.mark(seq) {
            news.push(("read", seq));
        }
        news
    }

    /// Takes those whose level is reached.
    pub fn reached(&mut self) -> Vec<Waiter> {
        let members = self.members.clone();
        let is_reached = |waiter: &Waiter| {
            let mut others = members.iter().filter(|(user, m)| **user != waiter.user && m.joined < waiter.seq);
            others.all(|(_, m)| {
                let cursor = if waiter.level == AckLevel::Read { m.read } else { m.delivered };
                cursor.at >= waiter.seq
            })
        };
        let (ready, wait) = core::mem::take(&mut self.waiters).into_iter().partition(is_reached);
        self.waiters = wait;
        ready
    }

    /// Cursors are written.
    pub fn flush(&mut self) {
        for cursor in self.members.values_mut().flat_map(Member::cursors) {
            cursor.stored = cursor.at;
        }
    }

    /// Forgotten, and read again from the store when somebody asks.
    pub fn reload(&mut self) {
        self.floor = self.head().saturating_sub(KEPT);
        self.members.values_mut().flat_map(Member::cursors).for_each(Cursor::reload);
    }
}
