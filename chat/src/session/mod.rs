//! Connections of this shard.
//!
//! A session opens at its user's home, which counts it and sends interest to the homes of the user's
//! conversations; their heads come back on the delivery rings and, complete, make the welcome. From a head on,
//! the session is on the roster of that conversation. Every head received is paid back with one `Uninterest`.
//!
//! Deliberately not here: which transport or dialect a session uses.

mod commands;
mod heads;
mod rate;
mod roster;
mod sync;

use std::collections::{BTreeMap, BTreeSet};

use chasqui_proto::codes::CloseCode;
use chasqui_proto::event::{Event, Head};
use chasqui_proto::ids::{ConvId, Millis, ReqId, SessionId, UserId};
use foldhash::HashMap;

use crate::contract::{Class, Effect};
use crate::msg::{Msg, Origin, Ready};
use crate::shard::Cx;
use crate::timers::Timer;
use rate::Bucket;
use roster::Roster;
use sync::SyncRun;

pub(crate) struct Session {
    user: UserId,
    open_id: ReqId,
    opening: Option<Opening>,
    /// Conversations on whose roster this session is.
    convs: BTreeSet<ConvId>,
    expire_at_ms: u64,
    bucket: Bucket,
    sync: Option<SyncRun>,
    sync_runs: u32,
}

/// What has come of the welcome so far.
#[derive(Default)]
struct Opening {
    expected: Option<u32>,
    got: u32,
    heads: BTreeMap<ConvId, Head>,
}

#[derive(Default)]
pub struct Sessions {
    pub(crate) map: HashMap<SessionId, Session>,
    pub(crate) roster: Roster,
    /// Sessions without a welcome yet. Nearly always none, and then those on a roster need not be looked at.
    openings: usize,
}

impl Sessions {
    pub fn len(&self) -> usize {
        self.map.len()
    }
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    pub(crate) fn open(&mut self, cx: &mut Cx, id: SessionId, user: UserId, open_id: ReqId, expires_at: Millis) {
        let home = cx.router.home(user.vshard());
        if cx.draining || !cx.router.ask(home, Msg::SessionStart { user: user.clone(), session: id }) {
            let code = if cx.draining { CloseCode::Draining } else { CloseCode::Overloaded };
            return cx.out.list.push(Effect::Close { session: id, code });
        }
        let expire_at_ms = cx.now.mono_ms.saturating_add(expires_at.saturating_sub(cx.now.wall_ms));
        cx.timers.set(expire_at_ms, Timer::Expire(id));
        let session = Session {
            user,
            open_id,
            opening: Some(Opening::default()),
            convs: BTreeSet::new(),
            expire_at_ms,
            bucket: Bucket::full(&cx.cfg.limits, cx.now.mono_ms),
            sync: None,
            sync_runs: 0,
        };
        self.openings += 1;
        self.map.insert(id, session);
    }

    /// Closes by the core's own decision.
    pub(crate) fn close(&mut self, cx: &mut Cx, id: SessionId, code: CloseCode) {
        if self.map.contains_key(&id) {
            cx.out.list.push(Effect::Close { session: id, code });
            self.closed(cx, id);
        }
    }

    /// The session is over: leaves the rosters, pays interest back, tells the user's home.
    pub(crate) fn closed(&mut self, cx: &mut Cx, id: SessionId) {
        let Some(session) = self.map.remove(&id) else {
            return;
        };
        cx.timers.cancel(session.expire_at_ms, Timer::Expire(id));
        self.openings -= usize::from(session.opening.is_some());
        for conv in &session.convs {
            self.roster.leave(*conv, id);
        }
        let user = session.user;
        uninterest(cx, &user, id, session.convs.into_iter());
        let home = cx.router.home(user.vshard());
        cx.router.owe(home, Class::Command, Msg::SessionEnd { user, session: id });
    }

    pub(crate) fn ready(&mut self, cx: &mut Cx, id: SessionId, result: Result<Ready, CloseCode>) {
        let Some(session) = self.map.get_mut(&id) else {
            return;
        };
        match result {
            Err(code) => self.close(cx, id, code),
            Ok(ready) => {
                session.bucket.share(&cx.cfg.limits, ready.sharers);
                if let Some(opening) = &mut session.opening {
                    opening.expected = Some(ready.batches);
                }
                self.welcome_if_complete(cx, id);
            }
        }
    }

    pub(crate) fn lease(&mut self, cx: &mut Cx, id: SessionId, sharers: u32) {
        if let Some(session) = self.map.get_mut(&id) {
            session.bucket.share(&cx.cfg.limits, sharers);
        }
    }

    /// An event for one session, if it still lives.
    pub(crate) fn tell(&mut self, cx: &mut Cx, id: SessionId, event: Event) {
        if self.map.contains_key(&id) {
            cx.out.send(id, event);
        }
    }

    pub(crate) fn check(&self) {
        self.roster.check(&self.map);
        let openings = self.map.values().filter(|session| session.opening.is_some()).count();
        assert_eq!(self.openings, openings, "sessions without a welcome are counted");
    }
}

impl Session {
    fn origin(&self, session: SessionId, id: &str) -> Origin {
        Origin { user: self.user.clone(), session, id: ReqId::new(id) }
    }
}

/// Tells the homes of `convs`, one message each, that the session no longer wants them.
fn uninterest(cx: &mut Cx, user: &UserId, session: SessionId, convs: impl Iterator<Item = ConvId>) {
    for (home, convs) in cx.by_home(convs, |conv| conv.vshard()) {
        let msg = Msg::Uninterest { user: user.clone(), session, convs };
        cx.router.owe(home, Class::Command, msg);
    }
}
