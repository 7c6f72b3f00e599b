//! A small world for tests of the core: shards joined by bounded rings and a store that answers when told to.
#![allow(dead_code)]

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use chasqui_chat::{Class, Config, DeliveryOrder, Effect, Effects, Input, Links, Msg, Now, Shard, ShardId};
use chasqui_proto::codes::CloseCode;
use chasqui_proto::command::{AckLevel, Command, ReceiptKind, Target};
use chasqui_proto::event::{Event, Limits, Message};
use chasqui_proto::ids::{ClientId, ConvId, ReqId, SessionId, UserId};
use chasqui_proto::row::{
    Completion, ConversationRow, Found, LoadedConversation, MemberRow, Op, Outcome, Read, ReceiptRow, Row,
    StoreFailure, StoreRequest, StoredHead,
};

type Rings = Rc<RefCell<BTreeMap<(ShardId, ShardId, Class), VecDeque<Msg>>>>;

struct Ends {
    me: ShardId,
    rings: Rings,
    capacity: usize,
}

impl Links for Ends {
    fn push(&mut self, to: ShardId, class: Class, msg: Msg) -> Result<(), Msg> {
        let mut rings = self.rings.borrow_mut();
        let ring = rings.entry((self.me, to, class)).or_default();
        if ring.len() >= self.capacity {
            return Err(msg);
        }
        ring.push_back(msg);
        Ok(())
    }
}

/// Rows as the store would keep them.
#[derive(Default, Clone)]
pub struct Rows {
    pub convs: BTreeMap<ConvId, ConversationRow>,
    pub members: BTreeMap<(ConvId, UserId), MemberRow>,
    pub messages: BTreeMap<(ConvId, u64), Message>,
    pub receipts: BTreeMap<(ConvId, UserId, ReceiptKind), ReceiptRow>,
}

impl Rows {
    fn write(&mut self, row: Row) {
        match row {
            Row::Conversation(r) => _ = self.convs.insert(r.conv, r),
            Row::Member(r) => _ = self.members.insert((r.conv, r.user.clone()), r),
            Row::Message(m) => _ = self.messages.insert((m.conv, m.seq), m),
            Row::Receipt(r) => {
                let slot = self.receipts.entry((r.conv, r.user.clone(), r.kind)).or_insert_with(|| r.clone());
                if r.seq > slot.seq {
                    *slot = r;
                }
            }
        }
    }
    fn of(&self, conv: ConvId) -> impl Iterator<Item = &Message> {
        self.messages.range((conv, 0)..=(conv, u64::MAX)).map(|(_, m)| m)
    }
    fn read(&self, read: &Read) -> Found {
        match read {
            Read::Conversation { conv, tail } => Found::Conversation(self.convs.get(conv).map(|row| {
                let all: Vec<_> = self.of(*conv).cloned().collect();
                Arc::new(LoadedConversation {
                    row: row.clone(),
                    members: self.members.values().filter(|m| m.conv == *conv).cloned().collect(),
                    receipts: self.receipts.values().filter(|r| r.conv == *conv).cloned().collect(),
                    tail: all[all.len().saturating_sub(*tail)..].to_vec(),
                })
            })),
            Read::Page { conv, after, limit } => {
                Found::Page(self.of(*conv).filter(|m| m.seq > *after).take(*limit).cloned().collect())
            }
            Read::Dedupe { conv, sender, client_id } => {
                let same = |m: &&Message| m.sender == *sender && m.client_id == *client_id && !m.retracted;
                Found::Dedupe(self.of(*conv).find(same).map(|m| (m.seq, m.msg_id, m.at)))
            }
            Read::UserConversations { user } => {
                Found::UserConversations(self.members.values().filter(|m| m.user == *user).map(|m| m.conv).collect())
            }
            Read::Heads { user, convs } => {
                let read = |conv| self.receipts.get(&(conv, user.clone(), ReceiptKind::Read)).map_or(0, |r| r.seq);
                let head = |conv: &ConvId| StoredHead {
                    last_seq: self.of(*conv).last().map_or(0, |m| m.seq),
                    read_seq: read(*conv),
                };
                Found::Heads(convs.iter().map(head).collect())
            }
        }
    }
}

/// How the store answers writes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum StoreMode {
    Answer,
    /// Writes wait for `World::commit`.
    Hold,
    Fail(StoreFailure),
}

pub struct World {
    pub shards: Vec<Shard>,
    rings: Rings,
    pub rows: Rows,
    pub mode: StoreMode,
    pub held: VecDeque<(ShardId, StoreRequest)>,
    pub now: Now,
    pub seen: BTreeMap<SessionId, Vec<Event>>,
    pub closed: BTreeMap<SessionId, CloseCode>,
    serial: u64,
    /// Pause message passing, to fill rings.
    pub paused: bool,
}

#[derive(Clone)]
pub struct Options {
    pub shards: u16,
    pub ring: usize,
    pub permits: u32,
    pub order: DeliveryOrder,
    pub epoch: u64,
    pub sends_per_second: u32,
    pub evict_idle_ms: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            shards: 4,
            ring: 64,
            permits: 64,
            order: DeliveryOrder::RelayFirst,
            epoch: 1,
            sends_per_second: 1_000_000,
            evict_idle_ms: 60_000,
        }
    }
}

impl World {
    pub fn new(options: Options) -> Self {
        Self::over(options, Rows::default())
    }

    /// A process started over what a former one stored.
    pub fn over(options: Options, rows: Rows) -> Self {
        let rings = Rings::default();
        let shards = (0..options.shards).map(|shard| {
            let cfg = Config {
                shard,
                shards: options.shards,
                node: 0,
                epoch: options.epoch,
                order: options.order,
                limits: Limits {
                    max_frame_bytes: 65536,
                    sends_per_second: options.sends_per_second,
                    burst: options.sends_per_second.saturating_mul(2),
                },
                sessions_per_user_max: 10,
                permits_per_peer: options.permits,
                evict_idle_ms: options.evict_idle_ms,
                live_conversations_max: 10_000,
                store_slots: 1_000,
            };
            Shard::new(cfg, Box::new(Ends { me: shard, rings: rings.clone(), capacity: options.ring }))
        });
        Self {
            shards: shards.collect(),
            rings: rings.clone(),
            rows,
            mode: StoreMode::Answer,
            held: VecDeque::new(),
            now: Now { mono_ms: 1_000, wall_ms: 1_800_000_000_000 },
            seen: BTreeMap::new(),
            closed: BTreeMap::new(),
            serial: options.epoch << 32,
            paused: false,
        }
    }

    pub fn step(&mut self, shard: ShardId, input: Input<'_>) {
        let mut out = Effects::default();
        self.shards[usize::from(shard)].step(self.now, input, &mut out);
        for effect in out.list {
            match effect {
                Effect::Send { session, event } => self.seen.entry(session).or_default().push(event),
                Effect::Fan { targets, event } => {
                    for session in &out.targets[targets] {
                        self.seen.entry(*session).or_default().push(event.clone());
                    }
                }
                Effect::Close { session, code } => _ = self.closed.insert(session, code),
                Effect::Store(request) => self.held.push_back((shard, request)),
            }
        }
    }

    /// Carries the oldest held store request out.
    pub fn commit(&mut self) -> bool {
        let Some((shard, request)) = self.held.pop_front() else {
            return false;
        };
        self.finish(shard, request);
        true
    }

    fn finish(&mut self, shard: ShardId, StoreRequest { ticket, op }: StoreRequest) {
        let outcome = match (op, self.mode) {
            (Op::Read(read), _) => Outcome::Found(self.rows.read(&read)),
            (Op::Write(_), StoreMode::Fail(failure)) => Outcome::Failed(failure),
            (Op::Write(rows), _) => {
                rows.into_iter().for_each(|row| self.rows.write(row));
                Outcome::Persisted
            }
        };
        self.step(shard, Input::Stored(Completion { ticket, outcome }));
    }

    fn store_turn(&mut self) -> bool {
        let ready = |(_, r): &(ShardId, StoreRequest)| self.mode != StoreMode::Hold || matches!(r.op, Op::Read(_));
        let Some(at) = self.held.iter().position(ready) else {
            return false;
        };
        let (shard, request) = self.held.remove(at).unwrap();
        self.finish(shard, request);
        true
    }

    fn mesh_turn(&mut self) -> bool {
        let keys: Vec<_> = self.rings.borrow().keys().copied().collect();
        let mut moved = false;
        for (from, to, class) in keys {
            let msg = self.rings.borrow_mut().get_mut(&(from, to, class)).and_then(VecDeque::pop_front);
            if let Some(msg) = msg {
                moved = true;
                self.step(to, Input::Mesh { from, msg });
            }
        }
        moved
    }

    /// Runs until nothing more happens by itself.
    pub fn settle(&mut self) {
        loop {
            let mut moved = !self.paused && self.mesh_turn();
            moved |= self.store_turn();
            for shard in 0..self.shards.len() as u16 {
                if !moved && self.shards[usize::from(shard)].owes() {
                    let before = self.depth();
                    self.step(shard, Input::Room);
                    moved |= self.depth() != before;
                }
            }
            if !moved {
                break;
            }
        }
        self.shards.iter().for_each(Shard::check);
    }

    fn depth(&self) -> usize {
        let rings: usize = self.rings.borrow().values().map(VecDeque::len).sum();
        rings + self.held.len() + self.seen.values().map(Vec::len).sum::<usize>()
    }

    /// Lets time pass, deadlines included.
    pub fn pass(&mut self, ms: u64) {
        let end = self.now.mono_ms + ms;
        while let Some(next) = self.shards.iter().filter_map(Shard::next_deadline).min().filter(|at| *at <= end) {
            let by = next.saturating_sub(self.now.mono_ms);
            self.advance(by);
            for shard in 0..self.shards.len() as u16 {
                self.step(shard, Input::Tick);
            }
            self.settle();
        }
        self.advance(end - self.now.mono_ms);
    }

    fn advance(&mut self, ms: u64) {
        self.now.mono_ms += ms;
        self.now.wall_ms += ms;
    }

    /// A connection of `user` on `shard`, settled.
    pub fn open(&mut self, shard: ShardId, user: &str) -> SessionId {
        self.serial += 1;
        let session = SessionId::new(shard, self.serial);
        let user = UserId::new(user).unwrap();
        self.step(shard, Input::Open { session, user, id: ReqId::default(), expires_at: u64::MAX });
        self.settle();
        session
    }

    pub fn close(&mut self, session: SessionId) {
        self.step(session.shard(), Input::Closed { session });
        self.settle();
    }

    pub fn command(&mut self, session: SessionId, command: Command<'_>) {
        self.step(session.shard(), Input::Command { session, command: &command });
    }

    pub fn send_to(&mut self, session: SessionId, to: &str, n: u8, ack: AckLevel) {
        self.send(session, Target::User(to), n, ack, false);
    }

    pub fn send(&mut self, session: SessionId, target: Target<'_>, n: u8, ack: AckLevel, resend: bool) {
        let (id, content) = (n.to_string(), format!("text {n}"));
        let command = Command::Send { id: &id, target, client_id: ClientId([n; 16]), content: &content, ack, resend };
        self.command(session, command);
        self.settle();
    }

    /// What a session was told since the last call.
    pub fn take(&mut self, session: SessionId) -> Vec<Event> {
        self.seen.remove(&session).unwrap_or_default()
    }

    /// The same, as short lines for script tests.
    pub fn told(&mut self, session: SessionId) -> Vec<String> {
        self.take(session).iter().map(line).collect()
    }
}

pub fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

pub fn direct(a: &str, b: &str) -> ConvId {
    ConvId::direct(&user(a), &user(b))
}

/// An event as one short line.
pub fn line(event: &Event) -> String {
    match event {
        Event::Welcome { heads, .. } => {
            let heads: Vec<_> =
                heads.iter().map(|h| format!("{}/{}r{}", h.last_seq, h.durable_seq, h.read_seq)).collect();
            format!("welcome [{}]", heads.join(" "))
        }
        Event::Ack { id, level, seq, durable_seq, .. } => format!("ack {id} {level:?} seq {seq} durable {durable_seq}"),
        Event::Message { message: m, .. } => {
            format!("message {} from {}: {}", m.seq, m.sender, m.content)
        }
        Event::Receipt { user, kind, seq, .. } => format!("{kind:?} by {user} up to {seq}"),
        Event::ConversationCreated { id, title, members, .. } => format!("created {id} {title} {members:?}"),
        Event::MemberAdded { id, user, by, .. } => format!("added {id} {user} by {by}"),
        Event::Typing { user, on, .. } => format!("typing {user} {on}"),
        Event::Presence { user, online, .. } => {
            format!("{user} {}", if *online { "online" } else { "offline" })
        }
        Event::SyncResult { conversations, next, .. } => {
            let part = |c: &chasqui_proto::event::SyncConversation| {
                let seqs: Vec<_> =
                    c.messages.iter().map(|m| format!("{}{}", m.seq, if m.retracted { "x" } else { "" })).collect();
                format!(
                    "{}/{} more={} recovered={} [{}]",
                    c.last_seq,
                    c.durable_seq,
                    c.more,
                    c.recovered,
                    seqs.join(" ")
                )
            };
            let parts: Vec<_> = conversations.iter().map(part).collect();
            format!("sync {}{}", parts.join(" "), if next.is_empty() { "" } else { " next" })
        }
        Event::Retracted { seq, .. } => format!("retracted {seq}"),
        Event::Draining { .. } => "draining".into(),
        Event::Error { id, code, .. } => format!("error {id} {}", code.name()),
    }
}
