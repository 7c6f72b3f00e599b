//! Plays commands on a world.

use std::collections::BTreeMap;

use chasqui_chat::{Input, Shard};
use chasqui_proto::command::{AckLevel, Command, Target};
use chasqui_proto::event::Event;
use chasqui_proto::ids::{ClientId, ConvId, SessionId};

use super::command::{Ask, Cmd};
use super::show::{Names, client_id};
use crate::world::{Options, World};

pub struct Player {
    pub world: World,
    pub names: Names,
    options: Options,
    sessions: BTreeMap<String, (SessionId, String)>,
    /// The page cursors of the sessions' last sync answers.
    next: BTreeMap<SessionId, String>,
}

impl Player {
    pub fn new(options: Options) -> Self {
        Self {
            world: World::new(options.clone()),
            names: Names::default(),
            options,
            sessions: BTreeMap::new(),
            next: BTreeMap::new(),
        }
    }

    /// Carries a command out until nothing moves any more. An error is a check that failed.
    pub fn play(&mut self, cmd: &Cmd) -> Result<(), String> {
        match cmd {
            Cmd::Open { name, user, shard, expires_ms } => self.open(name, user, *shard, *expires_ms),
            Cmd::Close { name } => {
                let (session, _) = self.sessions.remove(name).ok_or(format!("{name} is not open"))?;
                self.world.close(session);
            }
            Cmd::Ask(name, ask) => {
                let (session, user) = self.sessions.get(name).ok_or(format!("{name} is not open"))?.clone();
                self.ask(session, &user, ask);
            }
            Cmd::Store(mode) => self.world.mode = *mode,
            Cmd::Reads(mode) => self.world.reads = *mode,
            Cmd::Mesh(go) => self.world.paused = !go,
            Cmd::Commit(n, mode) => {
                let all = (0..*n).all(|_| self.world.answer(*mode));
                expect("as much held", all, true)?;
            }
            Cmd::Pass(ms) => self.world.pass(*ms),
            Cmd::Crash => self.crash(),
            Cmd::Drain => (0..self.world.shards.len() as u16).for_each(|shard| self.world.step(shard, Input::Drain)),
            Cmd::Lose(conv, seq) => _ = self.world.rows.messages.remove(&(self.names.conv(conv), *seq)),
            Cmd::Quiet(yes) => expect("quiet", self.world.shards.iter().all(Shard::is_quiet), *yes)?,
            Cmd::Live(n) => {
                let live = self.world.shards.iter().map(|s| s.gauges().live_conversations);
                expect("live", live.sum(), *n)?;
            }
        }
        self.world.settle();
        Ok(())
    }

    /// What sessions were told since the last call, as lines, by name.
    pub fn told(&mut self) -> BTreeMap<String, Vec<String>> {
        self.heard().into_iter().map(|(name, events)| (name, self.lines(&events))).collect()
    }

    /// The same as events; closings are told by `told` and `closed`.
    fn heard(&mut self) -> BTreeMap<String, Vec<Event>> {
        let sessions = self.sessions.clone();
        let mut heard = BTreeMap::new();
        for (name, (session, _)) in sessions {
            let events = self.world.take(session);
            self.remember_next(session, &events);
            if !events.is_empty() || self.world.closed.contains_key(&session) {
                heard.insert(name, events);
            }
        }
        heard
    }

    fn lines(&self, events: &[Event]) -> Vec<String> {
        events.iter().map(|event| self.names.line(event)).collect()
    }

    /// Sessions the core closed since the last call, and why; they are forgotten.
    pub fn closed(&mut self) -> Vec<(String, &'static str)> {
        let closed = core::mem::take(&mut self.world.closed);
        let name = |id| self.sessions.iter().find(|(_, (session, _))| *session == id).map(|(name, _)| name.clone());
        let closed: Vec<_> =
            closed.into_iter().filter_map(|(id, code)| name(id).map(|name| (name, code.name()))).collect();
        closed.iter().for_each(|(name, _)| _ = self.sessions.remove(name));
        closed
    }

    fn open(&mut self, name: &str, user: &str, shard: u16, expires_ms: Option<u64>) {
        self.names.meet(user);
        let expires_at = expires_ms.map_or(u64::MAX, |ms| self.world.now.wall_ms + ms);
        let session = self.world.open_until(shard % self.options.shards, user, expires_at);
        let former = self.sessions.insert(name.to_owned(), (session, user.to_owned()));
        assert!(former.is_none(), "{name} is open already");
    }

    fn crash(&mut self) {
        self.options.epoch += 1;
        let mut world = World::over(self.options.clone(), self.world.rows.clone());
        (world.now, world.chance) = (self.world.now, self.world.chance);
        self.world = world;
        self.sessions.clear();
    }

    fn ask(&mut self, session: SessionId, user: &str, ask: &Ask) {
        match ask {
            Ask::Send { to, n, ack, resend, bytes } => {
                let content = bytes.map_or_else(|| format!("text {n}"), |n| "x".repeat(n));
                self.send(session, to, *n, &content, *ack, *resend);
            }
            Ask::Flood { to, first, last, ack, resend } => {
                (*first..=*last).for_each(|n| self.send(session, to, n, &format!("text {n}"), *ack, *resend));
            }
            Ask::Create { group, members, bytes } => self.create(session, user, group, members, *bytes),
            Ask::Add { group, user } => {
                let conv = self.names.conv(group);
                self.world.command(session, Command::AddMember { id: "add", conv, user });
            }
            Ask::Mark { conv, seq, kind } => {
                let conv = self.names.conv(conv);
                self.world.command(session, Command::Mark { id: "mark", conv, seq: *seq, kind: *kind });
            }
            Ask::Typing { conv, on } => {
                let conv = self.names.conv(conv);
                self.world.command(session, Command::Typing { id: "typing", conv, on: *on });
            }
            Ask::Sync { cursors, next, unknown } => self.sync(session, cursors, next.as_deref(), *unknown),
            Ask::Authenticate => self.world.command(session, Command::Authenticate { id: "auth", token: "t" }),
        }
    }

    fn send(&mut self, session: SessionId, to: &str, n: u32, content: &str, ack: AckLevel, resend: bool) {
        let target = match to.strip_prefix('@') {
            Some(user) => {
                self.names.meet(user);
                Target::User(user)
            }
            None => Target::Conversation(self.names.conv(to)),
        };
        let (id, client_id) = (n.to_string(), client_id(n));
        self.world.command(session, Command::Send { id: &id, target, client_id, content, ack, resend });
    }

    fn create(&mut self, session: SessionId, user: &str, group: &str, members: &[String], bytes: Option<usize>) {
        let client_id = self.names.group(user, group);
        let title = bytes.map_or_else(|| group.to_owned(), |n| "t".repeat(n));
        let members = members.iter().map(String::as_str).collect();
        self.world.command(session, Command::CreateConversation { id: "create", client_id, title: &title, members });
    }

    fn sync(&mut self, session: SessionId, cursors: &[(String, u64)], next: Option<&str>, unknown: usize) {
        let known = cursors.iter().map(|(conv, seq)| (self.names.conv(conv), *seq));
        let nowhere = (0..unknown).map(|i| (ConvId::group(&crate::world::user("nobody"), number(i)), 0));
        let cursors: Vec<_> = known.chain(nowhere).collect();
        let next = match next {
            None => String::new(),
            Some("") => self.next.get(&session).cloned().unwrap_or_default(),
            Some(text) => text.to_owned(),
        };
        self.world.command(session, Command::Sync { id: "sync", cursors, next: &next });
    }

    fn remember_next(&mut self, session: SessionId, events: &[Event]) {
        for event in events {
            if let Event::SyncResult { next, .. } = event {
                self.next.insert(session, next.to_string());
            }
        }
    }
}

fn number(i: usize) -> ClientId {
    client_id(i as u32)
}

fn expect<T: PartialEq + core::fmt::Debug>(what: &str, is: T, should: T) -> Result<(), String> {
    if is == should { Ok(()) } else { Err(format!("{what} is {is:?}")) }
}
