//! What the app shows: each message once, moved, retracted or withdrawn when that is learnt.

use std::sync::Arc;

use chasqui_proto::command::ReceiptKind;
use chasqui_proto::event::Message;
use chasqui_proto::ids::{ClientId, ConvId, MsgId, Seq};

use crate::config::RETRACTED_AHEAD_MAX;
use crate::conversation::{Entry, Place};
use crate::io::Notice;
use crate::rules::Rules;

impl Rules {
    /// A place that nothing holds yet, from an event or a SYNC.
    pub(crate) fn take_new(&mut self, message: &Arc<Message>, provisional: bool) {
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

    /// Shows a message that was never shown, unless it is a send of this client, which the app shows itself.
    fn show(&mut self, message: &Arc<Message>, provisional: bool) {
        let own = Some(&message.sender) == self.me.as_ref();
        if own && self.place_own(message) {
            return;
        }
        let c = self.convs.entry(message.conv).or_default();
        self.stats.shown += 1;
        self.stats.out_of_order += u64::from(message.seq < c.shown_top);
        c.shown_top = c.shown_top.max(message.seq);
        if !own && self.config.mark_delivered_after.is_some() {
            let mark = c.mark(ReceiptKind::Delivered);
            mark.wanted = mark.wanted.max(message.seq);
        }
        self.tell(Notice::NewMessage { message: message.clone(), provisional });
    }

    pub(crate) fn tell_moved(&mut self, message: &Message, from: Seq) {
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

    pub(crate) fn retract_held(&mut self, conv: ConvId, seq: Seq) {
        let Some(entry) = self.convs.get_mut(&conv).and_then(|c| c.held.get_mut(&seq)) else { return };
        if entry.visible() {
            entry.retracted = true;
            let entry = entry.clone();
            self.displace(&entry, conv);
            self.stats.retracted += 1;
            self.tell(Notice::Retracted { conv, msg_id: entry.msg_id, seq });
        }
    }

    fn retract_suspect(&mut self, message: &Message, mut known: Entry) {
        known.retracted = true;
        self.displace(&known, message.conv);
        self.stats.retracted += 1;
        self.tell(Notice::Retracted { conv: message.conv, msg_id: known.msg_id, seq: message.seq });
    }

    /// Nothing is known of it any more but its id; the app knows whether it shows it.
    pub(crate) fn retract_unheld(&mut self, conv: ConvId, msg_id: MsgId, seq: Seq) {
        let logged = self.convs.get_mut(&conv).and_then(|c| c.log.iter_mut().rfind(|k| k.msg_id == msg_id));
        if logged.is_none_or(|known| !std::mem::replace(&mut known.retracted, true)) {
            self.stats.retracted += 1;
            self.tell(Notice::Retracted { conv, msg_id, seq });
        }
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

    pub(crate) fn withdraw(&mut self, place: Place, client_id: ClientId) {
        self.stats.withdrawn += 1;
        self.unread_from(place.conv, place.seq);
        let Place { conv, msg_id, seq, .. } = place;
        self.tell(Notice::Withdrawn { conv, client_id, msg_id, seq });
    }
}
