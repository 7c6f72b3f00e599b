//! Sends whose client ids only the store knows, and those of the same users that wait behind them.
//!
//! Promise: a send that is sent again (`resend`) becomes one message, however long it waits and whatever is forgotten
//! meanwhile; a user's sends leave in the order they came.

use chasqui_proto::codes::ErrorCode;
use chasqui_proto::command::AckLevel;
use chasqui_proto::ids::{ClientId, ConvId, Seq};
use chasqui_proto::row::{Found, Outcome, Read};

use super::live::Live;
use super::load::refuse;
use super::tail::Sent;
use super::{Entry, State};
use crate::gate::Purpose;
use crate::msg::{Ask, Origin};
use crate::shard::Cx;

/// A send that waits for the store to say whether its client id is known, or behind one that does.
pub(crate) struct Lookup {
    number: u64,
    pub(super) origin: Origin,
    ask: Ask,
    /// The head when it was looked for.
    head: Seq,
    answer: Answer,
}

enum Answer {
    Awaited,
    Failed,
    /// By the store, or in memory.
    Found(Option<Sent>),
}

impl Lookup {
    /// Who waits, and for which level.
    pub(super) fn waiter(&mut self) -> Option<(&Origin, &mut AckLevel)> {
        match &mut self.ask {
            Ask::Send { level, .. } => Some((&self.origin, level)),
            _ => None,
        }
    }

    /// So many came since it was looked for that it may be among those forgotten.
    fn is_unsure(&self, first_held: Seq) -> bool {
        let resend = matches!(self.ask, Ask::Send { resend: true, .. });
        resend && matches!(self.answer, Answer::Found(None)) && first_held > self.head + 1
    }

    fn ask_store(&mut self, cx: &mut Cx, conv: ConvId) {
        let client_id = if let Ask::Send { draft, .. } = &self.ask { draft.client_id() } else { ClientId::default() };
        let read = Read::Dedupe { conv, sender: self.origin.user.clone(), client_id };
        cx.gate.read(Purpose::Dedupe { conv, ticket_seq: self.number }, read, &mut cx.out);
        self.answer = Answer::Awaited;
    }
}

impl Live {
    /// A send waits: for the store's word with `ask_store`, else only behind others.
    pub(super) fn await_lookup(&mut self, cx: &mut Cx, conv: ConvId, origin: Origin, ask: Ask, ask_store: bool) {
        self.lookups_begun += 1;
        let answer = Answer::Found(self.known(&origin.user, &ask));
        let mut lookup = Lookup { number: self.lookups_begun, origin, ask, head: self.last_seq, answer };
        if ask_store {
            lookup.ask_store(cx, conv);
        }
        self.lookups.push_back(lookup);
    }

    fn asks_again(&mut self, cx: &mut Cx, conv: ConvId) -> bool {
        let (first, last) = (self.tail.first(), self.last_seq);
        let Some(lookup) = self.lookups.front_mut().filter(|lookup| lookup.is_unsure(first)) else { return false };
        lookup.head = last;
        lookup.ask_store(cx, conv);
        true
    }
}

impl Entry {
    pub(super) fn looked_up(&mut self, cx: &mut Cx, number: u64, outcome: Outcome) {
        let State::Live(live) = &mut self.state else {
            return;
        };
        let Some(lookup) = live.lookups.iter_mut().find(|l| l.number == number) else {
            return;
        };
        lookup.answer = match outcome {
            Outcome::Found(Found::Dedupe(found)) => {
                Answer::Found(found.map(|(seq, msg_id, at)| Sent { seq, msg_id, at }))
            }
            _ => Answer::Failed,
        };
        self.drain_lookups(cx);
    }

    /// Sends leave in the order they came, as far as their answers are there.
    fn drain_lookups(&mut self, cx: &mut Cx) {
        while let State::Live(live) = &mut self.state
            && !live.asks_again(cx, self.id)
            && let Some(Lookup { origin, ask, answer, .. }) =
                live.lookups.pop_front_if(|l| !matches!(l.answer, Answer::Awaited))
        {
            match answer {
                Answer::Failed => refuse(cx, self.id, origin, ask, ErrorCode::StoreUnavailable),
                // What is still in memory may have been taken back meanwhile.
                Answer::Found(Some(sent)) if sent.seq < live.tail.first() => self.join(cx, origin, &ask, sent),
                _ => self.place(cx, origin, ask),
            }
        }
    }
}
