//! What a client knows of one conversation.
//!
//! Invariants: `cursor <= reach`, `cursor <= durable_seen`; every key of `held` is above the cursor; every entry of
//! `held` was told in epoch `epoch`. An entry at or below the cursor is definitive and no longer kept.

use std::collections::{BTreeMap, BTreeSet};

use chasqui_proto::command::ReceiptKind;
use chasqui_proto::event::Message;
use chasqui_proto::ids::{ClientId, ConvId, Epoch, Millis, MsgId, Seq, UserId};

/// A message that was received, without its content: the app has that.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    pub msg_id: MsgId,
    pub sender: UserId,
    pub client_id: ClientId,
    pub retracted: bool,
}

impl Entry {
    pub fn of(message: &Message) -> Self {
        let Message { msg_id, client_id, retracted, .. } = *message;
        Self { msg_id, sender: message.sender.clone(), client_id, retracted }
    }
    /// Messages made by the server itself carry no client id; those are alike only by message id.
    fn same_message(&self, other: &Self) -> bool {
        let keyed = self.client_id != ClientId::default() && self.visible() && other.visible();
        self.msg_id == other.msg_id || (keyed && self.client_id == other.client_id && self.sender == other.sender)
    }
    /// Whether the app shows it now.
    pub fn visible(&self) -> bool {
        !self.retracted
    }
}

/// One message as checkers see it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Known {
    pub seq: Seq,
    pub msg_id: MsgId,
    pub client_id: ClientId,
    pub retracted: bool,
    /// Above the cursor.
    pub provisional: bool,
}

impl Known {
    pub fn of(seq: Seq, entry: &Entry, provisional: bool) -> Self {
        Self { seq, msg_id: entry.msg_id, client_id: entry.client_id, retracted: entry.retracted, provisional }
    }
}

/// A receipt cursor of this user: what should be told, and what was.
#[derive(Clone, Copy, Default, Debug)]
pub struct Mark {
    pub wanted: Seq,
    pub sent: Seq,
}

#[derive(Default, Debug)]
pub struct Conversation {
    pub cursor: Seq,
    /// Highest contiguous seq received, provisional ones included.
    pub reach: Seq,
    pub durable_seen: Seq,
    pub epoch: Option<Epoch>,
    pub held: BTreeMap<Seq, Entry>,
    /// Shown, but of an epoch that is over or from before a SYNC: withdrawn unless that SYNC brings them.
    pub suspects: BTreeMap<(Seq, MsgId), Entry>,
    /// Taken back before they came.
    pub retracted_ahead: BTreeSet<MsgId>,
    /// Where the next round continues after an answer with `more`.
    pub continue_from: Option<Seq>,
    /// The round of SYNC that answered for this conversation last.
    pub answered_round: u64,
    /// Own sends that were transmitted and whose place is not known.
    pub own_unplaced: usize,
    /// The hole after `reach` is given until then.
    pub hole_due: Option<Millis>,
    pub hole_at: Seq,
    /// A complete SYNC left the hole after this reach open.
    pub fruitless_at: Option<Seq>,
    pub marks: [Mark; 2],
    /// The connection in which a mark was sent last.
    pub marked_in: u64,
    pub shown_top: Seq,
    pub log: Vec<Known>,
}

/// What an event says about one place of a conversation.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub conv: ConvId,
    pub seq: Seq,
    pub msg_id: MsgId,
    pub epoch: Epoch,
    pub durable: Seq,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admission {
    New,
    Known,
    /// Unconfirmed, of an epoch that is over.
    Stale,
    /// Only a SYNC from the cursor can tell what holds.
    NewEpoch,
    /// Another message has this place in the same epoch.
    Conflict,
}

impl Conversation {
    /// Where SYNC asks from.
    pub fn base(&self) -> Seq {
        self.continue_from.map_or(self.cursor, |from| from.max(self.cursor))
    }

    pub fn mark(&mut self, kind: ReceiptKind) -> &mut Mark {
        &mut self.marks[kind as usize]
    }

    /// Judges a live place, and takes over its `durable` unless only a SYNC can tell.
    pub fn admit(&mut self, place: Place) -> Admission {
        let epoch = *self.epoch.get_or_insert(place.epoch);
        if place.epoch > epoch {
            return Admission::NewEpoch;
        }
        // An old epoch's word holds for what was durable when it was spoken, and for nothing else.
        if place.epoch < epoch && place.seq > place.durable {
            return Admission::Stale;
        }
        self.durable_seen = self.durable_seen.max(place.durable);
        if place.seq <= self.cursor {
            return Admission::Known;
        }
        match self.held.get(&place.seq) {
            None => Admission::New,
            Some(entry) if entry.msg_id == place.msg_id => Admission::Known,
            Some(_) => Admission::Conflict,
        }
    }

    /// Moves reach and cursor as far as they may go.
    pub fn settle(&mut self, keep_log: bool) {
        while self.held.contains_key(&(self.reach + 1)) {
            self.reach += 1;
        }
        self.cursor = self.cursor.max(self.reach.min(self.durable_seen));
        while let Some(first) = self.held.first_entry() {
            if *first.key() > self.cursor {
                break;
            }
            let (seq, entry) = first.remove_entry();
            if keep_log {
                self.log.push(Known::of(seq, &entry, false));
            }
        }
    }

    /// Whether something after `reach` is known to exist.
    pub fn has_hole(&self) -> bool {
        let top = self.held.last_key_value().map_or(0, |(seq, _)| *seq);
        self.reach < top.max(self.durable_seen)
    }

    /// Everything above `base` must be confirmed anew.
    pub fn suspect_above(&mut self, base: Seq) {
        for (seq, entry) in self.held.split_off(&(base + 1)) {
            self.suspects.insert((seq, entry.msg_id), entry);
        }
        self.reach = self.reach.min(base);
    }

    /// Finds and takes the suspect that is the same message as `entry`: by message id, else by sender and client id.
    pub fn take_suspect(&mut self, seq: Seq, entry: &Entry) -> Option<(Seq, Entry)> {
        if self.suspects.is_empty() {
            return None;
        }
        let exact = (seq, entry.msg_id);
        let found = self.suspects.contains_key(&exact).then_some(exact).or_else(|| {
            let same = |(_, known): &(&(Seq, MsgId), &Entry)| known.same_message(entry);
            self.suspects.iter().find(same).map(|(at, _)| *at)
        })?;
        self.suspects.remove(&found).map(|known| (found.0, known))
    }

    /// Back to knowing nothing, except for what the user did.
    pub fn reset(&mut self) {
        *self = Self {
            answered_round: self.answered_round,
            own_unplaced: self.own_unplaced,
            hole_due: self.hole_due,
            ..Self::default()
        };
    }

    pub fn known(&self) -> impl Iterator<Item = Known> + '_ {
        let held = self.held.iter().map(|(seq, entry)| Known::of(*seq, entry, true));
        let suspects = self.suspects.iter().map(|((seq, _), entry)| Known::of(*seq, entry, true));
        self.log.iter().copied().chain(held).chain(suspects)
    }
}
