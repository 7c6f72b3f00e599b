//! Bringing a conversation to life: read from the store, or created.
//!
//! While it loads, commands wait in order, at most `LOADING_PARKED_MAX`. A direct conversation is created by the
//! first send to its user, a group by its create command; its row and its members' rows are committed before
//! anything in it is accepted.

use std::collections::VecDeque;
use std::sync::Arc;

use chasqui_proto::codes::ErrorCode;
use chasqui_proto::command::ReceiptKind;
use chasqui_proto::event::{Event, Message};
use chasqui_proto::ids::{ClientId, ConvId, Seq};
use chasqui_proto::row::{ConvKind, ConversationRow, Found, LoadedConversation, MemberRow, Outcome, Read, Role, Row};
use smol_str::SmolStr;

use super::live::{Live, Pending};
use super::tail::{Held, Tail};
use super::{Convs, Entry, State};
use crate::contract::Class;
use crate::gate::Purpose;
use crate::limits::{LOADING_PARKED_MAX, PENDING_APPENDS_MAX};
use crate::msg::{Ask, Msg, Origin};
use crate::shard::Cx;

#[derive(Default)]
pub(super) struct Loading {
    parked: VecDeque<(Origin, Ask)>,
    birth: Option<(ConversationRow, Vec<MemberRow>)>,
    /// The birth's write has failed at least once and is being repeated.
    stalled: bool,
}

impl Entry {
    pub(super) fn ask(&mut self, cx: &mut Cx, origin: Origin, ask: Ask, full: bool) {
        self.touched_ms = cx.now.mono_ms;
        match &mut self.state {
            State::Live(_) => self.execute(cx, origin, ask),
            State::Loading(loading) if loading.stalled => refuse(cx, self.id, origin, ask, ErrorCode::StoreUnavailable),
            State::Loading(loading) if loading.parked.len() < LOADING_PARKED_MAX => {
                loading.parked.push_back((origin, ask))
            }
            State::Loading(_) => refuse(cx, self.id, origin, ask, ErrorCode::Overloaded),
            State::Absent if full || !cx.gate.has_room() => refuse(cx, self.id, origin, ask, ErrorCode::Overloaded),
            State::Absent => {
                let read = Read::Conversation { conv: self.id, tail: PENDING_APPENDS_MAX };
                cx.gate.read(Purpose::LoadConversation(self.id), read, &mut cx.out);
                self.state = State::Loading(Box::new(Loading { parked: [(origin, ask)].into(), ..Loading::default() }));
            }
        }
    }

    fn execute(&mut self, cx: &mut Cx, origin: Origin, ask: Ask) {
        match ask {
            Ask::Send { .. } => self.send(cx, origin, ask),
            Ask::Create(_) => self.answer_create(cx, origin),
            Ask::AddMember { user } => self.add_member(cx, origin, user),
            Ask::Mark { kind, seq } => self.mark(cx, origin, kind, seq),
            Ask::Typing { on } => self.typing(cx, origin, on),
            Ask::SyncOne { job, cursor } => self.sync_one(cx, job, &origin.user, cursor),
            Ask::Joined => self.answer_joined(cx, origin),
        }
    }

    fn take_loading(&mut self) -> Loading {
        match core::mem::replace(&mut self.state, State::Absent) {
            State::Loading(loading) => *loading,
            _ => unreachable!("only a loading conversation has a load or birth under way"),
        }
    }

    fn refuse_all(&mut self, cx: &mut Cx, parked: VecDeque<(Origin, Ask)>, code: ErrorCode) {
        for (origin, ask) in parked {
            refuse(cx, self.id, origin, ask, code);
        }
    }

    /// The store does not know the conversation: the first command that creates it does so.
    fn create_or_refuse(&mut self, cx: &mut Cx, mut parked: VecDeque<(Origin, Ask)>) {
        while let Some((origin, ask)) = parked.pop_front() {
            let Some((row, members)) = birth(cx, self.id, &origin, &ask) else {
                refuse(cx, self.id, origin, ask, ErrorCode::NotAParticipant);
                continue;
            };
            let rows = core::iter::once(Row::from(row.clone()));
            let rows = rows.chain(members.iter().cloned().map(Row::from)).collect();
            cx.gate.write(Purpose::Birth(self.id), rows, &mut cx.out);
            parked.push_front((origin, ask));
            let loading = Loading { parked, birth: Some((row, members)), stalled: false };
            self.state = State::Loading(Box::new(loading));
            return;
        }
    }

    fn come_alive(&mut self, cx: &mut Cx, live: Live, parked: VecDeque<(Origin, Ask)>) {
        self.state = State::Live(Box::new(live));
        self.await_first(cx);
        self.fill_holes(cx);
        for (origin, ask) in parked {
            self.execute(cx, origin, ask);
        }
    }

    /// The birth's outcome is unknown: those who wait are told, the write goes on.
    pub(super) fn birth_stalled(&mut self, cx: &mut Cx) {
        let State::Loading(loading) = &mut self.state else {
            return;
        };
        loading.stalled = true;
        let parked = core::mem::take(&mut loading.parked);
        self.refuse_all(cx, parked, ErrorCode::StoreUnavailable);
    }
}

impl Convs {
    pub(super) fn loaded(&mut self, cx: &mut Cx, conv: ConvId, outcome: Outcome) {
        let entry = self.map.get_mut(&conv).expect("an entry outlives its load");
        let parked = entry.take_loading().parked;
        match outcome {
            Outcome::Found(Found::Conversation(Some(loaded))) => {
                let live = revive(cx, &loaded);
                entry.come_alive(cx, live, parked);
                self.live += 1;
            }
            Outcome::Found(_) => entry.create_or_refuse(cx, parked),
            _ => entry.refuse_all(cx, parked, ErrorCode::StoreUnavailable),
        }
    }

    pub(super) fn born(&mut self, cx: &mut Cx, conv: ConvId, outcome: Outcome) {
        let entry = self.map.get_mut(&conv).expect("an entry outlives its birth");
        let Loading { parked, birth, .. } = entry.take_loading();
        let (row, members) = birth.expect("a birth has its rows");
        if outcome == Outcome::Persisted {
            let users: Vec<_> = members.iter().map(|m| m.user.clone()).collect();
            entry.come_alive(cx, Live::new(row, members), parked);
            self.live += 1;
            for user in users {
                let home = cx.router.home(user.vshard());
                cx.router.owe(home, Class::Command, Msg::Joined { user, conv });
            }
        } else {
            entry.refuse_all(cx, parked, ErrorCode::StoreRejected);
        }
    }
}

/// The rows of the conversation `ask` creates, if it creates one.
fn birth(cx: &Cx, conv: ConvId, origin: &Origin, ask: &Ask) -> Option<(ConversationRow, Vec<MemberRow>)> {
    let (kind, title, users) = match ask {
        Ask::Send { to: Some(peer), .. } => {
            let mut pair = vec![origin.user.clone(), peer.clone()];
            pair.dedup();
            (ConvKind::Direct, SmolStr::default(), pair)
        }
        Ask::Create(group) => (ConvKind::Group, group.title.clone(), group.members.clone()),
        _ => return None,
    };
    let created_by = origin.user.clone();
    let member = |user| {
        let role = if kind == ConvKind::Group && user == created_by { Role::Admin } else { Role::Member };
        MemberRow { conv, user, role, joined_seq: 0 }
    };
    let members = users.into_iter().map(member).collect();
    Some((ConversationRow { conv, kind, title, created_by: origin.user.clone(), created_at: cx.now.wall_ms }, members))
}

fn revive(cx: &mut Cx, loaded: &LoadedConversation) -> Live {
    let mut live = Live::new(loaded.row.clone(), loaded.members.clone());
    // The whole history begins at 1 even where that seq is a hole.
    live.last_seq = loaded.tail.first().filter(|_| !loaded.whole).map_or(0, |m| m.seq - 1);
    live.tail = Tail::after(live.last_seq);
    live.durable_seq = live.last_seq;
    for message in &loaded.tail {
        cx.ids.rise_above(message.msg_id);
        while live.last_seq + 1 < message.seq {
            let hole = hole(loaded, cx, live.last_seq + 1);
            push_loaded(&mut live, hole.into(), false);
        }
        push_loaded(&mut live, message.clone(), true);
    }
    live.tail.trim(live.durable_seq, &mut cx.spares);
    for receipt in &loaded.receipts {
        let durable_seq = live.durable_seq;
        if let Some(member) = live.members.get_mut(&receipt.user) {
            let cursor = match receipt.kind {
                ReceiptKind::Delivered => &mut member.delivered,
                ReceiptKind::Read => &mut member.read,
            };
            cursor.restore(receipt.seq.min(durable_seq), receipt.at);
        }
    }
    live
}

fn push_loaded(live: &mut Live, message: Arc<Message>, stored: bool) {
    live.push(Held { message, origin: None });
    if stored && live.pending.is_empty() {
        live.durable_seq = live.last_seq;
    } else {
        live.pending.push_back(Pending { done: stored, ..Pending::default() });
    }
}

/// A seq that was given but never committed, and whose send was never acknowledged.
fn hole(loaded: &LoadedConversation, cx: &mut Cx, seq: Seq) -> Message {
    Message {
        conv: loaded.row.conv,
        msg_id: cx.ids.next(cx.now.wall_ms),
        seq,
        epoch: cx.cfg.epoch,
        sender: loaded.row.created_by.clone(),
        client_id: ClientId::default(),
        content: String::new(),
        at: cx.now.wall_ms,
        retracted: true,
    }
}

/// Refuses a command the way its sender expects an answer.
pub(super) fn refuse(cx: &mut Cx, conv: ConvId, origin: Origin, ask: Ask, code: ErrorCode) {
    let Origin { session, id, user } = origin;
    let event = Event::error(&id, code);
    match ask {
        Ask::Send { .. } | Ask::Create(_) | Ask::AddMember { .. } => {
            cx.router.reply(session.shard(), Msg::Answer { session, event });
        }
        // A mark has no answer, so nothing but its refusal makes the client repeat it.
        Ask::Mark { .. } => cx.refuse_mark(session, event),
        // Typing is worth nothing later, but whoever may not is told, if there is room.
        Ask::Typing { .. } if code == ErrorCode::NotAParticipant => {
            _ = cx.router.deliver(session.shard(), Msg::Late { session, event });
        }
        Ask::Typing { .. } => {}
        Ask::SyncOne { job, cursor } => super::sync::refused(cx, job, conv, cursor, code),
        Ask::Joined => {
            let msg = Msg::Heads { session, user, convs: vec![conv], heads: None };
            cx.router.owe(session.shard(), Class::Delivery, msg);
        }
    }
}
