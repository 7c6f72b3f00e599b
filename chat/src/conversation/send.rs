//! A send: who may, whether it came before, and its place in the conversation.

use chasqui_proto::codes::ErrorCode;
use chasqui_proto::command::AckLevel;
use chasqui_proto::event::Event;
use chasqui_proto::ids::UserId;

use super::live::{Live, Pending};
use super::load::refuse;
use super::tail::{Held, Sent};
use super::{Entry, State};
use crate::contract::DeliveryOrder;
use crate::limits::{LEVEL_WAITERS_MAX, LOOKUPS_MAX, PENDING_APPENDS_MAX};
use crate::msg::{Ask, Origin};
use crate::shard::Cx;

impl Entry {
    pub(super) fn send(&mut self, cx: &mut Cx, origin: Origin, ask: Ask) {
        let State::Live(live) = &mut self.state else {
            return;
        };
        if let Err(code) = live.may_send(cx, &origin, &ask) {
            return refuse(cx, self.id, origin, ask, code);
        }
        let needs_lookup = live.needs_lookup(&origin.user, &ask);
        if !needs_lookup && !live.lookups.iter().any(|l| l.origin.user == origin.user) {
            return self.place(cx, origin, ask);
        }
        live.await_lookup(cx, self.id, origin, ask, needs_lookup);
    }

    /// Joins the message of the same client id, or gives the send its seq.
    pub(super) fn place(&mut self, cx: &mut Cx, origin: Origin, ask: Ask) {
        let State::Live(live) = &mut self.state else {
            return;
        };
        if let Some(sent) = live.known(&origin.user, &ask) {
            return self.join(cx, origin, &ask, sent);
        }
        match live.has_capacity(cx, &ask) {
            Err(code) => refuse(cx, self.id, origin, ask, code),
            Ok(()) => self.append(cx, origin, ask),
        }
    }

    fn append(&mut self, cx: &mut Cx, origin: Origin, ask: Ask) {
        let State::Live(live) = &mut self.state else {
            return;
        };
        let Ask::Send { draft, level, .. } = ask else {
            return;
        };
        let (seq, msg_id, at) = (live.last_seq + 1, cx.ids.next(cx.now.wall_ms), cx.now.wall_ms);
        let epoch = cx.cfg.epoch;
        let message = draft.finish(|m| (m.seq, m.msg_id, m.epoch, m.at) = (seq, msg_id, epoch, at));
        cx.gate.append(self.id, message.clone(), &mut cx.out);
        live.push(Held { message: message.clone(), origin: Some(origin.session) });
        live.pending.push_back(Pending::default());
        live.raise_own(cx, self.id, &origin.user, seq);
        let (durable_seq, skip) = (live.durable_seq, origin.session);
        let sent = Sent { seq, msg_id, at };
        if cx.cfg.order == DeliveryOrder::RelayFirst {
            self.fan(cx, Some(skip), Event::Message { message, durable_seq });
        }
        self.acknowledge(cx, origin, level, sent);
    }

    /// The same send came before: it gets the ack of the first.
    pub(super) fn join(&mut self, cx: &mut Cx, origin: Origin, ask: &Ask, sent: Sent) {
        if let Ask::Send { level, .. } = ask {
            self.acknowledge(cx, origin, *level, sent);
        }
    }

    /// Answers a send that has its seq, now or when its level is reached.
    fn acknowledge(&mut self, cx: &mut Cx, origin: Origin, level: AckLevel, sent: Sent) {
        let State::Live(live) = &mut self.state else {
            return;
        };
        if level == AckLevel::Accepted {
            return self.answer(cx, &origin, level, sent);
        }
        match live.pending_mut(sent.seq) {
            Some(pending) => pending.waiters.push((origin, level)),
            None => self.durable_for(cx, origin, level, sent),
        }
    }
}

impl Live {
    fn may_send(&self, cx: &Cx, origin: &Origin, ask: &Ask) -> Result<(), ErrorCode> {
        if !self.members.contains_key(&origin.user) {
            return Err(ErrorCode::NotAParticipant);
        }
        if self.lookups.len() >= LOOKUPS_MAX || (self.needs_lookup(&origin.user, ask) && !cx.gate.has_room()) {
            return Err(ErrorCode::Overloaded);
        }
        Ok(())
    }

    /// Whether only the store can say if a repeated send is known.
    fn needs_lookup(&self, user: &UserId, ask: &Ask) -> bool {
        let resend = matches!(ask, Ask::Send { resend: true, .. });
        resend && self.tail.first() > 1 && self.known(user, ask).is_none()
    }

    pub(super) fn known(&self, user: &UserId, ask: &Ask) -> Option<Sent> {
        let Ask::Send { draft, .. } = ask else { return None };
        self.tail.find(user, draft.client_id())
    }

    fn has_capacity(&self, cx: &Cx, ask: &Ask) -> Result<(), ErrorCode> {
        let waits = matches!(ask, Ask::Send { level: AckLevel::Delivered | AckLevel::Read, .. });
        if !self.stalled.is_empty() {
            return Err(ErrorCode::StoreUnavailable);
        }
        if self.pending.len() >= PENDING_APPENDS_MAX
            || !cx.gate.has_room()
            || (waits && self.waiters.len() + self.pending.len() >= LEVEL_WAITERS_MAX)
        {
            return Err(ErrorCode::Overloaded);
        }
        Ok(())
    }
}
