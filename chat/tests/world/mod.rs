//! A small world for tests of the core: shards joined by bounded rings and a store that answers when told to.
#![allow(dead_code)]

mod line;
mod promise;
mod rows;
mod turns;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use chasqui_chat::{Class, Config, DeliveryOrder, Effect, Effects, Input, Links, Msg, Now, Shard, ShardId};
use chasqui_proto::codes::CloseCode;
use chasqui_proto::command::{AckLevel, Command, Target};
use chasqui_proto::event::{Event, Limits};
use chasqui_proto::ids::{ClientId, ConvId, Millis, ReqId, SessionId, UserId};
use chasqui_proto::row::{StoreFailure, StoreRequest};

pub use line::line;
pub use rows::Rows;

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

/// How the store answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StoreMode {
    Answer,
    /// Requests wait for `World::answer`.
    Hold,
    Fail(StoreFailure),
}

pub struct World {
    pub shards: Vec<Shard>,
    rings: Rings,
    pub rows: Rows,
    /// How writes are answered, and reads.
    pub mode: StoreMode,
    pub reads: StoreMode,
    pub held: VecDeque<(ShardId, StoreRequest)>,
    pub now: Now,
    pub seen: BTreeMap<SessionId, Vec<Event>>,
    pub closed: BTreeMap<SessionId, CloseCode>,
    /// Sessions whose end the core knows: it may not speak to them any more.
    gone: BTreeSet<SessionId>,
    told: BTreeMap<SessionId, promise::Told>,
    serial: u64,
    /// Pause message passing, to fill rings.
    pub paused: bool,
    /// The order in which rings and store answers take turns is drawn from this, where given.
    pub chance: Option<u64>,
}

#[derive(Clone)]
pub struct Options {
    pub shards: u16,
    pub ring: usize,
    pub permits: u32,
    pub order: DeliveryOrder,
    pub epoch: u64,
    pub sends_per_second: u32,
    pub burst: u32,
    pub evict_idle_ms: u64,
    pub store_slots: usize,
    pub live_max: usize,
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
            burst: 2_000_000,
            evict_idle_ms: 60_000,
            store_slots: 1_000,
            live_max: 10_000,
        }
    }
}

impl Options {
    fn config(&self, shard: ShardId) -> Config {
        Config {
            shard,
            shards: self.shards,
            node: 0,
            epoch: self.epoch,
            order: self.order,
            limits: Limits { max_frame_bytes: 65536, sends_per_second: self.sends_per_second, burst: self.burst },
            sessions_per_user_max: 10,
            permits_per_peer: self.permits,
            evict_idle_ms: self.evict_idle_ms,
            live_conversations_max: self.live_max,
            store_slots: self.store_slots,
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
        let shards = (0..options.shards).map(|me| {
            let ends = Ends { me, rings: rings.clone(), capacity: options.ring };
            Shard::new(options.config(me), Box::new(ends))
        });
        Self {
            shards: shards.collect(),
            rings: rings.clone(),
            rows,
            mode: StoreMode::Answer,
            reads: StoreMode::Answer,
            held: VecDeque::new(),
            now: Now { mono_ms: 1_000, wall_ms: 1_800_000_000_000 },
            seen: BTreeMap::new(),
            closed: BTreeMap::new(),
            gone: BTreeSet::new(),
            told: BTreeMap::new(),
            serial: options.epoch << 32,
            paused: false,
            chance: None,
        }
    }

    pub fn step(&mut self, shard: ShardId, input: Input<'_>) {
        let mut out = Effects::default();
        self.shards[usize::from(shard)].step(self.now, input, &mut out);
        for effect in out.list {
            match effect {
                Effect::Send { session, event } => self.see(session, event),
                Effect::Fan { targets, event } => {
                    out.targets[targets].iter().for_each(|session| self.see(*session, event.clone()));
                }
                Effect::Close { session, code } => {
                    assert!(self.gone.insert(session), "a session is closed once");
                    self.closed.insert(session, code);
                }
                Effect::Store(request) => self.held.push_back((shard, request)),
            }
        }
    }

    fn see(&mut self, session: SessionId, event: Event) {
        assert!(!self.gone.contains(&session), "nothing is said to a session that is gone: {event:?}");
        self.told.entry(session).or_default().note(&event);
        self.seen.entry(session).or_default().push(event);
    }

    /// A connection of `user` on `shard`, settled.
    pub fn open(&mut self, shard: ShardId, user: &str) -> SessionId {
        self.open_until(shard, user, u64::MAX)
    }

    /// The same, with a token that expires.
    pub fn open_until(&mut self, shard: ShardId, user: &str, expires_at: Millis) -> SessionId {
        self.serial += 1;
        let session = SessionId::new(shard, self.serial);
        let user = UserId::new(user).unwrap();
        self.step(shard, Input::Open { session, user, id: ReqId::default(), expires_at });
        self.settle();
        session
    }

    /// The connection is gone, and the core is told, as it is where it closed the session itself.
    pub fn close(&mut self, session: SessionId) {
        self.gone.insert(session);
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
