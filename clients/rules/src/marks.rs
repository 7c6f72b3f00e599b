//! Receipts of this user: told only for what was received without a hole, and only upwards.

use chasqui_proto::codes::ErrorCode;
use chasqui_proto::command::ReceiptKind;
use chasqui_proto::ids::{ConvId, Millis, Seq};
use smol_str::SmolStr;

use crate::config::retry_wait;
use crate::conversation::Conversation;
use crate::io::OwnedCommand;
use crate::rules::Rules;
use crate::timers::Timer;

const KINDS: [ReceiptKind; 2] = [ReceiptKind::Delivered, ReceiptKind::Read];

impl Conversation {
    /// The mark to tell now, if any.
    fn mark_due(&self, kind: ReceiptKind) -> Option<Seq> {
        let mark = self.marks[kind as usize];
        let target = mark.wanted.min(self.reach);
        (target > mark.sent).then_some(target)
    }
}

impl Rules {
    pub(crate) fn on_mark(&mut self, now: Millis, conv: ConvId, seq: Seq, kind: ReceiptKind) {
        let mark = self.convs.entry(conv).or_default().mark(kind);
        mark.wanted = mark.wanted.max(seq);
        self.note_marks(now, conv);
    }

    /// Delivered marks are gathered for a while; others go with this input's outputs.
    pub(crate) fn note_marks(&mut self, now: Millis, conv: ConvId) {
        let Some(c) = self.convs.get(&conv) else { return };
        let read = c.mark_due(ReceiptKind::Read).is_some();
        if !self.connected || !(read || c.mark_due(ReceiptKind::Delivered).is_some()) {
            return;
        }
        self.dirty.insert(conv);
        let wait = if read { 0 } else { self.config.mark_delivered_after.unwrap_or(0) };
        let due = now + wait;
        if self.marks_due.is_none_or(|known| due < known) {
            self.timers.arm(&mut self.marks_due, due, Timer::Marks);
        }
    }

    /// While a SYNC is due, what was received may yet turn out to be lost: marks wait for its end.
    pub(crate) fn tell_marks_if_due(&mut self, now: Millis) {
        if self.marks_due.is_none_or(|due| due > now) {
            return;
        }
        self.timers.disarm(&mut self.marks_due, Timer::Marks);
        if self.connected && !self.syncing() {
            for conv in std::mem::take(&mut self.dirty) {
                self.tell_marks(conv);
            }
        }
    }

    fn tell_marks(&mut self, conv: ConvId) {
        for kind in KINDS {
            let Some(c) = self.convs.get_mut(&conv) else { return };
            let Some(seq) = c.mark_due(kind) else { continue };
            c.mark(kind).sent = seq;
            c.marked_in = self.connection;
            self.command(OwnedCommand::Mark { id: SmolStr::new_static("k"), conv, seq, kind });
        }
    }

    /// What lay at `seq` went elsewhere or nowhere: what comes to lie there has not been read.
    pub(crate) fn unread_from(&mut self, conv: ConvId, seq: Seq) {
        let read = self.convs.entry(conv).or_default().mark(ReceiptKind::Read);
        read.wanted = read.wanted.min(seq - 1);
        read.sent = read.sent.min(read.wanted);
    }

    /// Marks are not answered, so those of this connection may have been lost: they are told again in the next.
    pub(crate) fn forget_marks(&mut self) {
        for c in self.convs.values_mut().filter(|c| c.marked_in == self.connection) {
            c.marks.iter_mut().for_each(|mark| mark.sent = 0);
        }
    }

    pub(crate) fn on_mark_refused(&mut self, now: Millis, code: ErrorCode, hint_ms: u32) {
        if !code.retry() {
            return;
        }
        self.forget_marks();
        let again = |(_, c): &(&ConvId, &Conversation)| KINDS.iter().any(|kind| c.mark_due(*kind).is_some());
        let convs: Vec<ConvId> = self.convs.iter().filter(again).map(|(conv, _)| *conv).collect();
        self.dirty.extend(convs);
        self.timers.arm(&mut self.marks_due, now + retry_wait(1, hint_ms), Timer::Marks);
    }
}
