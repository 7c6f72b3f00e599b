//! What goes wrong: the store, connections, the process. And the one stop in good order.

use chasqui_chat::Input;
use chasqui_proto::codes::CloseCode;

use crate::client::Up;
use crate::server::{Down, SHARDS, Server, Weather};
use crate::world::World;

/// A drain that is not done after so many turns is stuck.
const DRAIN_TURNS_MAX: u32 = 20_000;

impl World {
    pub(crate) fn misfortune(&mut self) {
        let client = self.rng.index(self.clients.len());
        match self.rng.below(400) {
            0 if self.rng.one_in(8) => self.drain(),
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
        self.seen.drops += 1;
        if let Some(mut wire) = self.lose(client) {
            let opened = !matches!(wire.up.front(), Some(Up::Open));
            let arriving = self.rng.index(wire.up.len() + 1);
            wire.up.truncate(if opened { arriving } else { 0 });
            wire.up.push_back(Up::Closed);
            self.orphans.push(wire);
        }
    }

    /// kill -9, and a new process over what was fsynced. Of what was written to connections, some arrives.
    fn crash(&mut self) {
        self.tell(|| "the server crashes".into());
        self.seen.crashes += 1;
        for client in 0..self.clients.len() {
            let Some(wire) = &mut self.clients[client].wire else { continue };
            let arriving = self.rng.index(wire.down.len() + 1);
            wire.down.truncate(arriving);
        }
        self.restart();
    }

    /// Commands are refused, everything under way comes to rest, and what was written to connections arrives.
    fn drain(&mut self) {
        self.tell(|| "the server drains".into());
        self.seen.drains += 1;
        self.weather = Weather::Fair;
        for shard in 0..SHARDS {
            self.step(shard, Input::Drain);
        }
        let mut turns = 0;
        while !self.server_at_rest() {
            turns += 1;
            assert!(turns < DRAIN_TURNS_MAX, "a drain does not come to rest: {}", crate::checks::unrest(self));
            if !self.turn() {
                self.advance(1);
            }
        }
        self.restart();
    }

    fn restart(&mut self) {
        self.memory.crash();
        self.seen.add(&self.server.seen);
        // Deadlines are on the process's own clock, which goes on here.
        self.server = Server::start(&self.setup, self.memory.boot_epoch());
        self.orphans.clear();
        for wire in self.clients.iter_mut().filter_map(|c| c.wire.as_mut()) {
            wire.up.clear();
            wire.down.push_back(Down::Closed(CloseCode::Draining));
        }
    }
}
