//! Conversations whose home is this shard.
//!
//! An entry exists while somebody is interested, something is under way, or the conversation is live. It is
//! Absent, Loading (commands wait, in order) or Live.
//!
//! Invariants of a live conversation: `pending` holds exactly the seqs above `durable_seq` up to `last_seq`; an ack at
//! level durable is given when its seq is at or below `durable_seq`, in seq order; the tail is contiguous, ends
//! at `last_seq` and holds every pending seq; receipts are published and stored only up to `durable_seq`.

mod append;
mod evict;
mod fanout;
mod fingerprints;
mod interest;
mod jobs;
mod live;
mod load;
mod lookups;
mod members;
mod msgid;
mod receipts;
mod send;
mod sync;
mod tail;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chasqui_proto::event::Message;
use chasqui_proto::ids::{ConvId, Seq, UserId};
use chasqui_proto::row::Outcome;
use foldhash::HashMap;

use crate::contract::ShardId;
use crate::gate::{Done, Purpose};
use crate::msg::{Ask, Origin};
use crate::shard::Cx;
pub(crate) use append::shown;
use fanout::Behind;
pub use jobs::Jobs;
pub(crate) use live::Live;
use load::Loading;
pub use msgid::MsgIds;

#[derive(Default)]
pub struct Convs {
    map: HashMap<ConvId, Entry>,
    /// Every entry once; the eviction sweep goes round it.
    hand: VecDeque<ConvId>,
    live: usize,
}

pub(crate) struct Entry {
    id: ConvId,
    state: State,
    /// Interested shards, and how many sessions each.
    subs: Vec<(ShardId, u32)>,
    /// Users with an interested session, and how many.
    online: BTreeMap<UserId, u32>,
    behind: Vec<Behind>,
    /// Head reads under way: what they bring must not be older than this entry.
    pins: u32,
    touched_ms: u64,
    /// Since somebody has been interested: a retraction may still be on its way to them.
    has_retracted: bool,
}

/// Small, for an entry of a conversation at work is read for every message of it.
enum State {
    Absent,
    Loading(Box<Loading>),
    Live(Box<Live>),
}

impl Entry {
    fn new(id: ConvId, now_ms: u64) -> Self {
        Self {
            id,
            state: State::Absent,
            subs: Vec::new(),
            online: BTreeMap::new(),
            behind: Vec::new(),
            pins: 0,
            touched_ms: now_ms,
            has_retracted: false,
        }
    }
    fn live(&self) -> Option<&Live> {
        match &self.state {
            State::Live(live) => Some(live),
            _ => None,
        }
    }
    /// Nothing is lost by forgetting this entry.
    fn is_idle(&self) -> bool {
        matches!(self.state, State::Absent)
            && self.subs.is_empty()
            && self.online.is_empty()
            && self.behind.is_empty()
            && self.pins == 0
    }
}

impl Convs {
    pub fn len(&self) -> usize {
        self.map.len()
    }
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }
    pub fn live(&self) -> usize {
        self.live
    }

    /// The entry of `conv`, made if needed.
    fn entry(&mut self, cx: &Cx, conv: ConvId) -> &mut Entry {
        let hand = &mut self.hand;
        self.map.entry(conv).or_insert_with(|| {
            hand.push_back(conv);
            Entry::new(conv, cx.now.mono_ms)
        })
    }

    /// The message of that seq, if it is in memory.
    pub(crate) fn held(&self, conv: ConvId, seq: Seq) -> Option<Arc<Message>> {
        Some(self.map.get(&conv)?.live()?.tail.get(seq)?.message.clone())
    }

    /// A command for a conversation: carried out, or kept in order until it is live.
    pub(crate) fn ask(&mut self, cx: &mut Cx, conv: ConvId, origin: Origin, ask: Ask) {
        if let Some(entry) = self.map.get_mut(&conv)
            && !matches!(entry.state, State::Absent)
        {
            return entry.ask(cx, origin, ask, false);
        }
        let full = !self.has_room(cx);
        self.entry(cx, conv).ask(cx, origin, ask, full);
    }

    /// What became of a store request.
    pub(crate) fn stored(&mut self, cx: &mut Cx, done: Done) {
        match done {
            Done::Nothing => {}
            Done::Stalled(purpose, first) => self.stalled(cx, purpose, first),
            Done::Finished(Purpose::Heads(job), outcome) => self.heads_read(cx, job, outcome),
            Done::Finished(Purpose::LoadConversation(conv), outcome) => self.loaded(cx, conv, outcome),
            Done::Finished(Purpose::Birth(conv), outcome) => self.born(cx, conv, outcome),
            Done::Finished(purpose, outcome) => self.finished(cx, purpose, outcome),
        }
    }

    fn finished(&mut self, cx: &mut Cx, purpose: Purpose, outcome: Outcome) {
        match purpose {
            Purpose::Append { conv, seq } | Purpose::Tombstone { conv, seq } => {
                self.with(cx, conv, |entry, cx| entry.appended(cx, seq, outcome));
            }
            Purpose::Receipts { conv } => self.with(cx, conv, |entry, cx| entry.receipts_written(cx)),
            Purpose::Join { conv, user } => self.with(cx, conv, |entry, cx| entry.joined(cx, *user, outcome)),
            Purpose::Dedupe { conv, ticket_seq } => {
                self.with(cx, conv, |entry, cx| entry.looked_up(cx, ticket_seq, outcome));
            }
            Purpose::SyncPage { conv, page } => {
                self.with(cx, conv, |entry, cx| entry.sync_page(cx, *page, outcome));
            }
            Purpose::CatchUp { conv, shard } => {
                self.with(cx, conv, |entry, cx| entry.catch_up_page(cx, shard, outcome));
            }
            Purpose::LoadUser(_) | Purpose::LoadConversation(_) | Purpose::Birth(_) | Purpose::Heads(_) => {}
        }
    }

    fn stalled(&mut self, cx: &mut Cx, purpose: Purpose, first: bool) {
        match purpose {
            Purpose::Append { conv, seq } | Purpose::Tombstone { conv, seq } => {
                self.with(cx, conv, |entry, _| entry.stall(seq));
            }
            Purpose::Birth(conv) if first => self.with(cx, conv, |entry, cx| entry.birth_stalled(cx)),
            _ => {}
        }
    }

    /// Entries with something under way are never dropped, so a completion finds its entry.
    fn with(&mut self, cx: &mut Cx, conv: ConvId, act: impl FnOnce(&mut Entry, &mut Cx)) {
        let entry = self.map.get_mut(&conv).expect("an entry outlives its store requests");
        act(entry, cx);
    }

    pub(crate) fn check(&self) {
        for conv in &self.hand {
            if let Some(Entry { state: State::Live(live), .. }) = self.map.get(conv) {
                live.check();
            }
        }
    }
}
