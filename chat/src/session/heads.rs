//! Heads of conversations: what the welcome is made of, and how one joins a conversation later.

use std::collections::BTreeSet;

use chasqui_proto::codes::CloseCode;
use chasqui_proto::event::Event;
use chasqui_proto::ids::{ConvId, ReqId, Seq, SessionId, UserId};

use super::{Opening, Sessions, uninterest};
use crate::conversation::shown;
use crate::msg::{HeadInfo, JoinInfo};
use crate::shard::Cx;

impl Sessions {
    pub(crate) fn heads(
        &mut self,
        cx: &mut Cx,
        id: SessionId,
        user: UserId,
        convs: Vec<ConvId>,
        heads: Option<Vec<HeadInfo>>,
    ) {
        let Some(session) = self.map.get_mut(&id) else {
            return uninterest(cx, &user, id, convs.into_iter());
        };
        let Some(heads) = heads else {
            uninterest(cx, &user, id, convs.into_iter());
            return self.close(cx, id, CloseCode::Overloaded);
        };
        if let Some(opening) = &mut session.opening {
            // A join may come while the welcome is put together; only the batches of the start are counted.
            opening.got += u32::from(heads.iter().all(|info| info.joined.is_none()));
        }
        for info in heads {
            self.head(cx, id, info);
        }
        self.welcome_if_complete(cx, id);
    }

    fn head(&mut self, cx: &mut Cx, id: SessionId, info: HeadInfo) {
        let HeadInfo { head, online, joined_seq, joined } = info;
        let conv = head.conv;
        let session = self.map.get_mut(&id).expect("the caller found it");
        if !session.convs.insert(conv) {
            let user = session.user.clone();
            return uninterest(cx, &user, id, core::iter::once(conv));
        }
        // The others here may have missed some of it, if this shard is behind.
        if let Some(online) = &online {
            self.renew_online(cx, conv, online);
        }
        self.roster.join(conv, id, joined_seq);
        let session = self.map.get_mut(&id).expect("the caller found it");
        match &mut session.opening {
            Some(opening) => _ = opening.heads.insert(conv, head),
            None => self.show_joined(cx, id, conv, head.durable_seq, joined, online.as_deref().unwrap_or_default()),
        }
        if let Some(online) = online {
            self.roster.set_online(conv, online.into_iter().collect());
        }
    }

    fn show_joined(
        &mut self,
        cx: &mut Cx,
        id: SessionId,
        conv: ConvId,
        durable_seq: Seq,
        joined: Option<Box<JoinInfo>>,
        online: &[UserId],
    ) {
        let session = &self.map[&id];
        let Some(joined) = joined else { return };
        let JoinInfo { title, members, messages } = *joined;
        cx.out.send(id, Event::ConversationCreated { id: ReqId::default(), conv, title, members });
        for message in messages {
            cx.out.send(id, shown(&message, durable_seq));
        }
        let news = |user: &&UserId| **user != session.user && !self.roster.known_elsewhere(session, conv, user);
        for user in online.iter().filter(news) {
            cx.out.send(id, Event::Presence { user: user.clone(), online: true, last_seen: 0 });
        }
    }

    pub(super) fn welcome_if_complete(&mut self, cx: &mut Cx, id: SessionId) {
        let Some(session) = self.map.get_mut(&id) else {
            return;
        };
        let complete = |opening: &Opening| opening.expected.is_some_and(|expected| opening.got >= expected);
        let Some(opening) = session.opening.take_if(|opening| complete(opening)) else {
            return;
        };
        self.openings -= 1;
        cx.out.send(
            id,
            Event::Welcome {
                id: session.open_id.clone(),
                user: session.user.clone(),
                session: id,
                heads: opening.heads.into_values().collect(),
                limits: cx.cfg.limits,
            },
        );
        // Not those the heads told of: some came and went since.
        let (me, convs) = (&session.user, &session.convs);
        let online: BTreeSet<&UserId> = convs.iter().flat_map(|conv| self.roster.online(*conv)).collect();
        for user in online.into_iter().filter(|user| *user != me).cloned() {
            cx.out.send(id, Event::Presence { user, online: true, last_seen: 0 });
        }
    }

    /// Sessions whose welcome is not complete are told of a message by their head, and sync it.
    pub(super) fn raise_opening_heads(&mut self, conv: ConvId, seq: Seq, durable_seq: Seq) {
        if self.openings == 0 {
            return;
        }
        for id in self.roster.sessions(conv) {
            let opening = self.map.get_mut(&id).and_then(|session| session.opening.as_mut());
            if let Some(head) = opening.and_then(|opening| opening.heads.get_mut(&conv)) {
                head.last_seq = head.last_seq.max(seq);
                head.durable_seq = head.durable_seq.max(durable_seq);
            }
        }
    }
}
