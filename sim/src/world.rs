//! One world: its clock, its state, and whose turn it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use chasqui_chat::{Input as ShardInput, Msg, Now};
use chasqui_client_rules::{Config, Input};
use chasqui_proto::command::AckLevel;
use chasqui_proto::ids::{ConvId, Epoch, MsgId, Seq};
use chasqui_storage::memory::Memory;

use crate::checks;
use crate::client::{Client, Wire};
use crate::coverage::Coverage;
use crate::people;
use crate::rng::Rng;
use crate::server::{SHARDS, Server, Setup, Weather};

/// Two devices for the first two users.
const DEVICES: [usize; 7] = [0, 0, 1, 1, 2, 3, 4];
const CHAOS_STEPS: u64 = 2_500;
/// A healed world that is not at rest after this long is stuck.
const HEAL_MS: u64 = 300_000;
/// In a healed world everybody reads everything this often.
const READ_EVERY_MS: u64 = 1_000;
/// Invariants within the core and the rules are looked at after every so many steps; they cost more than a step.
pub(crate) const CHECK_EVERY: u64 = 8;
/// Unix milliseconds at the start of every world.
pub(crate) const START_MS: u64 = 1_800_000_000_000;

pub struct World {
    pub seed: u64,
    pub rng: Rng,
    pub now: Now,
    pub setup: Setup,
    pub server: Server,
    pub memory: Memory,
    pub weather: Weather,
    pub clients: Vec<Client>,
    /// Connections whose client is gone and whose server does not know.
    pub(crate) orphans: Vec<Wire>,
    pub(crate) sessions: u64,
    steps: u64,
    /// What some messages of this world consist of.
    pub(crate) bulk: Option<Arc<str>>,
    /// There were conversations before this life.
    pub(crate) has_history: bool,
    /// What was acknowledged durable.
    pub acked: BTreeMap<(ConvId, Seq), MsgId>,
    /// What clients were told to lie where.
    pub named: BTreeMap<(ConvId, Epoch, Seq), MsgId>,
    pub seen: Coverage,
    /// Print what reaches clients and what goes wrong, to follow one seed.
    pub trace: bool,
}

/// What a world went through.
#[derive(Clone, Copy, Debug, Default)]
pub struct Report {
    pub virtual_ms: u64,
    pub seen: Coverage,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let setup = Setup::draw(&mut rng);
        let mut memory = Memory::new();
        let has_history = rng.one_in(4);
        if has_history {
            people::write_history(&mut memory);
        }
        let bulk = rng.one_in(4).then(people::bulk);
        let server = Server::start(&setup, memory.boot_epoch());
        let mut config =
            || Config { mark_delivered_after: (!rng.one_in(3)).then_some(20), keep_log: true, ..Config::default() };
        let clients = DEVICES.iter().map(|i| Client::new(people::user(*i), config())).collect();
        Self {
            seed,
            now: Now { mono_ms: 1, wall_ms: START_MS },
            setup,
            server,
            memory,
            weather: Weather::Fair,
            clients,
            orphans: Vec::new(),
            sessions: 0,
            steps: 0,
            bulk,
            has_history,
            acked: BTreeMap::new(),
            named: BTreeMap::new(),
            seen: Coverage::default(),
            trace: false,
            rng,
        }
    }

    pub fn report(&self) -> Report {
        let mut seen = self.seen;
        seen.add(&self.server.seen);
        for client in &self.clients {
            seen.client(client.rules.stats());
            seen.acks += client.ticked.len() as u64;
            seen.acks_by_receipt += client.ticked.iter().filter(|ack| ack.level > AckLevel::Durable).count() as u64;
        }
        Report { virtual_ms: self.now.mono_ms, seen }
    }

    /// Things happen, good and bad.
    pub fn chaos(&mut self) {
        for _ in 0..CHAOS_STEPS {
            let pause = if self.rng.one_in(40) { self.rng.below(1_500) } else { self.rng.below(3) };
            self.advance(pause);
            self.misfortune();
            self.people();
            self.turn();
        }
    }

    /// Nothing bad happens any more; the world must come to rest.
    pub fn heal(&mut self) {
        self.weather = Weather::Fair;
        self.setup.down_max = usize::MAX;
        let end = self.now.mono_ms + HEAL_MS;
        let mut reading = 0;
        while !self.at_rest() {
            assert!(self.now.mono_ms < end, "the healed world does not come to rest: {}", checks::unrest(self));
            if !self.turn() {
                self.advance(5);
            }
            if self.now.mono_ms >= reading {
                reading = self.now.mono_ms + READ_EVERY_MS;
                self.read_all();
            }
        }
        self.server.shards.iter().for_each(|shard| shard.check());
        self.clients.iter().for_each(|client| client.rules.check());
    }

    pub fn orphans(&self) -> usize {
        self.orphans.len()
    }

    pub(crate) fn server_at_rest(&self) -> bool {
        self.server.requests.is_empty()
            && self.server.mesh.ready().is_empty()
            && self.server.shards.iter().all(|s| s.is_quiet())
    }

    fn at_rest(&self) -> bool {
        self.server_at_rest()
            && self.orphans.is_empty()
            && self
                .clients
                .iter()
                .all(|c| c.rules.settled() && c.wire.as_ref().is_some_and(|w| w.up.is_empty() && w.down.is_empty()))
    }

    pub(crate) fn tell(&self, what: impl FnOnce() -> String) {
        if self.trace {
            eprintln!("{:>8} {}", self.now.mono_ms, what());
        }
    }

    pub(crate) fn advance(&mut self, ms: u64) {
        self.now.mono_ms += ms;
        self.now.wall_ms += ms;
    }

    pub(crate) fn step(&mut self, shard: u16, input: ShardInput<'_>) {
        let Self { server, clients, now, .. } = self;
        server.step(*now, shard, input, &mut |session, down| {
            let wire = clients.iter_mut().filter_map(|c| c.wire.as_mut()).find(|w| w.session == session);
            if let Some(wire) = wire {
                wire.down.push_back(down);
            }
        });
        self.steps += 1;
        if self.trace || self.steps.is_multiple_of(CHECK_EVERY) {
            self.server.shards[usize::from(shard)].check();
        }
    }

    /// One thing of each kind that can happen by itself. False: nothing could.
    pub(crate) fn turn(&mut self) -> bool {
        let mut moved = self.mesh_turn();
        moved |= self.store_turn();
        moved |= self.wires_turn();
        moved |= self.deadlines();
        moved
    }

    fn mesh_turn(&mut self) -> bool {
        let ready = self.server.mesh.ready();
        for _ in 0..ready.len().min(3) {
            let key = ready[self.rng.index(ready.len())];
            if let Some(msg) = self.server.mesh.pop(key) {
                self.seen.caught_up += u64::from(matches!(msg, Msg::Snapshot { .. }));
                self.step(key.1, ShardInput::Mesh { from: key.0, msg });
            }
        }
        for shard in 0..SHARDS {
            if self.server.shards[usize::from(shard)].owes() && self.rng.one_in(2) {
                self.step(shard, ShardInput::Room);
            }
        }
        !ready.is_empty()
    }

    fn store_turn(&mut self) -> bool {
        let Self { server, memory, weather, rng, .. } = self;
        let Some((shard, completion)) = server.store_turn(memory, *weather, rng) else { return false };
        self.step(shard, ShardInput::Stored(completion));
        true
    }

    fn deadlines(&mut self) -> bool {
        let now = self.now.mono_ms;
        let mut moved = false;
        for shard in 0..SHARDS {
            if self.server.shards[usize::from(shard)].next_deadline().is_some_and(|at| at <= now) {
                self.step(shard, ShardInput::Tick);
                moved = true;
            }
        }
        for i in 0..self.clients.len() {
            if self.clients[i].rules.next_deadline().is_some_and(|at| at <= now) {
                self.clients[i].handle(now, Input::Tick);
                checks::acks(self, i);
                moved = true;
            }
            if self.clients[i].wire.is_none() && self.clients[i].connect_at <= now {
                self.connect(i);
                moved = true;
            }
        }
        moved
    }
}
