//! Bringing a peer into its conversation before the load begins.

use std::time::Duration;

use anyhow::{Context, bail};
use chasqui_proto::command::{AckLevel, Command, Target};
use chasqui_proto::ids::{ClientId, ConvId};
use tokio::time::{sleep, timeout};

use super::{Hub, Notice, Peer, Place};
use crate::stamp::opening_client_id;

/// The request id of greetings and creations; load uses numbers.
pub(super) const OPENING_ID: &str = "opening";
const OPENING_TIMEOUT: Duration = Duration::from_secs(30);
/// An overloaded server is asked again after this long.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// How a peer comes to its conversation.
#[derive(Clone, Debug)]
pub enum Opening {
    /// Writes a first message to that user, which makes the direct conversation.
    Greet(String),
    /// Waits for such a message.
    BeGreeted,
    /// Makes a group with these members.
    Create(Vec<String>),
    /// Waits to be a member of it.
    Join,
    /// Entered a room by its name when it connected, on a server without chat.
    Enter(String),
    /// Has none.
    Idle,
}

impl Peer {
    /// Where load goes to; None for an idle peer.
    pub async fn prepare(&mut self, hub: &Hub) -> anyhow::Result<Option<Place>> {
        let prepared = timeout(OPENING_TIMEOUT, self.open(hub)).await;
        prepared.with_context(|| format!("{} waits in vain for its conversation", self.plan.user))?
    }

    async fn open(&mut self, hub: &Hub) -> anyhow::Result<Option<Place>> {
        let id = opening_client_id(hub.run, self.plan.sender.unwrap_or_default());
        match self.plan.opening.clone() {
            Opening::Idle => return Ok(None),
            Opening::Enter(_) => return Ok(Some(Place::Floor)),
            Opening::Greet(partner) => self.ask(&greeting(&partner, id)).await,
            Opening::Create(members) => self.ask(&creation(&members, id)).await,
            Opening::BeGreeted | Opening::Join => self.wait().await,
        }
        .map(|conv| Some(Place::Conversation(conv)))
    }

    /// Repeats the command until it is carried out.
    async fn ask(&mut self, command: &Command<'_>) -> anyhow::Result<ConvId> {
        self.command(command).await?;
        loop {
            match self.notice().await? {
                Notice::Ready(conv) => return Ok(conv),
                Notice::Refused { retry: true, .. } => {
                    sleep(RETRY_PAUSE).await;
                    self.command(command).await?;
                }
                Notice::Refused { name, .. } => bail!("{} is refused: {name}", self.plan.user),
                _ => {}
            }
        }
    }

    async fn wait(&mut self) -> anyhow::Result<ConvId> {
        let mut joined = None;
        let mut greeted = matches!(self.plan.opening, Opening::Join);
        loop {
            match self.notice().await? {
                Notice::Joined(conv) => joined = Some(conv),
                Notice::Greeted => greeted = true,
                _ => {}
            }
            if let (Some(conv), true) = (joined, greeted) {
                return Ok(conv);
            }
        }
    }
}

fn greeting(partner: &str, client_id: ClientId) -> Command<'_> {
    let target = Target::User(partner);
    // Marked as sent before, since it may be repeated; waiting for the disk makes the conversation durable.
    Command::Send { id: OPENING_ID, target, client_id, content: "hello", ack: AckLevel::Durable, resend: true }
}

fn creation(members: &[String], client_id: ClientId) -> Command<'_> {
    let members = members.iter().map(String::as_str).collect();
    Command::CreateConversation { id: OPENING_ID, client_id, title: "loadtest", members }
}
