//! From a handshake to a welcomed session with its tasks running.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use chasqui_client::{Connection, Connector};
use chasqui_proto::command::Command;
use chasqui_proto::event::Event;
use tokio::sync::mpsc;
use tokio::task::spawn_local;
use tokio::time::timeout;

use super::booking::Books;
use super::resuming::Resuming;
use super::{Dropper, Habit, Hub, Line, Notice, Opening, Order, Peer, PeerPlan, reading, sending};
use crate::account::Pending;

/// A session nobody welcomes for this long never begins.
const WELCOME_TIMEOUT: Duration = Duration::from_secs(20);
/// With two shards one in 10^30 goes beyond it.
const SHARD_ATTEMPTS_MAX: usize = 100;
/// The close code for "this is over".
pub(super) const CLOSE_NORMAL: u16 = 1000;

/// A connection that this shard has accepted, its welcome read. Which does is the kernel's choice, so those of others
/// are closed again.
async fn connect_to(connector: &Connector, token: &str, shard: u16) -> anyhow::Result<Connection> {
    for _ in 0..SHARD_ATTEMPTS_MAX {
        let mut connection = connector.connect_as(token).await?;
        match connection.receiver.next().await? {
            Event::Welcome { session, .. } if session.shard() == shard => return Ok(connection),
            Event::Welcome { .. } => connection.sender.close(CLOSE_NORMAL, ""),
            other => bail!("instead of a welcome: {other:?}"),
        }
    }
    bail!("of {SHARD_ATTEMPTS_MAX} connections none came to shard {shard}")
}

impl Peer {
    /// Connects and authenticates.
    pub async fn connect(hub: Rc<Hub>, connector: Connector, plan: PeerPlan, token: String) -> anyhow::Result<Self> {
        let connection = match plan.shard {
            Some(shard) => {
                timeout(WELCOME_TIMEOUT, connect_to(&connector, &token, shard)).await.context("no welcome")??
            }
            None => connector.connect_as(&token).await?,
        };
        let (outbox, queue) = mpsc::unbounded_channel();
        let (notify, notices) = mpsc::unbounded_channel();
        let pending = Rc::new(RefCell::new(Pending::default()));
        let books = Books::new(hub.clone(), notify, pending.clone(), &plan);
        if plan.shard.is_some() {
            books.notify(Notice::Welcome);
        }
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
