//! Which shards want a conversation's events, who is online in it, and the heads told on the way.
//!
//! Interest does not load a conversation. Presence falls out of it: a user is online in a conversation while one
//! of their sessions is interested.

use chasqui_proto::command::AckLevel;
use chasqui_proto::event::{Event, Head};
use chasqui_proto::ids::{ConvId, ReqId, SessionId, UserId};
use chasqui_proto::limits::GROUP_RECEIPT_MEMBERS_MAX;
use chasqui_proto::row::{Found, Outcome, Read, StoredHead};

use super::jobs::HeadJob;
use super::live::Live;
use super::lookups::Lookup;
use super::{Convs, Entry, State};
use crate::contract::Class;
use crate::gate::Purpose;
use crate::msg::{Ask, HeadInfo, Msg, Origin};
use crate::shard::Cx;

impl Convs {
    pub(crate) fn interest(&mut self, cx: &mut Cx, user: UserId, session: SessionId, joined: bool, convs: Vec<ConvId>) {
        for conv in &convs {
            self.entry(cx, *conv).subscribe(cx, &user, session);
        }
        if joined {
            for conv in convs {
                let origin = Origin { user: user.clone(), session, id: ReqId::default() };
                self.ask(cx, conv, origin, Ask::Joined);
            }
            return;
        }
        let job = HeadJob { user, session, convs };
        if job.convs.iter().all(|conv| self.map[conv].live().is_some()) {
            return self.tell_heads(cx, job, &[]);
        }
        if !cx.gate.has_room() {
            return heads_failed(cx, job);
        }
        for conv in &job.convs {
            self.entry(cx, *conv).pins += 1;
        }
        let read = Read::Heads { user: job.user.clone(), convs: job.convs.clone() };
        let number = cx.jobs.number();
        cx.jobs.heads.insert(number, job);
        cx.gate.read(Purpose::Heads(number), read, &mut cx.out);
    }

    pub(super) fn heads_read(&mut self, cx: &mut Cx, number: u64, outcome: Outcome) {
        let Some(job) = cx.jobs.heads.remove(&number) else {
            return;
        };
        for conv in &job.convs {
            self.entry(cx, *conv).pins -= 1;
        }
        match outcome {
            Outcome::Found(Found::Heads(stored)) => self.tell_heads(cx, job, &stored),
            _ => heads_failed(cx, job),
        }
    }

    /// A live conversation's own head is newer than what the store said of it.
    fn tell_heads(&mut self, cx: &mut Cx, job: HeadJob, stored: &[StoredHead]) {
        let HeadJob { user, session, convs } = job;
        let info = |(i, conv): (usize, &ConvId)| {
            let entry = &self.map[conv];
            let stored = stored.get(i).copied().unwrap_or_default();
            let joined_seq = entry.live().and_then(|live| live.members.get(&user)).map_or(0, |m| m.joined_seq);
            HeadInfo { head: entry.head(cx, &user, stored), online: entry.told_online(), joined_seq, joined: None }
        };
        let heads = Some(convs.iter().enumerate().map(info).collect());
        cx.router.owe(session.shard(), Class::Delivery, Msg::Heads { session, user, convs, heads });
    }

    pub(crate) fn uninterest(&mut self, cx: &mut Cx, user: &UserId, session: SessionId, convs: &[ConvId]) {
        for conv in convs {
            if let Some(entry) = self.map.get_mut(conv) {
                entry.unsubscribe(cx, user, session);
            }
        }
    }
}

fn heads_failed(cx: &mut Cx, job: HeadJob) {
    let HeadJob { user, session, convs } = job;
    cx.router.owe(session.shard(), Class::Delivery, Msg::Heads { session, user, convs, heads: None });
}

impl Entry {
    fn subscribe(&mut self, cx: &mut Cx, user: &UserId, session: SessionId) {
        let shard = session.shard();
        match self.subs.iter_mut().find(|(s, _)| *s == shard) {
            Some((_, count)) => *count += 1,
            None => self.subs.push((shard, 1)),
        }
        let count = self.online.entry(user.clone()).or_insert(0);
        *count += 1;
        if *count == 1 {
            self.presence(cx, user, true);
        }
    }

    fn unsubscribe(&mut self, cx: &mut Cx, user: &UserId, session: SessionId) {
        let shard = session.shard();
        if let Some((_, count)) = self.subs.iter_mut().find(|(s, _)| *s == shard) {
            *count -= 1;
        }
        self.subs.retain(|(_, count)| *count > 0);
        if let State::Live(live) = &mut self.state {
            live.forget_waits(session);
        }
        let Some(count) = self.online.get_mut(user) else {
            return;
        };
        *count -= 1;
        if *count == 0 {
            self.online.remove(user);
            self.presence(cx, user, false);
        }
    }

    /// That a user has gone is told in any case: they may have been seen while the conversation was not live, and
    /// nobody knew how large it is.
    fn presence(&mut self, cx: &mut Cx, user: &UserId, online: bool) {
        if self.is_small() || !online {
            self.fan(cx, None, Event::Presence { user: user.clone(), online, last_seen: cx.now.wall_ms });
        }
    }

    fn is_small(&self) -> bool {
        self.live().map_or(self.online.len() <= GROUP_RECEIPT_MEMBERS_MAX, Live::is_small)
    }

    /// Who is online, where that is told.
    pub(super) fn told_online(&self) -> Option<Vec<UserId>> {
        self.is_small().then(|| self.online.keys().cloned().collect())
    }

    fn head(&self, cx: &Cx, user: &UserId, stored: StoredHead) -> Head {
        match self.live() {
            Some(live) => live.head(cx, self.id, user),
            None => Head {
                conv: self.id,
                last_seq: stored.last_seq,
                durable_seq: stored.last_seq,
                epoch: cx.cfg.epoch,
                read_seq: stored.read_seq,
            },
        }
    }
}

impl Live {
    /// A session that has gone waits for no receipts: its sends are answered when they are durable.
    fn forget_waits(&mut self, session: SessionId) {
        self.waiters.retain(|waiter| waiter.origin.session != session);
        let pending = self.pending.iter_mut().flat_map(|p| &mut p.waiters);
        let looked_up = self.lookups.iter_mut().filter_map(Lookup::waiter);
        for (origin, level) in pending.map(|(origin, level)| (&*origin, level)).chain(looked_up) {
            if origin.session == session {
                *level = (*level).min(AckLevel::Durable);
            }
        }
    }

    pub(super) fn head(&self, cx: &Cx, conv: ConvId, user: &UserId) -> Head {
        Head {
            conv,
            last_seq: self.visible_seq(cx),
            durable_seq: self.durable_seq,
            epoch: cx.cfg.epoch,
            read_seq: self.members.get(user).map_or(0, |m| m.read.seq),
        }
    }
}
