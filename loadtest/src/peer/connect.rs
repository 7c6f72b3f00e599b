//! From a handshake to a welcomed session with its two tasks running.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, bail};
use chasqui_client::Connector;
use chasqui_proto::command::Command;
use tokio::sync::mpsc;
use tokio::task::spawn_local;
use tokio::time::timeout;

use super::{Hub, Notice, Opening, Peer, PeerPlan, reading, sending};
use crate::account::Pending;

/// A session nobody welcomes for this long never begins.
const WELCOME_TIMEOUT: Duration = Duration::from_secs(20);
/// The close code for "this is over".
const CLOSE_NORMAL: u16 = 1000;

impl Peer {
    /// Connects and authenticates.
    pub async fn connect(hub: Rc<Hub>, connector: &Connector, plan: PeerPlan, token: &str) -> anyhow::Result<Self> {
        let connection = connector.connect_as(token).await?;
        let (outbox, queue) = mpsc::unbounded_channel();
        let (notify, notices) = mpsc::unbounded_channel();
        let pending = Rc::new(RefCell::new(Pending::default()));
        let listener = reading::Listener::new(hub.clone(), notify, pending.clone(), &plan);
        match plan.opening {
            Opening::Enter(_) => spawn_local(reading::run_on_floor(connection.receiver, listener)),
            _ => spawn_local(reading::run(connection.receiver, listener)),
        };
        if let Some(number) = plan.sender {
            let speaker = sending::Speaker::new(connection.sender.clone(), hub, pending, number);
            spawn_local(sending::run(speaker, queue));
        }
        let mut peer = Self { plan, outbox, sender: connection.sender, notices };
        timeout(WELCOME_TIMEOUT, peer.welcome()).await.context("no welcome")??;
        Ok(peer)
    }

    async fn welcome(&mut self) -> anyhow::Result<()> {
        match self.notice().await? {
            Notice::Welcome => Ok(()),
            other => bail!("instead of a welcome: {other:?}"),
        }
    }

    pub fn close(&self) {
        self.sender.close(CLOSE_NORMAL, "");
    }

    pub(super) async fn command(&self, command: &Command<'_>) -> anyhow::Result<()> {
        Ok(self.sender.send(command).await?)
    }

    pub(super) async fn notice(&mut self) -> anyhow::Result<Notice> {
        match self.notices.recv().await {
            Some(Notice::Ended(why)) => bail!("{}: {why}", self.plan.user),
            Some(notice) => Ok(notice),
            None => bail!("{}: the connection is gone", self.plan.user),
        }
    }
}
