//! What a commit brings: released in seq order, retracted when rejected, waited for when unknown.

use std::sync::Arc;

use chasqui_proto::codes::ErrorCode;
use chasqui_proto::command::AckLevel;
use chasqui_proto::event::{Event, Message};
use chasqui_proto::ids::{ConvId, Seq};
use chasqui_proto::row::{Outcome, Row};

use super::live::{LevelWaiter, Live};
use super::tail::Sent;
use super::{Entry, State};
use crate::contract::{Class, DeliveryOrder};
use crate::gate::Purpose;
use crate::msg::{Msg, Origin};
use crate::shard::Cx;

impl Entry {
    pub(super) fn appended(&mut self, cx: &mut Cx, seq: Seq, outcome: Outcome) {
        let State::Live(live) = &mut self.state else {
            return;
        };
        live.stalled.remove(&seq);
        if outcome != Outcome::Persisted {
            return self.retract(cx, seq);
        }
        live.pending_mut(seq).expect("a commit is awaited once").done = true;
        self.release(cx);
    }

    pub(super) fn stall(&mut self, seq: Seq) {
        if let State::Live(live) = &mut self.state {
            live.stalled.insert(seq);
        }
    }

    /// Everything committed up to the first gap is durable now.
    fn release(&mut self, cx: &mut Cx) {
        let mut raised = false;
        while let State::Live(live) = &mut self.state
            && let Some(pending) = live.pending.pop_front_if(|front| front.done)
        {
            raised = true;
            live.durable_seq += 1;
            let held = live.tail.get(live.durable_seq).expect("the tail holds what is pending");
            let message = &held.message;
            let sent = Sent { seq: message.seq, msg_id: message.msg_id, at: message.at };
            let late = cx.cfg.order == DeliveryOrder::DurableFirst;
            // A message taken back concerns its sender too: an ack at level accepted may have been given.
            let skip = held.origin.filter(|_| !message.retracted);
            let event = late.then(|| (skip, shown(message, live.durable_seq)));
            if let Some((origin, event)) = event {
                self.fan(cx, origin, event);
            }
            for (origin, level) in pending.waiters {
                self.durable_for(cx, origin, level, sent);
            }
        }
        if raised {
            if let State::Live(live) = &mut self.state {
                // Not before: by now the store has let go of the oldest too, so that their memory can be used again.
                live.tail.trim(live.durable_seq, &mut cx.spares);
            }
            self.publish_waiting(cx);
        }
    }

    /// The send of `origin` is durable: its ack, or its place among those who wait for receipts.
    pub(super) fn durable_for(&mut self, cx: &mut Cx, origin: Origin, level: AckLevel, sent: Sent) {
        let State::Live(live) = &mut self.state else {
            return;
        };
        if level <= AckLevel::Durable {
            return self.answer(cx, &origin, level, sent);
        }
        // The permit goes back now: the receipt may take for ever.
        let session = origin.session;
        cx.router.reply(session.shard(), Msg::Released { session });
        live.waiters.push(LevelWaiter { origin, level, sent });
        self.check_waiters(cx);
    }

    /// The ack of a send that holds its permit. It names `durable_seq`, so it must not overtake a retraction below that:
    /// the client would take what it holds there for definitive. Where there was one, acks go by the way it went.
    pub(super) fn answer(&self, cx: &mut Cx, origin: &Origin, level: AckLevel, sent: Sent) {
        let Some(live) = self.live() else { return };
        let event = ack(cx, self.id, live.durable_seq, origin, level, sent);
        let class = if self.has_retracted { Class::Delivery } else { Class::Reply };
        cx.router.owe(origin.session.shard(), class, Msg::Answer { session: origin.session, event });
    }

    /// Gives the acks whose receipts are there.
    pub(super) fn check_waiters(&mut self, cx: &mut Cx) {
        let State::Live(live) = &mut self.state else {
            return;
        };
        if live.waiters.is_empty() {
            return;
        }
        let all = core::mem::take(&mut live.waiters);
        let (ready, wait) = all.into_iter().partition(|w| live.is_reached(w));
        live.waiters = wait;
        let ready: Vec<LevelWaiter> = ready;
        for LevelWaiter { origin, level, sent } in ready {
            let event = ack(cx, self.id, live.durable_seq, &origin, level, sent);
            let session = origin.session;
            cx.router.owe(session.shard(), Class::Delivery, Msg::Late { session, event });
        }
    }

    /// The store refused the message for good: a tombstone takes its seq, recipients are told.
    fn retract(&mut self, cx: &mut Cx, seq: Seq) {
        let conv = self.id;
        let State::Live(live) = &mut self.state else {
            return;
        };
        let message = live.tail.retract(seq).expect("the tail holds what is pending").clone();
        self.has_retracted = true;
        cx.gate.write(Purpose::Tombstone { conv, seq }, [Row::Message(message.clone())].into(), &mut cx.out);
        let waiters = live.pending_mut(seq).map(|p| core::mem::take(&mut p.waiters)).unwrap_or_default();
        for (origin, _) in waiters {
            let event = Event::error(&origin.id, ErrorCode::StoreRejected);
            cx.router.reply(origin.session.shard(), Msg::Answer { session: origin.session, event });
        }
        if cx.cfg.order == DeliveryOrder::RelayFirst {
            self.fan(cx, None, Event::Retracted { conv, msg_id: message.msg_id, seq });
        }
    }

    /// Seqs that were given before a crash and never committed get their tombstones.
    pub(super) fn fill_holes(&mut self, cx: &mut Cx) {
        let conv = self.id;
        let State::Live(live) = &mut self.state else {
            return;
        };
        let first = live.durable_seq + 1;
        for (i, pending) in live.pending.iter().enumerate().filter(|(_, p)| !p.done) {
            debug_assert!(pending.waiters.is_empty());
            let seq = first + i as Seq;
            let message = live.tail.get(seq).expect("the tail holds what is pending").message.clone();
            cx.gate.write(Purpose::Tombstone { conv, seq }, [Row::Message(message)].into(), &mut cx.out);
        }
    }
}

impl Live {
    fn is_reached(&self, waiter: &LevelWaiter) -> bool {
        let others =
            self.members.iter().filter(|(user, m)| **user != waiter.origin.user && m.joined_seq < waiter.sent.seq);
        others.map(|(_, member)| member).all(|member| {
            let cursor = if waiter.level == AckLevel::Read { &member.read } else { &member.delivered };
            cursor.seq.min(self.durable_seq) >= waiter.sent.seq
        })
    }
}

/// What recipients are shown of a message in the tail.
pub(crate) fn shown(message: &Arc<Message>, durable_seq: Seq) -> Event {
    if message.retracted {
        return Event::Retracted { conv: message.conv, msg_id: message.msg_id, seq: message.seq };
    }
    Event::Message { message: message.clone(), durable_seq }
}

fn ack(cx: &Cx, conv: ConvId, durable_seq: Seq, origin: &Origin, level: AckLevel, sent: Sent) -> Event {
    let Sent { seq, msg_id, at } = sent;
    Event::Ack { id: origin.id.clone(), level, conv, msg_id, seq, durable_seq, epoch: cx.cfg.epoch, at }
}
