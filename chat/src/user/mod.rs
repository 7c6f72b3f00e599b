//! Users whose home is this shard: which sessions they have anywhere, and their conversations.
//!
//! A user lives here while it has a session. The list of conversations is read once and then kept up by
//! `Joined`, which homes of conversations send after their commit, so nothing falls between.

use chasqui_proto::codes::CloseCode;
use chasqui_proto::ids::{ConvId, SessionId, UserId};
use chasqui_proto::row::{Found, Outcome, Read};
use foldhash::HashMap;

use crate::contract::Class;
use crate::gate::Purpose;
use crate::limits::{INTEREST_BATCH_MAX, USER_PARKED_MAX};
use crate::msg::{Msg, Ready};
use crate::shard::Cx;

#[derive(Default)]
pub struct Users {
    map: HashMap<UserId, User>,
}

#[derive(Default)]
struct User {
    /// Every session that was counted, those still waiting for the list included.
    sessions: Vec<SessionId>,
    /// Sessions that wait for the list.
    parked: Vec<SessionId>,
    convs: Vec<ConvId>,
    live: bool,
}

impl Users {
    pub(crate) fn session_start(&mut self, cx: &mut Cx, user: UserId, session: SessionId) {
        let known = self.map.get(&user);
        let (count, parked) = known.map_or((0, 0), |u| (u.sessions.len(), u.parked.len()));
        if count >= cx.cfg.sessions_per_user_max {
            return refuse(cx, session, CloseCode::TooManyConnections);
        }
        if parked >= USER_PARKED_MAX || (known.is_none() && !cx.gate.has_room()) {
            return refuse(cx, session, CloseCode::Overloaded);
        }
        if known.is_none() {
            let read = Read::UserConversations { user: user.clone() };
            cx.gate.read(Purpose::LoadUser(user.clone()), read, &mut cx.out);
        }
        let entry = self.map.entry(user.clone()).or_default();
        entry.sessions.push(session);
        if entry.live { start(cx, &user, entry, session) } else { entry.parked.push(session) }
    }

    pub(crate) fn session_end(&mut self, cx: &mut Cx, user: UserId, session: SessionId) {
        let Some(entry) = self.map.get_mut(&user) else {
            return;
        };
        let before = entry.sessions.len();
        entry.sessions.retain(|s| *s != session);
        if entry.sessions.is_empty() && entry.live {
            self.map.remove(&user);
        } else if entry.sessions.len() < before {
            lease(cx, entry, session);
        }
    }

    pub(crate) fn loaded(&mut self, cx: &mut Cx, user: UserId, outcome: Outcome) {
        let Some(entry) = self.map.get_mut(&user) else {
            return;
        };
        let parked = core::mem::take(&mut entry.parked);
        let Outcome::Found(Found::UserConversations(mut convs)) = outcome else {
            for session in parked {
                refuse(cx, session, CloseCode::Overloaded);
            }
            self.map.remove(&user);
            return;
        };
        // What was joined while the list was read.
        convs.append(&mut entry.convs);
        convs.sort();
        convs.dedup();
        entry.convs = convs;
        entry.live = true;
        for session in parked {
            if entry.sessions.contains(&session) {
                start(cx, &user, entry, session);
            } else {
                // It has ended meanwhile; its permit goes back all the same.
                refuse(cx, session, CloseCode::Overloaded);
            }
        }
        if entry.sessions.is_empty() {
            self.map.remove(&user);
        }
    }

    pub(crate) fn joined(&mut self, cx: &mut Cx, user: UserId, conv: ConvId) {
        let Some(entry) = self.map.get_mut(&user) else {
            return;
        };
        if entry.convs.contains(&conv) {
            return;
        }
        entry.convs.push(conv);
        let home = cx.router.home(conv.vshard());
        for session in entry.sessions.iter().filter(|s| !entry.parked.contains(s)) {
            let msg = Msg::Interest { user: user.clone(), session: *session, joined: true, convs: vec![conv] };
            cx.router.owe(home, Class::Command, msg);
        }
    }
}

fn refuse(cx: &mut Cx, session: SessionId, code: CloseCode) {
    cx.router.reply(session.shard(), Msg::SessionReady { session, result: Err(code) });
}

/// Sends interest for all of the user's conversations and tells the session how many heads to expect.
fn start(cx: &mut Cx, user: &UserId, entry: &User, session: SessionId) {
    let mut batches = 0;
    for (home, convs) in cx.by_home(entry.convs.iter().copied(), |conv| conv.vshard()) {
        for convs in convs.chunks(INTEREST_BATCH_MAX) {
            batches += 1;
            let msg = Msg::Interest { user: user.clone(), session, joined: false, convs: convs.to_vec() };
            cx.router.owe(home, Class::Command, msg);
        }
    }
    let ready = Ready { batches, sharers: entry.sessions.len() as u32 };
    cx.router.reply(session.shard(), Msg::SessionReady { session, result: Ok(ready) });
    lease(cx, entry, session);
}

/// Tells the user's other sessions their new share of the send rate.
fn lease(cx: &mut Cx, entry: &User, except: SessionId) {
    let sharers = entry.sessions.len() as u32;
    for session in entry.sessions.iter().filter(|s| **s != except) {
        cx.router.owe(session.shard(), Class::Delivery, Msg::Lease { session: *session, sharers });
    }
}
