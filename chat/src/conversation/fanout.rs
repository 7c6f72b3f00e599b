//! To every interested shard once; and to those whose ring was full, later.
//!
//! A shard that missed something of a conversation is *behind* in it: nothing more of that conversation is
//! pushed until, when there is room, the messages it missed and then a snapshot of receipts and presence are.
//! Typing is simply lost. What cannot be repaired by a snapshot is owed.

use chasqui_proto::event::Event;
use chasqui_proto::ids::{ConvId, Seq, SessionId, UserId};
use chasqui_proto::limits::SYNC_MESSAGES_MAX;
use chasqui_proto::row::{Found, Outcome, Read};

use super::append::shown;
use super::live::Live;
use super::{Convs, Entry, State};
use crate::contract::{Class, DeliveryOrder, ShardId};
use crate::gate::Purpose;
use crate::msg::{Msg, Origin};
use crate::shard::Cx;

pub(super) struct Behind {
    shard: ShardId,
    /// The next message to push. `None`: the conversation was not live, so none was missed.
    from: Option<Seq>,
    /// A page is being read for it.
    reading: bool,
}

impl Entry {
    pub(super) fn fan(&mut self, cx: &mut Cx<'_>, skip: Option<SessionId>, event: Event) {
        for i in 0..self.subs.len() {
            let shard = self.subs[i].0;
            let msg = Msg::Deliver { conv: self.id, skip, event: event.clone() };
            match &event {
                Event::Retracted { .. } | Event::MemberAdded { .. } => cx.router.owe(shard, Class::Delivery, msg),
                _ if self.behind.iter().any(|b| b.shard == shard) => {}
                _ if cx.router.deliver(shard, msg) => {}
                Event::Typing { .. } => {}
                Event::Message { message, .. } => self.fall_behind(cx, shard, Some(message.seq)),
                _ => self.fall_behind(cx, shard, self.live().map(|live| live.visible_seq(cx) + 1)),
            }
        }
    }

    fn fall_behind(&mut self, cx: &mut Cx<'_>, shard: ShardId, from: Option<Seq>) {
        self.behind.push(Behind { shard, from, reading: false });
        cx.behind.insert((shard, self.id));
    }

    /// The conversation has come to life: who is behind in it misses what comes from now on.
    pub(super) fn await_first(&mut self, cx: &Cx<'_>) {
        if let State::Live(live) = &self.state {
            let next = live.visible_seq(cx) + 1;
            self.behind.iter_mut().for_each(|behind| behind.from = behind.from.or(Some(next)));
        }
    }

    pub(super) fn typing(&mut self, cx: &mut Cx<'_>, origin: &Origin, on: bool) {
        let Some(live) = self.live() else { return };
        if live.is_small() && live.members.contains_key(&origin.user) {
            let event = Event::Typing { conv: self.id, user: origin.user.clone(), on };
            self.fan(cx, Some(origin.session), event);
        }
    }

    /// Pushes what `shard` missed, as far as there is room.
    fn catch_up(&mut self, cx: &mut Cx<'_>, shard: ShardId) {
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
            let Some(held) = live.held(from) else {
                return read_missed(cx, self.id, from, behind);
            };
            let event = shown(&held.message, live.durable_seq);
            let skip = held.origin.filter(|_| !held.message.retracted);
            if !cx.router.deliver(shard, Msg::Deliver { conv: self.id, skip, event }) {
                return;
            }
            behind.from = Some(from + 1);
        }
        let (online, receipts) =
            (self.online_users(), self.live().map_or_else(Vec::new, |l| l.receipts(self.id, None)));
        if cx.router.deliver(shard, Msg::Snapshot { conv: self.id, online, receipts }) {
            self.caught_up(cx, at);
        }
    }

    fn caught_up(&mut self, cx: &mut Cx<'_>, at: usize) {
        let behind = self.behind.remove(at);
        cx.behind.remove(&(behind.shard, self.id));
    }

    pub(super) fn catch_up_page(&mut self, cx: &mut Cx<'_>, shard: ShardId, outcome: Outcome) {
        let State::Live(live) = &mut self.state else {
            return;
        };
        let Some(behind) = self.behind.iter_mut().find(|b| b.shard == shard) else {
            return;
        };
        behind.reading = false;
        let Outcome::Found(Found::Page(page)) = outcome else {
            return;
        };
        for message in page.iter().filter(|m| m.seq <= live.durable_seq) {
            let event = shown(message, live.durable_seq);
            if behind.from.is_some_and(|from| message.seq >= from) {
                if !cx.router.deliver(shard, Msg::Deliver { conv: self.id, skip: None, event }) {
                    return;
                }
                behind.from = Some(message.seq + 1);
            }
        }
        self.catch_up(cx, shard);
    }

    pub(super) fn online_users(&self) -> Vec<UserId> {
        self.online.keys().cloned().collect()
    }
}

fn read_missed(cx: &mut Cx<'_>, conv: ConvId, from: Seq, behind: &mut Behind) {
    if !behind.reading && cx.gate.has_room() {
        behind.reading = true;
        let read = Read::Page { conv, after: from - 1, limit: SYNC_MESSAGES_MAX };
        cx.gate.read(Purpose::CatchUp { conv, shard: behind.shard }, read, cx.out);
    }
}

impl Live {
    /// The newest message recipients may see.
    pub(super) fn visible_seq(&self, cx: &Cx<'_>) -> Seq {
        match cx.cfg.order {
            DeliveryOrder::RelayFirst => self.last_seq,
            DeliveryOrder::DurableFirst => self.durable_seq,
        }
    }
}

impl Convs {
    /// A ring may have room: every pair that is behind is tried.
    pub(crate) fn catch_up(&mut self, cx: &mut Cx<'_>) {
        let behind: Vec<_> = cx.behind.iter().copied().collect();
        for (shard, conv) in behind {
            if let Some(entry) = self.map.get_mut(&conv) {
                entry.catch_up(cx, shard);
            }
        }
    }
}
