//! Groups: who is in them. A direct conversation has its two members for ever.

use chasqui_proto::codes::ErrorCode;
use chasqui_proto::event::Event;
use chasqui_proto::ids::{ReqId, UserId};
use chasqui_proto::limits::GROUP_MEMBERS_MAX;
use chasqui_proto::row::{ConvKind, MemberRow, Outcome, Role, Row};

use super::live::{Join, Live, Member};
use super::load::refuse;
use super::tail::Held;
use super::{Entry, State};
use crate::contract::Class;
use crate::gate::Purpose;
use crate::msg::{Ask, HeadInfo, JoinInfo, Msg, Origin};
use crate::shard::Cx;

impl Entry {
    /// The group exists, by this create or by the same one sent before.
    pub(super) fn answer_create(&mut self, cx: &mut Cx, origin: Origin) {
        let State::Live(live) = &mut self.state else {
            return;
        };
        let event = if live.row.created_by == origin.user {
            let (title, members) = (live.row.title.clone(), live.member_ids());
            Event::ConversationCreated { id: origin.id, conv: self.id, title, members }
        } else {
            Event::error(&origin.id, ErrorCode::NotAParticipant)
        };
        cx.router.reply(origin.session.shard(), Msg::Answer { session: origin.session, event });
    }

    pub(super) fn add_member(&mut self, cx: &mut Cx, origin: Origin, user: UserId) {
        let conv = self.id;
        let State::Live(live) = &mut self.state else {
            return;
        };
        if let Err(code) = live.may_add(cx, &origin, &user) {
            return refuse(cx, conv, origin, Ask::AddMember { user }, code);
        }
        if live.members.contains_key(&user) {
            let event = Event::MemberAdded { id: origin.id, conv, user, by: origin.user };
            return cx.router.reply(origin.session.shard(), Msg::Answer { session: origin.session, event });
        }
        if let Some(join) = live.joins.iter_mut().find(|join| join.row.user == user) {
            return join.origins.push(origin);
        }
        // What is not durable yet may be lost, and its seqs given again: the newcomer sees those.
        let row = MemberRow { conv, user: user.clone(), role: Role::Member, joined_seq: live.durable_seq };
        cx.gate.write(Purpose::Join { conv, user: user.into() }, [Row::from(row.clone())].into(), &mut cx.out);
        live.joins.push(Join { row, origins: vec![origin] });
    }

    /// The member's row is committed: everybody is told, the new member's home first of all.
    pub(super) fn joined(&mut self, cx: &mut Cx, user: UserId, outcome: Outcome) {
        let conv = self.id;
        let State::Live(live) = &mut self.state else {
            return;
        };
        let Some(at) = live.joins.iter().position(|join| join.row.user == user) else {
            return;
        };
        let Join { row, origins } = live.joins.remove(at);
        if outcome != Outcome::Persisted {
            for origin in origins {
                refuse(cx, conv, origin, Ask::AddMember { user: user.clone() }, ErrorCode::StoreRejected);
            }
            return;
        }
        live.members.insert(user.clone(), Member::new(&row));
        let by = origins[0].user.clone();
        let asked = origins[0].session;
        for Origin { session, id, user: by } in origins {
            let event = Event::MemberAdded { id, conv, user: user.clone(), by };
            cx.router.reply(session.shard(), Msg::Answer { session, event });
        }
        self.fan(cx, Some(asked), Event::MemberAdded { id: ReqId::default(), conv, user: user.clone(), by });
        let home = cx.router.home(user.vshard());
        cx.router.owe(home, Class::Command, Msg::Joined { user, conv });
    }

    /// A session of a new member: the head, and what was sent since.
    pub(super) fn answer_joined(&mut self, cx: &mut Cx, origin: Origin) {
        let online = self.told_online();
        let State::Live(live) = &mut self.state else {
            return;
        };
        let Origin { user, session, .. } = origin;
        let joined_seq = live.members.get(&user).map_or(live.last_seq, |m| m.joined_seq);
        let mut head = live.head(cx, self.id, &user);
        // What this session sent it has from its acks; that it was taken back, nobody could tell it so far.
        let untold = |h: &&Held| h.origin != Some(session) || h.message.retracted;
        let since = live.tail.iter().filter(|h| h.message.seq > joined_seq).filter(untold);
        let visible = since.filter(|h| h.message.seq <= live.visible_seq(cx));
        let messages = visible.map(|h| h.message.clone()).collect();
        head.last_seq = live.visible_seq(cx);
        let info = JoinInfo { title: live.row.title.clone(), members: live.member_ids(), messages };
        let heads = Some(vec![HeadInfo { head, online, joined_seq, joined: Some(Box::new(info)) }]);
        let msg = Msg::Heads { session, user, convs: vec![self.id], heads };
        cx.router.owe(session.shard(), Class::Delivery, msg);
    }
}

impl Live {
    fn may_add(&self, cx: &Cx, origin: &Origin, _user: &UserId) -> Result<(), ErrorCode> {
        let Some(by) = self.members.get(&origin.user) else {
            return Err(ErrorCode::NotAParticipant);
        };
        if self.row.kind == ConvKind::Direct {
            return Err(ErrorCode::DirectConversation);
        }
        if by.role != Role::Admin {
            return Err(ErrorCode::NotAdmin);
        }
        if self.members.len() + self.joins.len() >= GROUP_MEMBERS_MAX {
            return Err(ErrorCode::GroupFull);
        }
        cx.gate.has_room().then_some(()).ok_or(ErrorCode::Overloaded)
    }
}
