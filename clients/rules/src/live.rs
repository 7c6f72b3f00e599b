//! Events as they come: judged at once, or held while a SYNC is outstanding; and the holes they leave.

use std::sync::Arc;

use chasqui_proto::event::{Event, Message};
use chasqui_proto::ids::{ConvId, Millis, Seq};

use crate::config::{HELD_EVENTS_MAX, HOLE_WAIT_MS};
use crate::conversation::{Admission, Place};
use crate::rules::Rules;
use crate::timers::Timer;

impl Rules {
    pub(crate) fn on_live(&mut self, now: Millis, event: &Event) {
        if !self.sync.busy() && self.take(now, event, false) {
            return;
        }
        // Acks are few, the outbox bounds them, and each is told once.
        if self.waiting.len() < HELD_EVENTS_MAX || matches!(event, Event::Ack { .. }) {
            self.waiting.push_back((event.clone(), false));
        } else {
            self.stats.held_overflow += 1;
            self.sync.wanted = true;
        }
    }

    /// A SYNC was completed or given up: what waited is judged. What needs another SYNC keeps waiting.
    pub(crate) fn release_waiting(&mut self, now: Millis, synced: bool) {
        let duplicates = self.stats.duplicates;
        for (event, judged) in std::mem::take(&mut self.waiting) {
            if !self.take(now, &event, synced && judged) {
                self.waiting.push_back((event, true));
            }
        }
        // The SYNC brought what had come meanwhile as well: nobody sent it twice.
        self.stats.overlaps += self.stats.duplicates - duplicates;
        self.stats.duplicates = duplicates;
    }

    /// With the connection gone, the next SYNC brings again the messages that waited.
    pub(crate) fn leave_waiting_to_sync(&mut self) {
        for (event, _) in std::mem::take(&mut self.waiting) {
            self.leave_to_sync(&event);
        }
    }

    /// False: only a SYNC can tell; one is wanted now. With `judge`, one was completed and the event is decided.
    pub(crate) fn take(&mut self, now: Millis, event: &Event, judge: bool) -> bool {
        match event {
            Event::Message { message, durable_seq } => self.take_message(now, message, *durable_seq, judge),
            Event::Ack { id, conv, msg_id, seq, durable_seq, epoch, .. } => {
                let durable = *durable_seq;
                let place = Place { conv: *conv, seq: *seq, msg_id: *msg_id, epoch: *epoch, durable };
                self.take_ack(now, id, place, judge)
            }
            _ => true,
        }
    }

    /// Judges a place. `None`: it has to wait for a SYNC.
    pub(crate) fn admit(&mut self, place: Place, judge: bool) -> Option<Admission> {
        let c = self.convs.entry(place.conv).or_default();
        let mut admission = c.admit(place);
        if admission == Admission::NewEpoch && judge {
            // A SYNC was answered, but not for this conversation: nothing provisional of the old epoch is left.
            c.epoch = Some(place.epoch);
            c.suspect_above(c.cursor);
            self.withdraw_suspects(place.conv);
            admission = self.convs.entry(place.conv).or_default().admit(place);
        }
        match admission {
            Admission::Stale => self.stats.stale += 1,
            Admission::Conflict if judge => self.stats.conflicts += 1,
            Admission::NewEpoch | Admission::Conflict => {
                self.sync.wanted = true;
                return None;
            }
            Admission::New | Admission::Known => {}
        }
        Some(admission)
    }

    fn take_message(&mut self, now: Millis, message: &Arc<Message>, durable: Seq, judge: bool) -> bool {
        let Message { conv, seq, msg_id, epoch, .. } = **message;
        let Some(admission) = self.admit(Place { conv, seq, msg_id, epoch, durable }, judge) else { return false };
        match admission {
            Admission::New => self.take_new(message, seq > durable),
            Admission::Known if message.retracted => self.retract_held(conv, seq),
            Admission::Known => self.stats.duplicates += 1,
            _ => {}
        }
        self.settle(now, conv);
        true
    }

    /// After anything was learnt of a conversation.
    pub(crate) fn settle(&mut self, now: Millis, conv: ConvId) {
        let keep_log = self.config.keep_log;
        self.convs.entry(conv).or_default().settle(keep_log);
        self.watch_hole(now, conv);
        self.note_marks(now, conv);
    }

    /// A hole is a gap at once (save a moment's grace), or after a while if an own send may explain it.
    pub(crate) fn watch_hole(&mut self, now: Millis, conv: ConvId) {
        let Some(c) = self.convs.get_mut(&conv) else { return };
        if !c.has_hole() {
            return self.timers.disarm(&mut c.hole_due, Timer::Hole(conv));
        }
        let patient = c.own_unplaced > 0 || c.fruitless_at == Some(c.reach);
        let due = now + if patient { HOLE_WAIT_MS } else { self.config.gap_grace };
        if c.hole_due.is_none_or(|known| c.hole_at != c.reach || due < known) {
            c.hole_at = c.reach;
            self.timers.arm(&mut c.hole_due, due, Timer::Hole(conv));
        }
    }

    pub(crate) fn on_hole_due(&mut self, conv: ConvId) {
        let Some(c) = self.convs.get_mut(&conv) else { return };
        c.hole_due = None;
        // The end of an outstanding round looks at all holes again.
        if c.has_hole() && !self.sync.busy() {
            self.stats.gaps += 1;
            self.sync.wanted = true;
        }
    }
}
