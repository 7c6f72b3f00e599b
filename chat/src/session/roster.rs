//! Which sessions of this shard want which conversation, and who is online there.

use std::collections::BTreeSet;

use chasqui_proto::event::Event;
use chasqui_proto::ids::{ConvId, Millis, Seq, SessionId, UserId};
use foldhash::HashMap;

use super::{Session, Sessions};
use crate::shard::Cx;

#[derive(Default)]
pub(crate) struct Roster {
    map: HashMap<ConvId, Row>,
}

#[derive(Default)]
struct Row {
    sessions: Vec<Seat>,
    /// As the conversation's home last told.
    online: BTreeSet<UserId>,
}

struct Seat {
    session: SessionId,
    /// The session's user sees what comes after this; a shard that catches up is brought older messages too.
    joined_seq: Seq,
}

impl Roster {
    pub fn join(&mut self, conv: ConvId, session: SessionId, joined_seq: Seq) {
        self.map.entry(conv).or_default().sessions.push(Seat { session, joined_seq });
    }

    pub fn leave(&mut self, conv: ConvId, session: SessionId) {
        let Some(row) = self.map.get_mut(&conv) else {
            return;
        };
        row.sessions.retain(|seat| seat.session != session);
        if row.sessions.is_empty() {
            self.map.remove(&conv);
        }
    }

    pub fn set_online(&mut self, conv: ConvId, online: BTreeSet<UserId>) {
        if let Some(row) = self.map.get_mut(&conv) {
            row.online = online;
        }
    }

    pub fn online(&self, conv: ConvId) -> impl Iterator<Item = &UserId> {
        self.map.get(&conv).into_iter().flat_map(|row| &row.online)
    }

    pub fn sessions(&self, conv: ConvId) -> impl Iterator<Item = SessionId> {
        self.sessions_since(conv, Seq::MAX)
    }

    /// Those whose users were members when `seq` was given.
    fn sessions_since(&self, conv: ConvId, seq: Seq) -> impl Iterator<Item = SessionId> {
        let seats = self.map.get(&conv).map_or(&[][..], |row| &row.sessions);
        seats.iter().filter(move |seat| seat.joined_seq < seq).map(|seat| seat.session)
    }

    fn is_online(&self, conv: ConvId, user: &UserId) -> bool {
        self.map.get(&conv).is_some_and(|row| row.online.contains(user))
    }

    /// Whether a session knows `user` to be online by a conversation other than `conv`.
    pub fn known_elsewhere(&self, session: &Session, conv: ConvId, user: &UserId) -> bool {
        session.convs.iter().any(|other| *other != conv && self.is_online(*other, user))
    }

    pub fn check(&self, sessions: &HashMap<SessionId, Session>) {
        // In whatever order: nothing comes of it.
        #[allow(clippy::iter_over_hash_type)]
        for (conv, row) in &self.map {
            assert!(!row.sessions.is_empty(), "an empty roster row is removed");
            for Seat { session, .. } in &row.sessions {
                assert!(sessions[session].convs.contains(conv), "roster and session agree");
            }
        }
    }
}

impl Sessions {
    /// An event from a conversation's home, to all sessions here that want it.
    pub(crate) fn deliver(&mut self, cx: &mut Cx, conv: ConvId, skip: Option<SessionId>, event: Event) {
        match event {
            Event::Presence { user, online, last_seen } => self.presence(cx, conv, user, online, last_seen),
            Event::Message { message, durable_seq } => {
                self.raise_opening_heads(conv, message.seq, durable_seq);
                self.fan(cx, conv, skip, Event::Message { message, durable_seq });
            }
            event => self.fan(cx, conv, skip, event),
        }
    }

    fn fan(&mut self, cx: &mut Cx, conv: ConvId, skip: Option<SessionId>, event: Event) {
        let seq = if let Event::Message { message, .. } = &event { message.seq } else { Seq::MAX };
        let welcome = |id: &SessionId| self.openings == 0 || self.map.get(id).is_some_and(|s| s.opening.is_none());
        let live = |id: &SessionId| Some(*id) != skip && welcome(id);
        cx.out.fan(self.roster.sessions_since(conv, seq).filter(live), event);
    }

    /// Tells those who did not know it by another conversation.
    fn presence(&mut self, cx: &mut Cx, conv: ConvId, user: UserId, online: bool, last_seen: Millis) {
        let Some(row) = self.roster.map.get_mut(&conv) else {
            return;
        };
        let changed = if online { row.online.insert(user.clone()) } else { row.online.remove(&user) };
        if !changed {
            return;
        }
        let tell: Vec<SessionId> = self
            .roster
            .sessions(conv)
            .filter(|id| {
                let session = &self.map[id];
                session.opening.is_none() && session.user != user && !self.roster.known_elsewhere(session, conv, &user)
            })
            .collect();
        cx.out.fan(tell.into_iter(), Event::Presence { user, online, last_seen });
    }

    /// The state of a conversation whose events were lost on the way.
    pub(crate) fn snapshot(&mut self, cx: &mut Cx, conv: ConvId, online: Option<Vec<UserId>>, receipts: Vec<Event>) {
        if let Some(online) = online {
            self.renew_online(cx, conv, &online);
        }
        for receipt in receipts {
            self.fan(cx, conv, None, receipt);
        }
    }

    /// Tells those here what of `online` they do not know.
    pub(super) fn renew_online(&mut self, cx: &mut Cx, conv: ConvId, online: &[UserId]) {
        let now: BTreeSet<&UserId> = online.iter().collect();
        let before: BTreeSet<UserId> = self.roster.online(conv).cloned().collect();
        for user in now.iter().filter(|user| !before.contains(**user)) {
            self.presence(cx, conv, (*user).clone(), true, 0);
        }
        for user in before.iter().filter(|user| !now.contains(user)) {
            self.presence(cx, conv, user.clone(), false, cx.now.wall_ms);
        }
    }
}
