//! The client: a handle on a task that keeps the connection up and the client rules.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chasqui_client_rules::{Notice, OwnedCommand, OwnedTarget, SendFailure, Stats};
use chasqui_proto::codes::ErrorCode;
use chasqui_proto::command::{AckLevel, ReceiptKind};
use chasqui_proto::event::Event;
use chasqui_proto::ids::{ClientId, ConvId, Millis, MsgId, ReqId, Seq, UserId};
use smol_str::format_smolstr;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::driver::{Ask, Driver};
use crate::link::Link;
use crate::options::ConnectOptions;
use crate::raw::{Closed, ConnectError, Connector};

/// Calls under way from handles to the task.
const ASKS_MAX: usize = 256;
/// Events the app has not taken; beyond, the connection is not read until it does.
const EVENTS_MAX: usize = 4096;

/// The answer to a send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ack {
    pub client_id: ClientId,
    pub level: AckLevel,
    pub conv: ConvId,
    pub msg_id: MsgId,
    pub seq: Seq,
    pub at: Millis,
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SendError {
    #[error("the message was not sent: {0:?}")]
    Failed(SendFailure),
    /// Whether it was stored is not known.
    #[error("the client was closed")]
    Closed,
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AskError {
    #[error("{}: {message}", .code.name())]
    Refused { code: ErrorCode, message: String },
    #[error("there is no connection")]
    NotConnected,
    /// Whether it was carried out is not known.
    #[error("the connection ended before the answer")]
    Lost,
}

/// What the app is told, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClientEvent {
    /// A session was welcomed.
    Connected,
    Disconnected {
        closed: Closed,
        retry_in: Duration,
    },
    /// The server said not to come back, or refused the token. Nothing follows.
    Stopped {
        closed: Closed,
    },
    Notice(Notice),
}

/// Dropping it closes the connection.
#[derive(Debug)]
pub struct Client {
    asks: mpsc::Sender<Ask>,
    events: Option<mpsc::Receiver<ClientEvent>>,
    task: JoinHandle<()>,
    last_id: AtomicU64,
}

impl Client {
    /// The first connection has to succeed; later ones are tried again for as long as the server allows it.
    pub async fn connect(options: ConnectOptions) -> Result<Self, ConnectError> {
        let connector = Connector::new(options)?;
        let link = Link::up(connector.connect().await?);
        let (asks, asked) = mpsc::channel(ASKS_MAX);
        let (tell, events) = mpsc::channel(EVENTS_MAX);
        let task = tokio::spawn(Driver::new(connector, link, asked, tell).run());
        Ok(Self { asks, events: Some(events), task, last_id: AtomicU64::new(0) })
    }

    /// Everything the app is told; to be taken once, and then read without long pauses or dropped.
    pub fn events(&mut self) -> Option<mpsc::Receiver<ClientEvent>> {
        self.events.take()
    }

    /// Waits for the ack, through as many connections as it takes. The message stays in the outbox if this future is
    /// dropped.
    pub async fn send(
        &self,
        target: OwnedTarget,
        content: impl Into<Arc<str>>,
        ack: AckLevel,
    ) -> Result<Ack, SendError> {
        self.send_as(new_client_id(), target, content, ack).await
    }

    /// With a client id of the caller's, by which it shows the message before its ack.
    pub async fn send_as(
        &self,
        client_id: ClientId,
        target: OwnedTarget,
        content: impl Into<Arc<str>>,
        ack: AckLevel,
    ) -> Result<Ack, SendError> {
        let (reply, answer) = oneshot::channel();
        let ask = Ask::Send { target, content: content.into(), ack, client_id, reply };
        self.asks.send(ask).await.map_err(|_| SendError::Closed)?;
        answer.await.unwrap_or(Err(SendError::Closed))
    }

    /// Creates a group. Asked again with the same client id, the server answers with the same conversation.
    pub async fn create_conversation(
        &self,
        client_id: ClientId,
        title: &str,
        members: Vec<UserId>,
    ) -> Result<ConvId, AskError> {
        let id = self.next_id();
        let command = OwnedCommand::CreateConversation { id, client_id, title: title.into(), members };
        match self.ask(command).await? {
            Event::ConversationCreated { conv, .. } => Ok(conv),
            _ => Err(AskError::Lost),
        }
    }

    pub async fn add_member(&self, conv: ConvId, user: UserId) -> Result<(), AskError> {
        let id = self.next_id();
        self.ask(OwnedCommand::AddMember { id, conv, user }).await.map(drop)
    }

    /// Delivered or read up to `seq`. Kept and told again until the server has it.
    pub async fn mark(&self, conv: ConvId, seq: Seq, kind: ReceiptKind) {
        let _ = self.asks.send(Ask::Mark { conv, seq, kind }).await;
    }

    pub async fn typing(&self, conv: ConvId, on: bool) {
        let id = self.next_id();
        let _ = self.asks.send(Ask::Tell(OwnedCommand::Typing { id, conv, on })).await;
    }

    /// `None` once the client has stopped.
    pub async fn stats(&self) -> Option<Stats> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(Ask::Stats(reply)).await.ok()?;
        answer.await.ok()
    }

    /// Says goodbye. Sends without an answer are given up.
    pub async fn close(self) {
        let _ = self.asks.send(Ask::Close).await;
        // Nobody reads events any more, so the task must not wait for room.
        drop(self.events);
        let _ = self.task.await;
    }

    async fn ask(&self, command: OwnedCommand) -> Result<Event, AskError> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(Ask::Command { command, reply }).await.map_err(|_| AskError::NotConnected)?;
        answer.await.unwrap_or(Err(AskError::Lost))
    }

    /// Begins with a letter, as the rules want it.
    fn next_id(&self) -> ReqId {
        format_smolstr!("a{}", self.last_id.fetch_add(1, Ordering::Relaxed))
    }
}

/// A fresh random id for a message or a group.
pub fn new_client_id() -> ClientId {
    ClientId(*uuid::Uuid::new_v4().as_bytes())
}
