//! To every interested shard once; and to those whose ring was full, later.
//!
//! A shard that missed something of a conversation is *behind* in it: nothing more of that conversation is
//! pushed until, when there is room, the messages it missed and then a snapshot of receipts and presence are.
//! Typing is simply lost. What cannot be repaired by a snapshot is owed.

use std::collections::VecDeque;
use std::sync::Arc;

use chasqui_proto::codes::ErrorCode;
use chasqui_proto::event::{Event, Message};
use chasqui_proto::ids::{Seq, SessionId};
use chasqui_proto::limits::SYNC_MESSAGES_MAX;
use chasqui_proto::row::{Found, Outcome, Read};

use super::append::shown;
use super::live::Live;
use super::load::refuse;
use super::{Convs, Entry, State};
use crate::contract::{Class, DeliveryOrder, ShardId};
use crate::gate::Purpose;
use crate::msg::{Ask, Msg, Origin};
use crate::shard::Cx;

pub(super) struct Behind {
    shard: ShardId,
    /// The next message to push. `None`: the conversation was not live, so none was missed.
    from: Option<Seq>,
    /// A page is being read for it; the conversation stays in memory until it comes.
    reading: bool,
    /// The rest of the last page: it waits for room, so that nothing is read twice.
    page: VecDeque<Arc<Message>>,
}

impl Entry {
    pub(super) fn fan(&mut self, cx: &mut Cx, skip: Option<SessionId>, event: Event) {
        // Nearly always one shard, to which the event goes without a copy.
        let Some(last) = self.subs.len().checked_sub(1) else { return };
        for i in 0..last {
            self.fan_to(cx, self.subs[i].0, skip, event.clone());
        }
        self.fan_to(cx, self.subs[last].0, skip, event);
    }

    fn fan_to(&mut self, cx: &mut Cx, shard: ShardId, skip: Option<SessionId>, event: Event) {
        let must_arrive = matches!(event, Event::Retracted { .. } | Event::MemberAdded { .. });
        if !must_arrive && self.behind.iter().any(|b| b.shard == shard) {
            return;
        }
        let (fleeting, seq) =
            (event.fleeting(), if let Event::Message { message, .. } = &event { Some(message.seq) } else { None });
        let msg = Msg::Deliver { conv: self.id, skip, event };
        if must_arrive {
            cx.router.owe(shard, Class::Delivery, msg);
        } else if !cx.router.deliver(shard, msg) && !fleeting {
            let from = seq.or_else(|| self.live().map(|live| live.visible_seq(cx) + 1));
            self.fall_behind(cx, shard, from);
        }
    }

    fn fall_behind(&mut self, cx: &mut Cx, shard: ShardId, from: Option<Seq>) {
        self.behind.push(Behind { shard, from, reading: false, page: VecDeque::new() });
        cx.behind.insert((shard, self.id));
    }

    /// The conversation has come to life: who is behind in it misses what comes from now on.
    pub(super) fn await_first(&mut self, cx: &Cx) {
        if let State::Live(live) = &self.state {
            let next = live.visible_seq(cx) + 1;
            self.behind.iter_mut().for_each(|behind| behind.from = behind.from.or(Some(next)));
        }
    }

    pub(super) fn typing(&mut self, cx: &mut Cx, origin: Origin, on: bool) {
        let Some(live) = self.live() else { return };
        if !live.members.contains_key(&origin.user) {
            let ask = Ask::Typing { on };
            return refuse(cx, self.id, origin, ask, ErrorCode::NotAParticipant);
        }
        if live.is_small() {
            let event = Event::Typing { conv: self.id, user: origin.user.clone(), on };
            self.fan(cx, Some(origin.session), event);
        }
    }

    /// Pushes what `shard` missed, as far as there is room.
    fn catch_up(&mut self, cx: &mut Cx, shard: ShardId) {
        let Some(at) = self.behind.iter().position(|b| b.shard == shard) else {
            return;
        };
        if !self.subs.iter().any(|(s, _)| *s == shard) {
            return self.caught_up(cx, at);
        }
        while let State::Live(live) = &mut self.state
            && let behind = &mut self.behind[at]
            && let Some(from) = behind.from.filter(|from| *from <= live.visible_seq(cx))
        {
            let (message, origin) = match (live.tail.get(from), behind.page.front()) {
                (Some(held), _) => (&held.message, held.origin),
                (None, Some(message)) if message.seq == from => (message, None),
                _ => return self.read_missed(cx, at, from),
            };
            let (event, skip) = (shown(message, live.durable_seq), origin.filter(|_| !message.retracted));
            if !cx.router.deliver(shard, Msg::Deliver { conv: self.id, skip, event }) {
                return;
            }
            behind.from = Some(from + 1);
            while behind.page.pop_front_if(|message| message.seq <= from).is_some() {}
        }
        let receipts = self.live().filter(|live| live.is_small()).map_or_else(Vec::new, |l| l.receipts(self.id, None));
        let online = self.told_online();
        if cx.router.deliver(shard, Msg::Snapshot { conv: self.id, online, receipts }) {
            self.caught_up(cx, at);
        }
    }

    fn caught_up(&mut self, cx: &mut Cx, at: usize) {
        let behind = self.behind.remove(at);
        cx.behind.remove(&(behind.shard, self.id));
    }

    pub(super) fn catch_up_page(&mut self, cx: &mut Cx, shard: ShardId, outcome: Outcome) {
        self.pins -= 1;
        let (State::Live(live), Some(behind)) =
            (&self.state, self.behind.iter_mut().find(|b| b.shard == shard && b.reading))
        else {
            return;
        };
        behind.reading = false;
        let Outcome::Found(Found::Page(page)) = outcome else {
            return;
        };
        let wanted = |m: &Arc<Message>| m.seq <= live.durable_seq && behind.from.is_some_and(|from| m.seq >= from);
        behind.page = page.into_iter().filter(wanted).collect();
        self.catch_up(cx, shard);
    }

    fn read_missed(&mut self, cx: &mut Cx, at: usize, from: Seq) {
        let (conv, behind) = (self.id, &mut self.behind[at]);
        if !behind.reading && cx.gate.has_room() {
            behind.reading = true;
            self.pins += 1;
            let read = Read::Page { conv, after: from - 1, limit: SYNC_MESSAGES_MAX };
            cx.gate.read(Purpose::CatchUp { conv, shard: behind.shard }, read, &mut cx.out);
        }
    }
}

impl Live {
    /// The newest message recipients may see.
    pub(super) fn visible_seq(&self, cx: &Cx) -> Seq {
        match cx.cfg.order {
            DeliveryOrder::RelayFirst => self.last_seq,
            DeliveryOrder::DurableFirst => self.durable_seq,
        }
    }
}

impl Convs {
    /// A ring may have room: every pair that is behind is tried.
    pub(crate) fn catch_up(&mut self, cx: &mut Cx) {
        let behind: Vec<_> = cx.behind.iter().copied().collect();
        for (shard, conv) in behind {
            if let Some(entry) = self.map.get_mut(&conv) {
                entry.catch_up(cx, shard);
            }
        }
    }
}
