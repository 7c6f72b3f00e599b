//! Where own sends lie. A send has an answer, which ticks it, and a place; a SYNC, another session's copy or the answer
//! may tell the place first, and a crash may change it. The app shows an own send by its client id throughout.

use chasqui_proto::event::{Event, Message};
use chasqui_proto::ids::{ClientId, ConvId, Millis, MsgId};

use crate::conversation::{Admission, Entry, Place};
use crate::io::Notice;
use crate::rules::Rules;

impl Rules {
    /// The place of an own message. Its tick was told when the ack came.
    pub(crate) fn take_ack(&mut self, now: Millis, id: &str, place: Place, judge: bool) -> bool {
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

    /// An answered send is shown already, so its place becomes a suspect rather than be forgotten.
    pub(crate) fn leave_to_sync(&mut self, event: &Event) {
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

    /// Whether this is a send of the outbox; if so, its place is known from now on.
    pub(crate) fn place_own(&mut self, message: &Message) -> bool {
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
    pub(crate) fn set_place(&mut self, client_id: &ClientId, conv: ConvId, place: Option<MsgId>) -> bool {
        let Some(outgoing) = self.outbox.by_client_id(client_id) else { return false };
        if outgoing.conv == Some(conv) {
            let c = self.convs.entry(conv).or_default();
            c.own_unplaced -= usize::from(outgoing.place.is_none());
            c.own_unplaced += usize::from(place.is_none());
            outgoing.place = place;
        }
        true
    }

    /// A message is lost or taken back. True: it is a send of the outbox, which is still to be answered.
    pub(crate) fn displace(&mut self, entry: &Entry, conv: ConvId) -> bool {
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

    /// An own message that was answered, and taken back before its place was known.
    pub(crate) fn retract_answered(&mut self, message: &Message) {
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
}
