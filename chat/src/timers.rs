//! Deadlines of one shard, in order.

use std::collections::BTreeSet;

use chasqui_proto::ids::{ConvId, SessionId};
use chasqui_proto::row::Ticket;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Timer {
    /// Write a conversation's receipt cursors.
    Receipts(ConvId),
    /// Repeat a write whose outcome is unknown.
    Retry(Ticket),
    /// A session's token expires.
    Expire(SessionId),
    /// Look for conversations to evict.
    Sweep,
}

#[derive(Default, Debug)]
pub struct Timers(BTreeSet<(u64, Timer)>);

impl Timers {
    pub fn set(&mut self, at_ms: u64, timer: Timer) {
        self.0.insert((at_ms, timer));
    }
    pub fn cancel(&mut self, at_ms: u64, timer: Timer) {
        self.0.remove(&(at_ms, timer));
    }
    pub fn next_ms(&self) -> Option<u64> {
        self.0.first().map(|(at, _)| *at)
    }
    pub fn pop_due(&mut self, now_ms: u64) -> Option<Timer> {
        (self.next_ms()? <= now_ms).then(|| self.0.pop_first().map(|(_, timer)| timer))?
    }
}
