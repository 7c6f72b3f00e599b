//! The home's part of a sync: what a client has not seen, from memory if hot, from the store if not.

use std::sync::Arc;

use chasqui_proto::codes::ErrorCode;
use chasqui_proto::command::ReceiptKind;
use chasqui_proto::event::{Event, Message, SyncConversation};
use chasqui_proto::ids::{ConvId, Seq, UserId};
use chasqui_proto::limits::SYNC_MESSAGES_MAX;
use chasqui_proto::row::{Found, Outcome, Read};

use super::jobs::SyncJob;
use super::live::Live;
use super::{Convs, Entry, State};
use crate::contract::Class;
use crate::gate::{Purpose, SyncPage};
use crate::limits::SYNC_LOADS_MAX;
use crate::msg::{Ask, Msg, Origin, SyncPiece};
use crate::shard::Cx;

/// What a message costs of a page's budget beside its text: ids and names in JSON.
const MESSAGE_OVERHEAD_BYTES: usize = 300;

impl Convs {
    pub(crate) fn sync(&mut self, cx: &mut Cx, origin: Origin, run: u32, items: Vec<(ConvId, Seq)>, budget: usize) {
        let job = cx.jobs.number();
        let state = SyncJob { origin, run, rest: items.into(), waiting: 0, budget, pieces: Vec::new(), failed: false };
        cx.jobs.syncs.insert(job, state);
        for _ in 0..SYNC_LOADS_MAX {
            ask_next(cx, job);
        }
    }
}

impl Entry {
    pub(super) fn sync_one(&mut self, cx: &mut Cx, job: u64, user: &UserId, cursor: Seq) {
        let State::Live(live) = &mut self.state else {
            return;
        };
        let Some(member) = live.members.get(user) else {
            return answer(cx, job, None);
        };
        let from = live.sync_from(cx, member.joined_seq, cursor);
        if from >= live.visible_seq(cx) || live.tail.get(from + 1).is_some() {
            return self.answer_sync(cx, job, user, cursor, &[]);
        }
        if !cx.gate.has_room() {
            return refused(cx, job, self.id, cursor, ErrorCode::Overloaded);
        }
        let page = SyncPage { job, user: user.clone(), cursor };
        let purpose = Purpose::SyncPage { conv: self.id, page: page.into() };
        let read = Read::Page { conv: self.id, after: from, limit: SYNC_MESSAGES_MAX };
        cx.gate.read(purpose, read, &mut cx.out);
        self.pins += 1;
    }

    pub(super) fn sync_page(&mut self, cx: &mut Cx, page: SyncPage, outcome: Outcome) {
        let SyncPage { job, user, cursor } = page;
        self.pins -= 1;
        match outcome {
            Outcome::Found(Found::Page(page)) => self.answer_sync(cx, job, &user, cursor, &page),
            _ => refused(cx, job, self.id, cursor, ErrorCode::StoreUnavailable),
        }
    }

    fn answer_sync(&mut self, cx: &mut Cx, job: u64, user: &UserId, cursor: Seq, page: &[Arc<Message>]) {
        let State::Live(live) = &mut self.state else {
            return answer(cx, job, None);
        };
        let (Some(state), Some(member)) = (cx.jobs.syncs.get(&job), live.members.get(user)) else {
            return answer(cx, job, None);
        };
        let from = live.sync_from(cx, member.joined_seq, cursor);
        let budget = state.budget;
        // The first conversation of a page always brings a message, or a large one would never come.
        let at_least_one = state.pieces.iter().all(|piece| piece.conversation.messages.is_empty());
        let last_seq = live.visible_seq(cx);
        let messages = live.messages_after(from, last_seq, page, budget, at_least_one);
        let reached = messages.last().map_or(from, |m| m.seq);
        let gapless = messages.first().is_none_or(|m| m.seq == from + 1);
        let conversation = SyncConversation {
            conv: self.id,
            last_seq,
            durable_seq: live.durable_seq,
            epoch: cx.cfg.epoch,
            recovered: gapless && cursor <= last_seq,
            more: reached < last_seq,
            messages,
        };
        let receipts = if live.is_small() { live.receipts(self.id, Some(user)) } else { Vec::new() };
        answer(cx, job, Some(SyncPiece { conversation, receipts }));
    }
}

impl Live {
    /// Where a sync starts: the cursor, clipped to the time of membership; afresh where it is beyond the head.
    fn sync_from(&self, cx: &Cx, joined_seq: Seq, cursor: Seq) -> Seq {
        if cursor > self.visible_seq(cx) { joined_seq } else { cursor.max(joined_seq) }
    }

    /// Messages after `from`: a stored page first, then what is in memory, as long as they follow one another.
    fn messages_after(
        &self,
        from: Seq,
        last: Seq,
        page: &[Arc<Message>],
        budget: usize,
        at_least_one: bool,
    ) -> Vec<Arc<Message>> {
        let stored = page.iter().filter(|m| m.seq > from && m.seq <= self.durable_seq);
        let reached = stored.clone().next_back().map_or(from, |m| m.seq);
        let held = (reached + 1..=last).map_while(|seq| self.tail.get(seq).map(|h| &h.message));
        let mut left = budget;
        let mut messages: Vec<Arc<Message>> = Vec::new();
        for message in stored.chain(held).take(SYNC_MESSAGES_MAX) {
            let cost = message.content.len() + MESSAGE_OVERHEAD_BYTES;
            if cost > left && !(at_least_one && messages.is_empty()) {
                break;
            }
            left = left.saturating_sub(cost);
            messages.push(message.clone());
        }
        messages
    }

    /// The published receipts of all members but `except`.
    pub(super) fn receipts(&self, conv: ConvId, except: Option<&UserId>) -> Vec<Event> {
        let mut events = Vec::new();
        for (user, member) in self.members.iter().filter(|(user, _)| Some(*user) != except) {
            for (kind, cursor) in [(ReceiptKind::Delivered, &member.delivered), (ReceiptKind::Read, &member.read)] {
                if cursor.published > member.joined_seq {
                    let (user, seq, at) = (user.clone(), cursor.published, cursor.at);
                    events.push(Event::Receipt { conv, user, kind, seq, at });
                }
            }
        }
        events
    }
}

/// One conversation of a job is answered; `None` where the user has no part in it.
fn answer(cx: &mut Cx, job: u64, piece: Option<SyncPiece>) {
    let Some(state) = cx.jobs.syncs.get_mut(&job) else {
        return;
    };
    if let Some(piece) = piece {
        let spent: usize = piece.conversation.messages.iter().map(|m| m.content.len() + MESSAGE_OVERHEAD_BYTES).sum();
        state.budget = state.budget.saturating_sub(spent);
        state.pieces.push(piece);
    }
    finish_one(cx, job);
}

/// One conversation of a job could not be answered. That the user has no part in it is an answer; where the job
/// itself is what takes all room, the conversation is asked again when another one of the job is answered.
pub(super) fn refused(cx: &mut Cx, job: u64, conv: ConvId, cursor: Seq, code: ErrorCode) {
    let Some(state) = cx.jobs.syncs.get_mut(&job) else {
        return;
    };
    if code == ErrorCode::Overloaded && state.waiting > 1 && !state.failed {
        state.waiting -= 1;
        return state.rest.push_front((conv, cursor));
    }
    state.failed |= code != ErrorCode::NotAParticipant;
    finish_one(cx, job);
}

/// The next conversation of a job is asked, after what this step is about.
fn ask_next(cx: &mut Cx, job: u64) {
    let Some(state) = cx.jobs.syncs.get_mut(&job) else {
        return;
    };
    if let Some((conv, cursor)) = state.rest.pop_front() {
        state.waiting += 1;
        let ask = Msg::Ask { conv, origin: state.origin.clone(), ask: Ask::SyncOne { job, cursor } };
        cx.router.owe(cx.cfg.shard, Class::Command, ask);
    }
}

fn finish_one(cx: &mut Cx, job: u64) {
    let Some(state) = cx.jobs.syncs.get_mut(&job) else {
        return;
    };
    state.waiting -= 1;
    if state.failed {
        state.rest.clear();
    }
    ask_next(cx, job);
    if cx.jobs.syncs.get(&job).is_some_and(|state| state.waiting == 0)
        && let Some(SyncJob { origin, run, pieces, failed, .. }) = cx.jobs.syncs.remove(&job)
    {
        let pieces = (!failed).then_some(pieces);
        let session = origin.session;
        cx.router.reply(session.shard(), Msg::SyncAnswer { session, run, pieces });
    }
}
