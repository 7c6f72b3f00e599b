//! From a handshake to a welcomed session with its two tasks running.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, bail};
use chasqui_proto::command::Command;
use tokio::sync::mpsc;
use tokio::task::spawn_local;
use tokio::time::timeout;

use super::{Hub, Notice, Outgoing, Peer, PeerPlan, reading, writing};
use crate::account::Pending;
use crate::wire::Dialer;

/// A session nobody welcomes for this long never begins.
const WELCOME_TIMEOUT: Duration = Duration::from_secs(20);

impl Peer {
    /// Connects and authenticates.
    pub async fn connect(hub: Rc<Hub>, dialer: &Dialer, plan: PeerPlan, token: &str) -> anyhow::Result<Self> {
        let (reader, writer) = dialer.dial().await?;
        let (outbox, queue) = mpsc::unbounded_channel();
        let (notify, notices) = mpsc::unbounded_channel();
        let pending = Rc::new(RefCell::new(Pending::default()));
        let sender = plan.sender.unwrap_or_default();
        spawn_local(writing::run(writer, queue, hub.clone(), pending.clone(), sender));
        let listener = reading::Listener::new(hub.clone(), outbox.clone(), notify, pending, &plan);
        spawn_local(reading::run(reader, listener));
        let mut peer = Self { plan, outbox, notices };
        peer.command(&hub, &Command::Authenticate { id: "", token });
        timeout(WELCOME_TIMEOUT, peer.welcome()).await.context("no welcome")??;
        Ok(peer)
    }

    async fn welcome(&mut self) -> anyhow::Result<()> {
        match self.notice().await? {
            Notice::Welcome => Ok(()),
            other => bail!("instead of a welcome: {other:?}"),
        }
    }

    /// Queues a command.
    pub(super) fn command(&self, hub: &Hub, command: &Command<'_>) {
        let mut frame = Vec::new();
        chasqui_proto::dialect::encode_command(hub.dialect, command, &mut frame);
        // A writer that is gone is told of by the reader.
        let _ = self.outbox.send(Outgoing::Frame(frame));
    }

    pub(super) async fn notice(&mut self) -> anyhow::Result<Notice> {
        match self.notices.recv().await {
            Some(Notice::Ended(why)) => bail!("{}: {why}", self.plan.user),
            Some(notice) => Ok(notice),
            None => bail!("{}: the connection is gone", self.plan.user),
        }
    }
}
