//! From a handshake to a welcomed session with its tasks running.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use chasqui_client::Connector;
use chasqui_proto::command::Command;
use tokio::sync::mpsc;
use tokio::task::spawn_local;
use tokio::time::timeout;

use super::booking::Books;
use super::resuming::Resuming;
use super::{Dropper, Habit, Hub, Line, Notice, Opening, Order, Peer, PeerPlan, reading, sending};
use crate::account::Pending;

/// A session nobody welcomes for this long never begins.
const WELCOME_TIMEOUT: Duration = Duration::from_secs(20);
/// The close code for "this is over".
pub(super) const CLOSE_NORMAL: u16 = 1000;

impl Peer {
    /// Connects and authenticates.
    pub async fn connect(hub: Rc<Hub>, connector: Connector, plan: PeerPlan, token: String) -> anyhow::Result<Self> {
        let connection = connector.connect_as(&token).await?;
        let (outbox, queue) = mpsc::unbounded_channel();
        let (notify, notices) = mpsc::unbounded_channel();
        let pending = Rc::new(RefCell::new(Pending::default()));
        let books = Books::new(hub.clone(), notify, pending.clone(), &plan);
        let line = if plan.habit == Habit::Drops {
            ensure!(plan.sender.is_none(), "a peer that drops its connection does not send");
            let (orders, taken) = mpsc::unbounded_channel();
            spawn_local(Resuming::new(connection, connector, token, books).run(taken));
            Line::Resuming(orders)
        } else {
            match plan.opening {
                Opening::Enter(_) => spawn_local(reading::run_on_floor(connection.receiver, books)),
                _ => spawn_local(reading::run(connection.receiver, books)),
            };
            if let Some(number) = plan.sender {
                let speaker = sending::Speaker::new(connection.sender.clone(), hub, pending, number, plan.audience);
                spawn_local(sending::run(speaker, queue));
            }
            Line::Plain(connection.sender)
        };
        let mut peer = Self { plan, outbox, line, notices };
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
        match &self.line {
            Line::Plain(sender) => sender.close(CLOSE_NORMAL, ""),
            // A task that has ended has closed.
            Line::Resuming(orders) => drop(orders.send(Order::Close)),
        }
    }

    /// Of a peer whose habit it is to drop its connection.
    pub fn dropper(&self) -> Option<Dropper> {
        match &self.line {
            Line::Plain(_) => None,
            Line::Resuming(orders) => Some(Dropper(orders.clone())),
        }
    }

    pub(super) async fn command(&self, command: &Command<'_>) -> anyhow::Result<()> {
        match &self.line {
            Line::Plain(sender) => Ok(sender.send(command).await?),
            Line::Resuming(_) => bail!("a peer that drops its connection only listens"),
        }
    }

    pub(super) async fn notice(&mut self) -> anyhow::Result<Notice> {
        match self.notices.recv().await {
            Some(Notice::Ended(why)) => bail!("{}: {why}", self.plan.user),
            Some(notice) => Ok(notice),
            None => bail!("{}: the connection is gone", self.plan.user),
        }
    }
}
