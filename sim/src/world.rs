//! The world's clock, its actors, and its misfortunes.

use std::sync::Arc;

use chasqui_chat::{Input as ShardInput, Now};
use chasqui_client_rules::{Config, Input, OwnedCommand, OwnedTarget};
use chasqui_proto::command::{AckLevel, ReceiptKind};
use chasqui_proto::ids::{ClientId, ConvId, ReqId, SessionId, UserId};
use chasqui_storage::memory::Memory;

use crate::checks;
use crate::client::{Client, Up, Wire};
use crate::rng::Rng;
use crate::server::{Down, SHARDS, Server, Setup, Weather};

const USERS: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];
/// Two devices for the first two users.
const DEVICES: [usize; 7] = [0, 0, 1, 1, 2, 3, 4];
const CHAOS_STEPS: u64 = 2_500;
/// A healed world that is not at rest after this long is stuck.
const HEAL_MS: u64 = 300_000;
/// A reader this far behind is cut, as the relay's outbox bound does.
const DOWN_MAX: usize = 200;
/// Unix milliseconds at the start of every world.
const START_MS: u64 = 1_800_000_000_000;

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
    orphans: Vec<Wire>,
    sessions: u64,
    sends: u64,
    pub group: ConvId,
    crashes: u32,
    /// Print what reaches clients and what goes wrong, to follow one seed.
    pub trace: bool,
}

/// What a world went through.
#[derive(Clone, Copy, Debug, Default)]
pub struct Report {
    pub sends: u64,
    pub acked: u64,
    pub crashes: u32,
    pub virtual_ms: u64,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let setup = Setup::draw(&mut rng);
        let memory = Memory::new();
        let server = Server::start(&setup, memory.boot_epoch());
        let user = |i: usize| UserId::new(USERS[i]).expect("a good name");
        let mut config = || Config {
            mark_delivered_after: (!rng.one_in(3)).then_some(20),
            keep_log: true,
            ..Config::default()
        };
        let clients = DEVICES.iter().map(|i| Client::new(user(*i), config())).collect();
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
            sends: 0,
            group: ConvId::group(&user(0), ClientId([1; 16])),
            crashes: 0,
            trace: false,
            rng,
        }
    }

    pub fn report(&self) -> Report {
        let acked = self.clients.iter().map(|c| c.ticked.len() as u64).sum();
        Report { sends: self.sends, acked, crashes: self.crashes, virtual_ms: self.now.mono_ms }
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
        let end = self.now.mono_ms + HEAL_MS;
        while !self.at_rest() {
            assert!(self.now.mono_ms < end, "the healed world does not come to rest: {}", checks::unrest(self));
            if !self.turn() {
                self.advance(5);
            }
        }
    }

    pub fn orphans(&self) -> usize {
        self.orphans.len()
    }

    fn at_rest(&self) -> bool {
        self.server.requests.is_empty()
            && self.orphans.is_empty()
            && self.server.mesh.ready().is_empty()
            && self.server.shards.iter().all(|s| s.is_quiet())
            && self.clients.iter().all(|c| {
                c.rules.settled() && c.wire.as_ref().is_some_and(|w| w.up.is_empty() && w.down.is_empty())
            })
    }

    fn tell(&self, what: impl FnOnce() -> String) {
        if self.trace {
            eprintln!("{:>8} {}", self.now.mono_ms, what());
        }
    }

    fn advance(&mut self, ms: u64) {
        self.now.mono_ms += ms;
        self.now.wall_ms += ms;
    }

    fn step(&mut self, shard: u16, input: ShardInput<'_>) {
        let Self { server, clients, now, .. } = self;
        server.step(*now, shard, input, &mut |session, down| {
            let wire = clients.iter_mut().filter_map(|c| c.wire.as_mut()).find(|w| w.session == session);
            if let Some(wire) = wire {
                wire.down.push_back(down);
            }
        });
        self.server.shards[usize::from(shard)].check();
    }

    /// One thing of each kind that can happen by itself. False: nothing could.
    fn turn(&mut self) -> bool {
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

    fn connect(&mut self, client: usize) {
        self.sessions += 1;
        let shard = self.rng.below(u64::from(SHARDS)) as u16;
        self.clients[client].connect(SessionId::new(shard, self.sessions));
    }

    fn wires_turn(&mut self) -> bool {
        let mut moved = false;
        for i in 0..self.clients.len() {
            if self.rng.one_in(2) {
                moved |= self.up(i);
            }
            if self.rng.one_in(2) {
                moved |= self.down(i);
            }
            moved |= self.clients[i].wire.as_ref().is_some_and(|w| !w.up.is_empty() || !w.down.is_empty());
        }
        moved | self.orphans_turn()
    }

    fn up(&mut self, client: usize) -> bool {
        let user = self.clients[client].user.clone();
        let Some(wire) = &mut self.clients[client].wire else { return false };
        let (session, item) = (wire.session, wire.up.pop_front());
        let Some(item) = item else { return false };
        self.arrive(session, user, item);
        true
    }

    fn arrive(&mut self, session: SessionId, user: UserId, item: Up) {
        let shard = session.shard();
        match item {
            Up::Open => {
                let lives = if self.rng.one_in(8) { 500 + self.rng.below(20_000) } else { 1 << 40 };
                let expires_at = self.now.wall_ms + lives;
                self.step(shard, ShardInput::Open { session, user, id: ReqId::default(), expires_at });
            }
            Up::Command(command) => {
                self.tell(|| format!("server gets of {user} by {session}: {command:?}"));
                self.step(shard, ShardInput::Command { session, command: &command.borrow() });
            }
            Up::Closed => self.step(shard, ShardInput::Closed { session }),
        }
    }

    fn down(&mut self, client: usize) -> bool {
        let now = self.now.mono_ms;
        let Some(wire) = &mut self.clients[client].wire else { return false };
        let session = wire.session;
        if wire.down.len() > DOWN_MAX {
            self.step(session.shard(), ShardInput::Closed { session });
            self.lose(client);
            return true;
        }
        match wire.down.pop_front() {
            None => false,
            Some(Down::Closed(_)) => {
                self.lose(client);
                true
            }
            Some(Down::Event(event)) => {
                self.tell(|| format!("client {client} gets {event:?}"));
                self.clients[client].event(now, &event);
                checks::acks(self, client);
                true
            }
        }
    }

    /// The client notices that its connection is gone, and will try again.
    fn lose(&mut self, client: usize) -> Option<Wire> {
        self.tell(|| format!("client {client} loses its connection"));
        let pause = self.rng.below(2_000);
        let client = &mut self.clients[client];
        let wire = client.wire.take();
        client.connect_at = self.now.mono_ms + pause;
        client.handle(self.now.mono_ms, Input::Disconnected);
        wire
    }

    fn orphans_turn(&mut self) -> bool {
        if self.orphans.is_empty() {
            return false;
        }
        let at = self.rng.index(self.orphans.len());
        let session = self.orphans[at].session;
        match self.orphans[at].up.pop_front() {
            Some(item) => {
                let nobody = UserId::new("nobody").expect("a good name");
                self.arrive(session, nobody, item);
            }
            None => _ = self.orphans.remove(at),
        }
        true
    }

    fn misfortune(&mut self) {
        let client = self.rng.index(self.clients.len());
        match self.rng.below(400) {
            0 => self.crash(),
            1 => {
                self.weather = match self.rng.below(4) {
                    0 => Weather::Stuck,
                    1 => Weather::Failing { unknown: 2, rejected: 10 },
                    2 => Weather::Failing { unknown: 4, rejected: 4 },
                    _ => Weather::Failing { unknown: 1, rejected: 1 },
                }
            }
            2..8 => self.weather = Weather::Fair,
            8..16 => self.drop_connection(client),
            _ => {}
        }
    }

    /// The client is gone; some of what it wrote still arrives, and some time later the server notices.
    fn drop_connection(&mut self, client: usize) {
        if self.clients[client].wire.is_none() {
            return;
        }
        if let Some(mut wire) = self.lose(client) {
            let opened = !matches!(wire.up.front(), Some(Up::Open));
            let arriving = self.rng.index(wire.up.len() + 1);
            wire.up.truncate(if opened { arriving } else { 0 });
            wire.up.push_back(Up::Closed);
            self.orphans.push(wire);
        }
    }

    /// kill -9, and a new process over what was fsynced.
    fn crash(&mut self) {
        self.tell(|| "the server crashes".into());
        self.crashes += 1;
        self.memory.crash();
        self.server = Server::start(&self.setup, self.memory.boot_epoch());
        // Deadlines are on the process's own clock, which goes on here.
        self.orphans.clear();
        for client in 0..self.clients.len() {
            let Some(wire) = &mut self.clients[client].wire else { continue };
            wire.up.clear();
            let arriving = self.rng.index(wire.down.len() + 1);
            let wire = self.clients[client].wire.as_mut().expect("seen above");
            wire.down.truncate(arriving);
            wire.down.push_back(Down::Closed(chasqui_proto::codes::CloseCode::Overloaded));
        }
    }

    /// What people do with their clients.
    fn people(&mut self) {
        let client = self.rng.index(self.clients.len());
        let now = self.now.mono_ms;
        match self.rng.below(12) {
            0..4 => self.send(client),
            4 => self.mark(client),
            5 if self.rng.one_in(8) && self.clients[0].rules.connected() => {
                let command = self.ask();
                self.clients[0].handle(now, Input::Ask(command));
            }
            _ => {}
        }
    }

    fn send(&mut self, client: usize) {
        self.sends += 1;
        let mut id = [0u8; 16];
        id[..8].copy_from_slice(&self.sends.to_le_bytes());
        let client_id = ClientId(id);
        let target = match self.rng.below(3) {
            0 => OwnedTarget::Conversation(self.group),
            _ => OwnedTarget::User(UserId::new(USERS[self.rng.index(USERS.len())]).expect("a good name")),
        };
        // The rules drop what a non-member is refused; such a send is a failure, not a loss.
        let ack = [AckLevel::Durable, AckLevel::Durable, AckLevel::Durable, AckLevel::Accepted][self.rng.index(4)];
        let content: Arc<str> = format!("message {}", self.sends).into();
        self.clients[client].sent.insert(client_id);
        self.clients[client].handle(self.now.mono_ms, Input::Send { client_id, target, content, ack });
        checks::acks(self, client);
    }

    fn mark(&mut self, client: usize) {
        let convs: Vec<ConvId> = self.clients[client].rules.conversations().collect();
        if convs.is_empty() {
            return;
        }
        let conv = convs[self.rng.index(convs.len())];
        let seq = self.clients[client].rules.reach(conv);
        self.clients[client].handle(self.now.mono_ms, Input::Mark { conv, seq, kind: ReceiptKind::Read });
    }

    fn ask(&mut self) -> OwnedCommand {
        let user = |name: &str| UserId::new(name).expect("a good name");
        if self.rng.one_in(2) {
            let members = vec![user("bob"), user("carol")];
            let client_id = ClientId([1; 16]);
            return OwnedCommand::CreateConversation { id: "a1".into(), client_id, title: "group".into(), members };
        }
        OwnedCommand::AddMember { id: "a2".into(), conv: self.group, user: user("dave") }
    }
}
