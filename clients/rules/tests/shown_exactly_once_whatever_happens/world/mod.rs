//! A naive server, a link with two lanes, and the app's view of one client.

mod app;
mod server;

use std::collections::VecDeque;

use app::App;
use chasqui_client_rules::{Config, Input, Output, OwnedCommand, OwnedTarget, Rules};
use chasqui_proto::command::AckLevel;
use chasqui_proto::event::Event;
use chasqui_proto::ids::{ClientId, ConvId, UserId};
use server::Server;

pub const CONVS: usize = 2;
const CONTROL: usize = 0;
const MESSAGES: usize = 1;

pub struct World {
    now: u64,
    rules: Rules,
    app: App,
    server: Server,
    up: VecDeque<OwnedCommand>,
    /// Lanes to the client: order holds within each only. Without `lanes` everything goes by the first.
    lanes: bool,
    down: [VecDeque<Event>; 2],
    connected: bool,
    sent: u64,
}

pub fn conv_id(conv: usize) -> ConvId {
    ConvId([conv as u8 + 1; 16])
}

pub fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

pub fn client_id(n: u64) -> ClientId {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&n.to_be_bytes());
    ClientId(id)
}

impl World {
    pub fn new(lanes: bool) -> Self {
        let config = Config { keep_log: true, mark_delivered_after: Some(10), ..Config::default() };
        Self {
            now: 1_000,
            rules: Rules::new(config),
            app: App::default(),
            server: Server::default(),
            up: VecDeque::new(),
            lanes,
            down: Default::default(),
            connected: false,
            sent: 0,
        }
    }

    fn feed(&mut self, input: Input<'_>) {
        self.rules.handle(self.now, input);
        self.rules.check();
        while let Some(output) = self.rules.poll() {
            match output {
                Output::Command(command) if self.connected => self.up.push_back(command),
                Output::Command(command) => panic!("a command without a connection: {command:?}"),
                Output::Notice(notice) => self.app.notice(notice),
            }
        }
    }

    /// Carries what the server says to the lanes.
    fn drain_server(&mut self) {
        for event in std::mem::take(&mut self.server.says) {
            if self.connected {
                let lane = if self.lanes && matches!(event, Event::Message { .. }) { MESSAGES } else { CONTROL };
                self.down[lane].push_back(event);
            }
        }
    }

    pub fn other_sends(&mut self, conv: usize, who: usize, delivered: bool) {
        self.sent += 1;
        let sender = user(["bob", "alice"][who]);
        self.server.append(conv, sender, client_id(self.sent), delivered, false);
        self.drain_server();
    }

    pub fn other_resends(&mut self) {
        self.server.resend_lost();
        self.drain_server();
    }

    pub fn send(&mut self, conv: usize, durable: bool) {
        self.sent += 1;
        let client_id = client_id(self.sent);
        self.app.own(client_id);
        let ack = if durable { AckLevel::Durable } else { AckLevel::Accepted };
        let target = OwnedTarget::Conversation(conv_id(conv));
        self.feed(Input::Send { client_id, target, content: "hi".into(), ack });
    }

    pub fn server_takes(&mut self, refuse: bool) {
        if let Some(command) = self.up.pop_front() {
            self.server.take(&command, refuse, true);
            self.drain_server();
        }
    }

    pub fn commit(&mut self, conv: usize, rows: usize) {
        self.server.commit(conv, rows);
        self.drain_server();
    }

    /// Only on one lane: a retraction must come before any `durableSeq` that covers it.
    pub fn reject(&mut self, conv: usize) {
        if self.lanes {
            return;
        }
        self.server.reject(conv);
        self.drain_server();
    }

    pub fn deliver(&mut self, lane: usize) {
        if let Some(event) = self.down[lane].pop_front() {
            self.feed(Input::Event(&event));
        }
    }

    pub fn pass(&mut self, ms: u64) {
        let until = self.now + ms;
        while let Some(due) = self.rules.next_deadline().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.feed(Input::Tick);
        }
        self.now = until;
    }

    pub fn connect(&mut self) {
        if !self.connected {
            self.connected = true;
            let welcome = self.server.welcome();
            self.feed(Input::Event(&welcome));
        }
    }

    pub fn disconnect(&mut self, arrives: bool) {
        if !self.connected {
            return;
        }
        self.connected = false;
        self.down.iter_mut().for_each(VecDeque::clear);
        for command in std::mem::take(&mut self.up) {
            if arrives {
                self.server.take(&command, false, false);
            }
        }
        self.server.forget_connection();
        self.server.says.clear();
        self.feed(Input::Disconnected);
    }

    pub fn crash(&mut self) {
        self.disconnect(false);
        (0..CONVS).for_each(|conv| self.server.new_home(conv));
    }

    pub fn new_home(&mut self, conv: usize) {
        self.server.new_home(conv);
    }

    pub fn check(&self) {
        for conv in 0..CONVS {
            self.server.check_prefix(conv, self.rules.cursor(conv_id(conv)), self.rules.messages(conv_id(conv)));
        }
        let stats = self.rules.stats();
        assert_eq!((stats.conflicts, stats.acked_behind_cursor, stats.resets), (0, 0, 0));
    }

    /// No more faults: everything arrives, everything is committed, and one last message shows every hole.
    pub fn heal(&mut self) {
        self.connect();
        while self.server.has_lost() {
            self.other_resends();
        }
        (0..CONVS).for_each(|conv| self.other_sends(conv, 0, true));
        for _ in 0..200 {
            self.quiesce();
            let whole = |conv| self.rules.reach(conv_id(conv)) == self.server.last_seq(conv);
            if self.rules.settled() && (0..CONVS).all(whole) {
                return;
            }
            self.pass(1_000);
        }
        panic!("no convergence: {:?}", self.rules.stats());
    }

    fn quiesce(&mut self) {
        while !self.up.is_empty() || self.down.iter().any(|lane| !lane.is_empty()) {
            self.server_takes(false);
            (0..CONVS).for_each(|conv| self.commit(conv, usize::MAX));
            self.deliver(CONTROL);
            self.deliver(MESSAGES);
        }
    }

    pub fn check_converged(&self) {
        self.check();
        assert_eq!(self.rules.unacked().count(), 0);
        self.app.check_against(&self.server);
    }
}
