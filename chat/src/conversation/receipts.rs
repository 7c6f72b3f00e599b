//! Receipts: one delivered and one read cursor per member, only ever rising.
//!
//! A cursor is clamped to the head; it is published and stored only up to `durable_seq`, the rest waits in
//! memory. A send raises the sender's own cursors without telling anybody: only unread counts depend on it.

use chasqui_proto::codes::ErrorCode;
use chasqui_proto::command::ReceiptKind;
use chasqui_proto::event::Event;
use chasqui_proto::ids::{ConvId, Millis, Seq, UserId};
use chasqui_proto::row::{ReceiptRow, Row, Rows};

use super::live::{Live, Member};
use super::{Convs, Entry, State};
use crate::gate::Purpose;
use crate::limits::RECEIPT_FLUSH_MS;
use crate::msg::{Ask, Origin};
use crate::shard::Cx;
use crate::timers::Timer;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Cursor {
    /// What the member has, own messages included.
    pub seq: Seq,
    /// What the member has said it has.
    pub marked: Seq,
    pub published: Seq,
    pub stored: Seq,
    pub at: Millis,
}

impl Cursor {
    pub fn at(seq: Seq) -> Self {
        Self { seq, marked: seq, published: seq, stored: seq, at: 0 }
    }
    pub fn restore(&mut self, seq: Seq, at: Millis) {
        if seq > self.seq {
            *self = Self { at, ..Self::at(seq) };
        }
    }
    fn mark(&mut self, seq: Seq, at: Millis) {
        if seq > self.marked {
            (self.marked, self.at) = (seq, at);
            self.own(seq, at);
        }
    }
    pub fn own(&mut self, seq: Seq, at: Millis) {
        if seq > self.seq {
            self.seq = seq;
            self.at = at;
        }
    }
    /// The position to publish now, if it rises.
    fn publish(&mut self, durable_seq: Seq) -> Option<Seq> {
        let position = self.marked.min(durable_seq);
        (position > self.published).then(|| {
            self.published = position;
            position
        })
    }
}

impl Member {
    fn cursors(&mut self) -> [(ReceiptKind, &mut Cursor); 2] {
        [(ReceiptKind::Delivered, &mut self.delivered), (ReceiptKind::Read, &mut self.read)]
    }
    pub fn raise_own(&mut self, seq: Seq, at: Millis) {
        for (_, cursor) in self.cursors() {
            cursor.own(seq, at);
        }
    }
}

impl Entry {
    pub(super) fn mark(&mut self, cx: &mut Cx, origin: Origin, kind: ReceiptKind, seq: Seq) {
        let State::Live(live) = &mut self.state else {
            return;
        };
        let seq = seq.min(live.last_seq);
        let Some(member) = live.members.get_mut(&origin.user) else {
            return super::load::refuse(cx, self.id, origin, Ask::Mark { kind, seq }, ErrorCode::NotAParticipant);
        };
        // Who has read a message has received it.
        member.delivered.mark(seq, cx.now.wall_ms);
        if kind == ReceiptKind::Read {
            member.read.mark(seq, cx.now.wall_ms);
        }
        self.publish(cx, &origin.user, Some(&origin));
        self.check_waiters(cx);
    }

    /// Tells the others how far `user` has come, as far as that is durable.
    fn publish(&mut self, cx: &mut Cx, user: &UserId, origin: Option<&Origin>) {
        let State::Live(live) = &mut self.state else {
            return;
        };
        let (conv, durable_seq, small) = (self.id, live.durable_seq, live.is_small());
        let Some(member) = live.members.get_mut(user) else {
            return;
        };
        let mut events = Vec::new();
        for (kind, cursor) in member.cursors() {
            if let Some(seq) = cursor.publish(durable_seq) {
                events.push(Event::Receipt { conv, user: user.clone(), kind, seq, at: cursor.at });
            }
        }
        let waits = member.delivered.marked > durable_seq || member.read.marked > durable_seq;
        if waits {
            live.unpublished.insert(user.clone())
        } else {
            live.unpublished.remove(user)
        };
        live.touch_receipts(cx, conv, user);
        if small {
            for event in events {
                self.fan(cx, origin.map(|o| o.session), event);
            }
        }
    }

    /// `durable_seq` has risen: what waited for it is published.
    pub(super) fn publish_waiting(&mut self, cx: &mut Cx) {
        let State::Live(live) = &mut self.state else {
            return;
        };
        let waiting: Vec<UserId> = live.unpublished.iter().cloned().collect();
        for user in waiting {
            self.publish(cx, &user, None);
        }
        // Cursors that could not be stored so far may be now.
        let conv = self.id;
        if let State::Live(live) = &mut self.state
            && !live.dirty.is_empty()
        {
            live.arm_receipts(cx, conv);
        }
        self.check_waiters(cx);
    }

    pub(super) fn receipts_written(&mut self, cx: &mut Cx) {
        let State::Live(live) = &mut self.state else {
            return;
        };
        live.receipt_writes -= 1;
        self.touched_ms = cx.now.mono_ms;
    }

    fn flush_receipts(&mut self, cx: &mut Cx) {
        let conv = self.id;
        let State::Live(live) = &mut self.state else {
            return;
        };
        live.receipts_timer = None;
        if !cx.gate.has_room() {
            return live.arm_receipts(cx, conv);
        }
        let rows = live.take_receipt_rows(conv);
        if !rows.is_empty() {
            live.receipt_writes += 1;
            cx.gate.write(Purpose::Receipts { conv }, rows, &mut cx.out);
        }
    }
}

impl Live {
    /// Who sends a message has it.
    pub(super) fn raise_own(&mut self, cx: &mut Cx, conv: ConvId, user: &UserId, seq: Seq) {
        let Some(member) = self.members.get_mut(user) else {
            return;
        };
        member.raise_own(seq, cx.now.wall_ms);
        if !member.dirty || self.receipts_timer.is_none() {
            self.touch_receipts(cx, conv, user);
        }
    }

    /// Notes that a cursor of `user` has to be stored, and when.
    pub(super) fn touch_receipts(&mut self, cx: &mut Cx, conv: ConvId, user: &UserId) {
        let Some(member) = self.members.get_mut(user) else {
            return;
        };
        if [&member.delivered, &member.read].iter().all(|c| c.seq == c.stored) {
            return;
        }
        if !core::mem::replace(&mut member.dirty, true) {
            self.dirty.insert(user.clone());
        }
        self.arm_receipts(cx, conv);
    }

    fn arm_receipts(&mut self, cx: &mut Cx, conv: ConvId) {
        if self.receipts_timer.is_none() {
            let at = cx.now.mono_ms + if cx.draining { 1 } else { RECEIPT_FLUSH_MS };
            self.receipts_timer = Some(at);
            cx.timers.set(at, Timer::Receipts(conv));
        }
    }

    fn take_receipt_rows(&mut self, conv: ConvId) -> Rows {
        let mut rows = Rows::new();
        for user in core::mem::take(&mut self.dirty) {
            let Some(member) = self.members.get_mut(&user) else {
                continue;
            };
            let mut waits = false;
            for (kind, cursor) in member.cursors() {
                let seq = cursor.seq.min(self.durable_seq);
                if seq > cursor.stored {
                    cursor.stored = seq;
                    let row = ReceiptRow { conv, user: user.clone(), kind, seq, at: cursor.at };
                    rows.push(Row::from(row));
                }
                waits |= cursor.seq > cursor.stored;
            }
            member.dirty = waits;
            if waits {
                self.dirty.insert(user);
            }
        }
        rows
    }
}

impl Convs {
    pub(crate) fn flush_receipts(&mut self, cx: &mut Cx, conv: ConvId) {
        if let Some(entry) = self.map.get_mut(&conv) {
            entry.flush_receipts(cx);
        }
    }

    /// Before a stop: everything that may be stored is stored now.
    pub(crate) fn flush_all_receipts(&mut self, cx: &mut Cx) {
        for conv in self.hand.clone() {
            self.flush_receipts(cx, conv);
        }
    }

    pub(crate) fn has_dirty_receipts(&self) -> bool {
        self.hand.iter().any(|conv| {
            let live = self.map.get(conv).and_then(Entry::live);
            live.is_some_and(|live| !live.dirty.is_empty() || live.receipt_writes > 0)
        })
    }
}
