//! The outbox at work: a send without an answer is sent again, with the same client id, for as long as it takes.

use std::sync::Arc;

use chasqui_proto::codes::ErrorCode;
use chasqui_proto::command::AckLevel;
use chasqui_proto::event::Event;
use chasqui_proto::ids::{ClientId, ConvId, Millis, MsgId, Seq, UserId};
use chasqui_proto::limits::CONTENT_BYTES_MAX;
use smol_str::{SmolStr, format_smolstr};

use crate::config::{ANSWER_WAIT_MS, OUTBOX_SENDS_MAX, retry_wait};
use crate::io::{Notice, OwnedCommand, OwnedTarget, SendFailure};
use crate::outbox::Outgoing;
use crate::rules::Rules;
use crate::timers::Timer;

impl Rules {
    pub(crate) fn on_send(
        &mut self,
        now: Millis,
        client_id: ClientId,
        target: OwnedTarget,
        content: Arc<str>,
        ack: AckLevel,
    ) {
        let failure = if content.len() > CONTENT_BYTES_MAX {
            Some(SendFailure::TooLarge)
        } else {
            (self.outbox.len() >= OUTBOX_SENDS_MAX).then_some(SendFailure::OutboxFull)
        };
        if let Some(why) = failure {
            return self.tell(Notice::SendFailed { client_id, why });
        }
        // A client id that waits already is the same send.
        let Some(serial) = self.outbox.push(client_id, target, content, ack) else { return };
        if self.connected {
            self.transmit(now, serial);
        }
    }

    pub(crate) fn transmit_all(&mut self, now: Millis) {
        let serials: Vec<u64> = self.outbox.unanswered().map(|(serial, _)| serial).collect();
        for serial in serials {
            self.transmit(now, serial);
        }
    }

    fn transmit(&mut self, now: Millis, serial: u64) {
        let (Some(outgoing), Some(me)) = (self.outbox.get_mut(serial), &self.me) else { return };
        let resend = outgoing.conv.is_some();
        if resend {
            self.stats.resends += 1;
        } else {
            let conv = conversation_of(me, &outgoing.target);
            outgoing.conv = Some(conv);
            self.convs.entry(conv).or_default().own_unplaced += 1;
        }
        // Delivered and read may take days; only a new connection is a reason to ask again.
        if outgoing.ack <= AckLevel::Durable {
            self.timers.arm(&mut outgoing.due, now + ANSWER_WAIT_MS, Timer::Send(serial));
        } else {
            self.timers.disarm(&mut outgoing.due, Timer::Send(serial));
        }
        let Outgoing { client_id, ack, .. } = *outgoing;
        let (target, content) = (outgoing.target.clone(), outgoing.content.clone());
        let id = format_smolstr!("{serial}");
        self.command(OwnedCommand::Send { id, target, client_id, content, ack, resend });
    }

    pub(crate) fn on_send_due(&mut self, now: Millis, serial: u64) {
        let Some(outgoing) = self.outbox.get_mut(serial) else { return };
        outgoing.due = None;
        if self.connected && outgoing.answered.is_none() {
            self.transmit(now, serial);
        }
    }

    /// Ticks at once; the place it tells may have to wait for a SYNC.
    pub(crate) fn on_ack(&mut self, now: Millis, event: &Event) {
        let Event::Ack { id, level, conv, msg_id, seq, at, .. } = event else { return };
        let serial = id.parse().unwrap_or(0);
        let Some(outgoing) = self.outbox.get_mut(serial).filter(|o| o.answered.is_none()) else {
            return self.on_stray_ack(*conv, *msg_id, *seq);
        };
        outgoing.answered = Some((*seq, *msg_id));
        self.timers.disarm(&mut outgoing.due, Timer::Send(serial));
        let client_id = outgoing.client_id;
        self.tell(Notice::Ticked { client_id, level: *level, conv: *conv, msg_id: *msg_id, seq: *seq, at: *at });
        self.on_live(now, event);
    }

    /// The second answer to a send that was sent again; should it name another message, a SYNC will bring that.
    fn on_stray_ack(&mut self, conv: ConvId, msg_id: MsgId, seq: Seq) {
        self.stats.stray_answers += 1;
        let c = self.convs.entry(conv).or_default();
        let known = seq <= c.cursor || c.held.get(&seq).is_some_and(|entry| entry.msg_id == msg_id);
        self.sync.wanted |= !known;
    }

    /// The send has its answer and its place, or will have neither.
    pub(crate) fn finish_send(&mut self, id: &str) -> Option<Outgoing> {
        let serial = id.parse().ok()?;
        let mut outgoing = self.outbox.remove(serial)?;
        self.timers.disarm(&mut outgoing.due, Timer::Send(serial));
        if let Some(c) = outgoing.conv.filter(|_| outgoing.place.is_none()).and_then(|conv| self.convs.get_mut(&conv)) {
            c.own_unplaced -= 1;
        }
        Some(outgoing)
    }

    pub(crate) fn on_send_refused(&mut self, now: Millis, id: &str, code: ErrorCode, message: &SmolStr, hint_ms: u32) {
        let serial = id.parse().unwrap_or(0);
        let Some(outgoing) = self.outbox.get_mut(serial).filter(|o| o.answered.is_none()) else {
            self.stats.stray_answers += 1;
            return;
        };
        if code.retry() {
            outgoing.refusals += 1;
            let due = now + retry_wait(outgoing.refusals, hint_ms);
            return self.timers.arm(&mut outgoing.due, due, Timer::Send(serial));
        }
        let Some(outgoing) = self.finish_send(id) else { return };
        let why = SendFailure::Refused { code, message: message.clone() };
        self.tell(Notice::SendFailed { client_id: outgoing.client_id, why });
        if let Some(conv) = outgoing.conv {
            self.watch_hole(now, conv);
        }
    }
}

fn conversation_of(me: &UserId, target: &OwnedTarget) -> ConvId {
    match target {
        OwnedTarget::Conversation(conv) => *conv,
        OwnedTarget::User(user) => ConvId::direct(me, user),
    }
}
