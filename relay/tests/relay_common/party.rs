//! A room whose home and whose members' connections are on the shards that are asked for.
//!
//! Which shard accepts a connection is the kernel's choice; its session's id tells, and those that came to another are
//! closed again. Homes follow from names, so names are chosen.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chasqui_client::raw::Sender;
use chasqui_client::{
    AckLevel, ClientId, Closed, Command, ConnectOptions, Connection, Connector, ConvId, Event, TokenIn, UserId,
};
use chasqui_proto::command::Target;
use chasqui_relay::auth::Signer;
use tokio::sync::{Semaphore, watch};

use super::metrics::Metrics;
use super::{PATIENCE, Server};

pub const SHARDS: u16 = 2;
/// Handshakes under way.
const CONNECTING_MAX: usize = 16;
/// What the system holds for a member that does not read.
const STALLED_BUFFER_BYTES: u32 = 64 * 1024;
/// Some looks in a row must be alike, over longer than receipts are held back.
const SETTLE_POLL: Duration = Duration::from_millis(50);
const CALM_LOOKS: usize = 6;

/// Who connects members.
#[derive(Clone)]
pub struct Party {
    connector: Connector,
    stalling: Connector,
    signer: Arc<Signer>,
}

/// A member that reads whatever comes.
pub struct Member {
    pub user: String,
    pub sender: Sender,
    pub seen: watch::Receiver<Seen>,
}

/// What a member's connection has brought.
#[derive(Debug, Default)]
pub struct Seen {
    pub conv: Option<ConvId>,
    pub acked: u64,
    /// Messages, each the successor of the one before.
    pub messages: u64,
    pub wrong: Option<String>,
    pub closed: Option<Closed>,
}

impl Party {
    pub fn new(server: &Server, data: &Path) -> Self {
        let options = ConnectOptions::new(&server.ws_url()).unwrap().token_in(TokenIn::FirstFrame).silence_max(None);
        let stalling = Connector::new(options.clone().receive_buffer_bytes(STALLED_BUFFER_BYTES)).unwrap();
        let signer = Arc::new(Signer::load(data).unwrap());
        Self { connector: Connector::new(options).unwrap(), stalling, signer }
    }

    pub async fn members(&self, users: &[String], shard: u16) -> Vec<Member> {
        let gate = Arc::new(Semaphore::new(CONNECTING_MAX));
        let tasks = users.iter().cloned().map(|user| {
            let (party, gate) = (self.clone(), gate.clone());
            tokio::spawn(async move {
                let _turn = gate.acquire().await.unwrap();
                Member::new(party.connect(&party.connector, &user, shard).await, user)
            })
        });
        let mut members = Vec::new();
        for task in tasks.collect::<Vec<_>>() {
            members.push(task.await.unwrap());
        }
        members
    }

    /// A member whose connection nobody reads, as long as it is kept.
    pub async fn stalled(&self, user: &str, shard: u16) -> Connection {
        self.connect(&self.stalling, user, shard).await
    }

    async fn connect(&self, connector: &Connector, user: &str, shard: u16) -> Connection {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
        let token = self.signer.sign(user, Duration::from_secs(3600), now).unwrap();
        loop {
            let mut connection = connector.connect_as(&token).await.unwrap();
            match connection.receiver.next().await.unwrap() {
                Event::Welcome { session, .. } if session.shard() == shard => return connection,
                Event::Welcome { .. } => connection.sender.close(1000, ""),
                other => panic!("instead of a welcome: {other:?}"),
            }
        }
    }
}

impl Member {
    fn new(connection: Connection, user: String) -> Self {
        let (tell, seen) = watch::channel(Seen::default());
        let Connection { sender, mut receiver } = connection;
        tokio::spawn(async move {
            loop {
                let event = receiver.next().await;
                let over = event.is_err();
                tell.send_modify(|seen| seen.take(event));
                if over {
                    return;
                }
            }
        });
        Self { user, sender, seen }
    }

    /// Makes the room of all of them.
    pub async fn create(&mut self, client_id: ClientId, members: &[String]) -> ConvId {
        let members = members.iter().map(String::as_str).filter(|user| *user != self.user).collect();
        let create = Command::CreateConversation { id: "create", client_id, title: "room", members };
        self.sender.send(&create).await.unwrap();
        self.joined().await
    }

    pub async fn joined(&mut self) -> ConvId {
        self.wait(|seen| seen.conv.is_some()).await;
        self.seen.borrow().conv.unwrap()
    }

    /// Sends message `number`, whose successors are told by it.
    pub async fn say(&self, conv: ConvId, number: u64, bytes: usize) {
        let content = format!("{number:<bytes$}");
        let mut client_id = ClientId([0; 16]);
        client_id.0[..8].copy_from_slice(&(number + 1).to_be_bytes());
        let (id, target) = (&*number.to_string(), Target::Conversation(conv));
        let send = Command::Send { id, target, client_id, content: &content, ack: AckLevel::Durable, resend: false };
        self.sender.send(&send).await.unwrap();
    }

    /// Until what it has seen is enough, and nothing is wrong with it.
    pub async fn wait(&mut self, enough: impl Fn(&Seen) -> bool) {
        let done = self.seen.wait_for(|seen| seen.wrong.is_some() || seen.closed.is_some() || enough(seen));
        let seen = tokio::time::timeout(PATIENCE, done).await.unwrap_or_else(|_| panic!("{} waits in vain", self.user));
        let seen = seen.expect("a reader tells of its end");
        assert!(seen.wrong.is_none() && seen.closed.is_none(), "{}: {:?}", self.user, *seen);
    }
}

impl Seen {
    fn take(&mut self, event: Result<Event, Closed>) {
        match event {
            Ok(Event::Message { message, .. }) => match message.content.trim_end().parse::<u64>() {
                Ok(number) if number == self.messages => self.messages += 1,
                _ => self.wrong = Some(format!("{} after {} messages", message.content.trim_end(), self.messages)),
            },
            Ok(Event::ConversationCreated { conv, .. }) => self.conv = Some(conv),
            Ok(Event::Ack { .. }) => self.acked += 1,
            Ok(Event::Error { code, .. }) => self.wrong = Some(code.name().to_owned()),
            Ok(_) => {}
            Err(closed) => self.closed = Some(closed),
        }
    }
}

/// Users whose home is this shard.
pub fn users(prefix: &str, home: u16, count: usize) -> Vec<String> {
    let names = (0..).map(|number| format!("{prefix}{number}"));
    names.filter(|name| UserId::new(name).unwrap().vshard() % SHARDS == home).take(count).collect()
}

/// With it, a room that `creator` makes has this home.
pub fn room_at(creator: &str, home: u16) -> ClientId {
    let creator = UserId::new(creator).unwrap();
    let ids = (0..=u8::MAX).map(|number| ClientId([number; 16]));
    ids.into_iter().find(|id| ConvId::group(&creator, *id).vshard() % SHARDS == home).unwrap()
}

/// A reading once nothing is under way any more, nor has been for a while.
pub async fn settled(server: &Server, connections: [u64; SHARDS as usize]) -> Metrics {
    let (began, mut last, mut calm_looks) = (Instant::now(), Metrics::read(server), 0);
    while began.elapsed() < PATIENCE {
        tokio::time::sleep(SETTLE_POLL).await;
        let metrics = Metrics::read(server);
        let is_calm = (0..SHARDS).all(|shard| {
            let same = |series| metrics.of(shard, series) == last.of(shard, series);
            let is_silent = ["frames_in_total", "frames_out_total", "mesh_messages_total"].into_iter().all(same);
            let expected = connections[usize::from(shard)];
            is_silent && metrics.is_quiet(shard) && metrics.of(shard, "connections") == expected
        });
        calm_looks = if is_calm { calm_looks + 1 } else { 0 };
        if calm_looks == CALM_LOOKS {
            return metrics;
        }
        last = metrics;
    }
    panic!("it does not settle: {last:?}");
}
