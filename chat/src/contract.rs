//! What goes into a shard and what comes out.

use core::ops::Range;

use chasqui_proto::codes::CloseCode;
use chasqui_proto::command::Command;
use chasqui_proto::event::{Event, Limits};
use chasqui_proto::ids::{Epoch, Millis, ReqId, SessionId, UserId};
use chasqui_proto::row::{Completion, StoreRequest};

use crate::msg::Msg;

/// Index of a shard in this process.
pub type ShardId = u16;

/// The time, as the shell saw it at the start of the turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Now {
    /// Milliseconds on a clock that never goes back; deadlines are on it.
    pub mono_ms: u64,
    /// Unix milliseconds; what users see.
    pub wall_ms: Millis,
}

/// One thing that happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// An authenticated connection; `expires_at` is its token's, in Unix milliseconds.
    Open {
        session: SessionId,
        user: UserId,
        id: ReqId,
        expires_at: Millis,
    },
    Command {
        session: SessionId,
        command: &'a Command<'a>,
    },
    /// The transport is gone. Ignored where the core closed the session itself.
    Closed {
        session: SessionId,
    },
    Mesh {
        from: ShardId,
        msg: Msg,
    },
    Stored(Completion),
    /// A ring that was full has room, or may have: debts are tried again.
    Room,
    /// The deadline has come.
    Tick,
    /// From now on commands are refused with `draining`.
    Drain,
}

/// One thing to do, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    Send {
        session: SessionId,
        event: Event,
    },
    /// The same event to every session in `Effects::targets[targets]`: encode it once per dialect.
    Fan {
        targets: Range<usize>,
        event: Event,
    },
    /// The session is forgotten already; flush what was sent before, then close.
    Close {
        session: SessionId,
        code: CloseCode,
    },
    Store(StoreRequest),
}

/// The ordered effects of a step, in reused buffers.
#[derive(Default, Debug)]
pub struct Effects {
    pub list: Vec<Effect>,
    pub targets: Vec<SessionId>,
}

impl Effects {
    pub fn clear(&mut self) {
        self.list.clear();
        self.targets.clear();
    }
    pub(crate) fn send(&mut self, session: SessionId, event: Event) {
        self.list.push(Effect::Send { session, event });
    }
    /// Sends `event` to all of `sessions`; nothing where there is none.
    pub(crate) fn fan(&mut self, sessions: impl Iterator<Item = SessionId>, event: Event) {
        let start = self.targets.len();
        self.targets.extend(sessions);
        let targets = start..self.targets.len();
        if !targets.is_empty() {
            self.list.push(Effect::Fan { targets, event });
        }
    }
}

/// The three rings of an ordered pair of shards.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Class {
    /// Refused at the session when full.
    Command = 0,
    /// Capacity at least `Config::permits_per_peer`, so never full.
    Reply = 1,
    /// When full, the pair (shard, conversation) falls behind and is caught up later.
    Delivery = 2,
}

/// The links to other shards, which the relay and the simulator supply.
pub trait Links {
    /// Queues `msg`, or gives it back where the ring is full. Never waits.
    fn push(&mut self, to: ShardId, class: Class, msg: Msg) -> Result<(), Msg>;
}

/// Whether recipients wait for the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum DeliveryOrder {
    #[default]
    RelayFirst,
    DurableFirst,
}

/// What the shell decides for a shard.
#[derive(Clone, Debug)]
pub struct Config {
    pub shard: ShardId,
    pub shards: u16,
    pub node: u16,
    /// The store's boot counter: raised at each process start.
    pub epoch: Epoch,
    pub order: DeliveryOrder,
    pub limits: Limits,
    pub sessions_per_user_max: usize,
    /// Commands with an answer under way from this shard to each peer.
    pub permits_per_peer: u32,
    /// A live conversation nobody uses is evicted after this long.
    pub evict_idle_ms: u64,
    /// Conversations in memory; a load beyond it evicts one that is at rest, or is refused.
    pub live_conversations_max: usize,
    /// Store requests under way from this shard.
    pub store_slots: usize,
}
