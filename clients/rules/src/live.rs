//! Events as they come: messages, places of own messages, retractions; held while a SYNC is outstanding.

use chasqui_proto::event::{Event, Message};
use chasqui_proto::ids::{ClientId, ConvId, Millis, MsgId, Seq};

use crate::config::{HELD_EVENTS_MAX, HOLE_WAIT_MS, RETRACTED_AHEAD_MAX};
use crate::conversation::{Admission, Entry, Place};
use crate::io::Notice;
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

    /// An answered send is shown already, so its place becomes a suspect rather than be forgotten.
    fn leave_to_sync(&mut self, event: &Event) {
        let Event::Ack { id, conv, .. } = event else { return };
        let conv = *conv;
        let Some(outgoing) = self.finish_send(id) else { return };
        let (Some(c), Some(sender)) = (self.convs.get_mut(&conv), self.me.clone()) else { return };
        let Some((seq, msg_id)) = outgoing.answered else { return };
        if outgoing.retracted || outgoing.place == Some(msg_id) {
            return;
        }
        let client_id = outgoing.client_id;
        if seq <= c.cursor {
            // A newer home has something else at its place.
            return self.withdraw(Place { conv, seq, msg_id, epoch: 0, durable: 0 }, client_id);
        }
        let entry = Entry { msg_id, sender, client_id, retracted: false };
        c.take_suspect(seq, &entry);
        c.suspects.insert((seq, msg_id), entry);
    }

    /// False: only a SYNC can tell; one is wanted now. With `judge`, one was completed and the event is decided.
    fn take(&mut self, now: Millis, event: &Event, judge: bool) -> bool {
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
    fn admit(&mut self, place: Place, judge: bool) -> Option<Admission> {
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

    fn take_message(&mut self, now: Millis, message: &Message, durable: Seq, judge: bool) -> bool {
        let Message { conv, seq, msg_id, epoch, .. } = *message;
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

    /// A place that nothing holds yet, from an event or a SYNC.
    pub(crate) fn take_new(&mut self, message: &Message, provisional: bool) {
        let c = self.convs.entry(message.conv).or_default();
        let mut entry = Entry::of(message);
        entry.retracted |= c.retracted_ahead.contains(&message.msg_id);
        let retracted = entry.retracted;
        let known = c.take_suspect(message.seq, &entry);
        c.held.insert(message.seq, entry);
        match known {
            Some((_, known)) if known.visible() && retracted => self.retract_suspect(message, known),
            Some((from, known)) if known.visible() && (from, known.msg_id) != (message.seq, message.msg_id) => {
                self.tell_moved(message, from);
            }
            Some((_, known)) if known.visible() => self.stats.overlaps += 1,
            _ if retracted => self.retract_answered(message),
            _ => self.show(message, provisional),
        }
    }

    fn retract_suspect(&mut self, message: &Message, mut known: Entry) {
        known.retracted = true;
        self.displace(&known, message.conv);
        self.stats.retracted += 1;
        self.tell(Notice::Retracted { conv: message.conv, msg_id: known.msg_id, seq: message.seq });
    }

    fn tell_moved(&mut self, message: &Message, from: Seq) {
        let Message { conv, seq, msg_id, client_id, .. } = *message;
        self.stats.moved += 1;
        self.unread_from(conv, from);
        if Some(&message.sender) == self.me.as_ref() {
            self.set_place(&client_id, conv, Some(msg_id));
            if let Some(answered) = self.outbox.by_client_id(&client_id).and_then(|o| o.answered.as_mut()) {
                *answered = (seq, msg_id);
            }
        }
        let sender = message.sender.clone();
        self.tell(Notice::Moved { conv, sender, client_id, from, seq, msg_id });
    }

    /// Shows a message that was never shown, unless it is a send of this client, which the app shows itself.
    fn show(&mut self, message: &Message, provisional: bool) {
        let own = Some(&message.sender) == self.me.as_ref();
        if own && self.place_own(message) {
            return;
        }
        let c = self.convs.entry(message.conv).or_default();
        self.stats.shown += 1;
        self.stats.out_of_order += u64::from(message.seq < c.shown_top);
        c.shown_top = c.shown_top.max(message.seq);
        if !own && self.config.mark_delivered_after.is_some() {
            let mark = c.mark(chasqui_proto::command::ReceiptKind::Delivered);
            mark.wanted = mark.wanted.max(message.seq);
        }
        self.tell(Notice::NewMessage { message: message.clone(), provisional });
    }

    /// An own message that was answered, and taken back before its place was known.
    fn retract_answered(&mut self, message: &Message) {
        let Message { conv, msg_id, seq, .. } = *message;
        if Some(&message.sender) != self.me.as_ref() {
            return;
        }
        let outgoing = self.outbox.by_client_id(&message.client_id);
        if let Some(outgoing) = outgoing.filter(|o| o.answered.is_some_and(|(_, id)| id == msg_id)) {
            outgoing.retracted = true;
            self.set_place(&message.client_id, conv, Some(msg_id));
            self.stats.retracted += 1;
            self.tell(Notice::Retracted { conv, msg_id, seq });
        }
    }

    /// Whether this is a send of the outbox; if so, its place is known from now on.
    fn place_own(&mut self, message: &Message) -> bool {
        let Message { conv, msg_id, client_id, .. } = *message;
        let Some(outgoing) = self.outbox.by_client_id(&client_id).filter(|o| !o.retracted) else { return false };
        let moved = outgoing.answered.filter(|(_, id)| *id != msg_id);
        if let Some((from, _)) = moved {
            // A new home lost the message that was answered, and stored the one sent again.
            self.tell_moved(message, from);
        }
        self.set_place(&client_id, conv, Some(msg_id));
        true
    }

    /// Notes where a send of the outbox lies, or that it lies nowhere. False: it is not in the outbox.
    fn set_place(&mut self, client_id: &ClientId, conv: ConvId, place: Option<MsgId>) -> bool {
        let Some(outgoing) = self.outbox.by_client_id(client_id) else { return false };
        if outgoing.conv == Some(conv) {
            let c = self.convs.entry(conv).or_default();
            c.own_unplaced -= usize::from(outgoing.place.is_none());
            c.own_unplaced += usize::from(place.is_none());
            outgoing.place = place;
        }
        true
    }

    /// The place of an own message. Its tick was told when the ack came.
    fn take_ack(&mut self, now: Millis, id: &str, place: Place, judge: bool) -> bool {
        let Some(admission) = self.admit(place, judge) else { return false };
        let Some(outgoing) = self.finish_send(id) else { return true };
        match admission {
            Admission::New => self.hold_own(place, outgoing.client_id),
            // Where it is now, or that it was taken back, was learnt meanwhile.
            _ if outgoing.place.is_some() || outgoing.retracted => {}
            Admission::Stale | Admission::Conflict | Admission::NewEpoch => self.withdraw(place, outgoing.client_id),
            Admission::Known => self.note_unseen(place),
        }
        self.settle(now, place.conv);
        true
    }

    fn hold_own(&mut self, place: Place, client_id: ClientId) {
        let Place { conv, msg_id, seq, .. } = place;
        let Some(sender) = self.me.clone() else { return };
        let c = self.convs.entry(conv).or_default();
        let retracted = c.retracted_ahead.contains(&msg_id);
        let entry = Entry { msg_id, sender, client_id, retracted };
        // The app has its place from the tick.
        c.take_suspect(seq, &entry);
        c.held.insert(seq, entry);
        if retracted {
            self.retract_unheld(conv, msg_id, seq);
        }
    }

    fn note_unseen(&mut self, place: Place) {
        self.stats.acked_behind_cursor += u64::from(place.seq <= self.cursor(place.conv));
    }

    /// A retraction names no epoch, so it speaks of its message id alone and fills no hole. It need not wait for a
    /// SYNC, but an answer given before it, or another lane, may bring the message yet.
    pub(crate) fn on_retracted(&mut self, conv: ConvId, msg_id: MsgId, seq: Seq) {
        let c = self.convs.entry(conv).or_default();
        if let Some(mut entry) = c.suspects.remove(&(seq, msg_id)) {
            entry.retracted = true;
            self.displace(&entry, conv);
            self.retract_unheld(conv, msg_id, seq);
        } else if c.held.get(&seq).is_some_and(|entry| entry.msg_id == msg_id) {
            self.retract_held(conv, seq);
        } else if seq <= c.cursor {
            self.retract_unheld(conv, msg_id, seq);
        }
        let c = self.convs.entry(conv).or_default();
        c.retracted_ahead.insert(msg_id);
        if c.retracted_ahead.len() > RETRACTED_AHEAD_MAX {
            c.retracted_ahead.pop_first();
        }
    }

    /// Nothing is known of it any more but its id; the app knows whether it shows it.
    fn retract_unheld(&mut self, conv: ConvId, msg_id: MsgId, seq: Seq) {
        let logged = self.convs.get_mut(&conv).and_then(|c| c.log.iter_mut().rfind(|k| k.msg_id == msg_id));
        if logged.is_none_or(|known| !std::mem::replace(&mut known.retracted, true)) {
            self.stats.retracted += 1;
            self.tell(Notice::Retracted { conv, msg_id, seq });
        }
    }

    fn retract_held(&mut self, conv: ConvId, seq: Seq) {
        let Some(entry) = self.convs.get_mut(&conv).and_then(|c| c.held.get_mut(&seq)) else { return };
        if entry.visible() {
            entry.retracted = true;
            let entry = entry.clone();
            self.displace(&entry, conv);
            self.stats.retracted += 1;
            self.tell(Notice::Retracted { conv, msg_id: entry.msg_id, seq });
        }
    }

    /// A message is lost or taken back. True: it is a send of the outbox, which is still to be answered.
    fn displace(&mut self, entry: &Entry, conv: ConvId) -> bool {
        if Some(&entry.sender) != self.me.as_ref() {
            return false;
        }
        let Some(outgoing) = self.outbox.by_client_id(&entry.client_id) else { return false };
        outgoing.retracted |= entry.retracted && outgoing.answered.is_some_and(|(_, id)| id == entry.msg_id);
        if outgoing.place == Some(entry.msg_id) {
            self.set_place(&entry.client_id, conv, None);
        }
        true
    }

    fn withdraw(&mut self, place: Place, client_id: ClientId) {
        self.stats.withdrawn += 1;
        self.unread_from(place.conv, place.seq);
        let Place { conv, msg_id, seq, .. } = place;
        self.tell(Notice::Withdrawn { conv, client_id, msg_id, seq });
    }

    /// What no SYNC has brought is gone. An own send that still waits for its answer will be sent again.
    pub(crate) fn withdraw_suspects(&mut self, conv: ConvId) {
        let Some(c) = self.convs.get_mut(&conv) else { return };
        for ((seq, msg_id), entry) in std::mem::take(&mut c.suspects) {
            if !entry.visible() {
                continue;
            }
            let client_id = entry.client_id;
            if self.displace(&entry, conv) {
                continue;
            }
            self.withdraw(Place { conv, seq, msg_id, epoch: 0, durable: 0 }, client_id);
        }
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
