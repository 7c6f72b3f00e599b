//! One life of the server process over the store that outlives it.

use std::collections::VecDeque;

use chasqui_chat::{Config, DeliveryOrder, Effect, Effects, Input, Now, Shard, ShardId};
use chasqui_proto::codes::CloseCode;
use chasqui_proto::event::{Event, Limits};
use chasqui_proto::ids::SessionId;
use chasqui_proto::row::{Completion, Op, Outcome, StoreFailure, StoreRequest};
use chasqui_storage::memory::{Fault, Memory};

use crate::coverage::Coverage;
use crate::links::Mesh;
use crate::rng::Rng;

pub const SHARDS: u16 = 4;

/// How a world's server is set up, drawn from its seed.
#[derive(Clone, Debug)]
pub struct Setup {
    pub order: DeliveryOrder,
    pub ring: usize,
    pub evict_idle_ms: u64,
    pub store_slots: usize,
    pub live_conversations_max: usize,
    /// A reader this many events behind is cut, as the relay's outbox bound does.
    pub down_max: usize,
    pub sends_per_second: u32,
}

impl Setup {
    pub fn draw(rng: &mut Rng) -> Self {
        Self {
            order: if rng.one_in(4) { DeliveryOrder::DurableFirst } else { DeliveryOrder::RelayFirst },
            ring: 2,
            evict_idle_ms: [0, 50, 1_000, 60_000][rng.index(4)],
            store_slots: [2, 4, 16, 64][rng.index(4)],
            // A sync page needs several at once: a smaller shard refuses pages for ever.
            live_conversations_max: [8, 16, 64][rng.index(3)],
            down_max: [60, 200][rng.index(2)],
            sends_per_second: if rng.one_in(4) { 10 } else { 1_000_000 },
        }
    }
}

/// What the server does to a connection.
#[derive(Debug)]
pub enum Down {
    Event(Event),
    Closed(CloseCode),
}

pub struct Server {
    pub shards: Vec<Shard>,
    pub mesh: Mesh,
    /// Store requests under way.
    pub requests: VecDeque<(ShardId, StoreRequest)>,
    pub seen: Coverage,
    effects: Effects,
}

/// What goes wrong with the store at the moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Weather {
    Fair,
    /// Nothing is answered.
    Stuck,
    /// Writes fail, with one of these in so many.
    Failing {
        unknown: u64,
        rejected: u64,
    },
}

impl Server {
    pub fn start(setup: &Setup, epoch: u64) -> Self {
        let mesh = Mesh::new(setup.ring);
        let shard = |shard| {
            let cfg = Config {
                shard,
                shards: SHARDS,
                node: 0,
                epoch,
                order: setup.order,
                limits: Limits {
                    max_frame_bytes: 65_536,
                    sends_per_second: setup.sends_per_second,
                    burst: setup.sends_per_second.saturating_mul(2),
                },
                sessions_per_user_max: 10,
                evict_idle_ms: setup.evict_idle_ms,
                live_conversations_max: setup.live_conversations_max,
                permits_per_peer: setup.ring as u32,
                store_slots: setup.store_slots,
            };
            Shard::new(cfg, mesh.ends(shard))
        };
        let shards = (0..SHARDS).map(shard).collect();
        Self { shards, mesh, requests: VecDeque::new(), seen: Coverage::default(), effects: Effects::default() }
    }

    pub fn step(&mut self, now: Now, shard: ShardId, input: Input<'_>, tell: &mut dyn FnMut(SessionId, Down)) {
        let mut effects = core::mem::take(&mut self.effects);
        let machine = &mut self.shards[usize::from(shard)];
        let before = machine.gauges();
        machine.step(now, input, &mut effects);
        self.seen.step(before, machine.gauges());
        for effect in effects.list.drain(..) {
            match effect {
                Effect::Send { session, event } => tell(session, Down::Event(event)),
                Effect::Fan { targets, event } => {
                    for session in &effects.targets[targets] {
                        tell(*session, Down::Event(event.clone()));
                    }
                }
                Effect::Close { session, code } => tell(session, Down::Closed(code)),
                Effect::Store(request) => {
                    self.seen.asked(&request.op);
                    self.requests.push_back((shard, request));
                }
            }
        }
        effects.clear();
        self.effects = effects;
    }

    /// Carries one store request out, by chance not the oldest, as the weather has it.
    pub fn store_turn(
        &mut self,
        memory: &mut Memory,
        weather: Weather,
        rng: &mut Rng,
    ) -> Option<(ShardId, Completion)> {
        if self.requests.is_empty() || weather == Weather::Stuck {
            return None;
        }
        let at = if rng.one_in(3) { rng.index(self.requests.len()) } else { 0 };
        let (shard, request) = self.requests.remove(at)?;
        let outcome = carry_out(memory, &request.op, weather, rng);
        self.seen.stored(&outcome);
        Some((shard, Completion { ticket: request.ticket, outcome }))
    }
}

fn carry_out(memory: &mut Memory, op: &Op, weather: Weather, rng: &mut Rng) -> Outcome {
    let Weather::Failing { unknown, rejected } = weather else { return memory.carry_out(op, None) };
    if rng.one_in(unknown) {
        // Applied or not, nobody says; applied, it may yet be lost to a crash.
        let fault = if rng.one_in(2) { Fault::UnknownApplied } else { Fault::UnknownLost };
        return memory.carry_out(op, Some(fault));
    }
    if rng.one_in(rejected) {
        return Outcome::Failed(StoreFailure::Rejected);
    }
    memory.carry_out(op, None)
}
