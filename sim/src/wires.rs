//! Connections: opened, carrying one thing at a time, lost.

use chasqui_chat::Input;
use chasqui_proto::codes::CloseCode;
use chasqui_proto::ids::{ReqId, SessionId, UserId};

use crate::checks;
use crate::client::{Up, Wire};
use crate::server::{Down, SHARDS};
use crate::world::World;

impl World {
    pub(crate) fn connect(&mut self, client: usize) {
        self.sessions += 1;
        let shard = self.rng.below(u64::from(SHARDS)) as u16;
        self.clients[client].connect(SessionId::new(shard, self.sessions));
    }

    pub(crate) fn wires_turn(&mut self) -> bool {
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
        let Some(wire) = &mut self.clients[client].wire else { return false };
        let (session, item) = (wire.session, wire.up.pop_front());
        let Some(item) = item else { return false };
        let user = self.clients[client].user.clone();
        self.arrive(session, user, item);
        true
    }

    fn arrive(&mut self, session: SessionId, user: UserId, item: Up) {
        let shard = session.shard();
        match item {
            Up::Open => {
                let lives = if self.rng.one_in(8) { 500 + self.rng.below(20_000) } else { 1 << 40 };
                let expires_at = self.now.wall_ms + lives;
                self.step(shard, Input::Open { session, user, id: ReqId::default(), expires_at });
            }
            Up::Command(command) => {
                self.tell(|| format!("server gets of {user} by {session}: {command:?}"));
                self.step(shard, Input::Command { session, command: &command.borrow() });
            }
            Up::Closed => self.step(shard, Input::Closed { session }),
        }
    }

    fn down(&mut self, client: usize) -> bool {
        let now = self.now.mono_ms;
        let down_max = self.setup.down_max;
        let Some(wire) = &mut self.clients[client].wire else { return false };
        let session = wire.session;
        if wire.down.len() > down_max {
            self.seen.slow_readers += 1;
            self.step(session.shard(), Input::Closed { session });
            self.lose(client);
            return true;
        }
        match wire.down.pop_front() {
            None => false,
            Some(Down::Closed(code)) => {
                self.seen.expiries += u64::from(code == CloseCode::TokenExpired);
                self.lose(client);
                true
            }
            Some(Down::Event(event)) => {
                self.tell(|| format!("client {client} gets {event:?}"));
                self.seen.told(&event);
                checks::told(self, &event);
                self.clients[client].event(now, &event);
                checks::acks(self, client);
                true
            }
        }
    }

    /// The client notices that its connection is gone, and will try again.
    pub(crate) fn lose(&mut self, client: usize) -> Option<Wire> {
        self.tell(|| format!("client {client} loses its connection"));
        let pause = self.rng.below(2_000);
        let client = &mut self.clients[client];
        let wire = client.wire.take();
        client.connect_at = self.now.mono_ms + pause;
        client.handle(self.now.mono_ms, chasqui_client_rules::Input::Disconnected);
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
}
