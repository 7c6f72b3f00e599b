//! One connection of the run: a user who listens, and perhaps sends.
//!
//! Promise: from the moment it is connected a peer reads without pause, whatever phase the run is in, unless its habit
//! says otherwise. What is due is put in its outbox, from which a task of its own sends, so that a connection the
//! server does not read from delays no other.
//!
//! - [`Peer`]: the handle; [`Peer::connect`] authenticates, [`Peer::prepare`] brings it into its conversation
//! - `reading`: reads; `booking`: books what was read; `sending`: stamps and sends what is due
//! - `resuming`: a receiver that drops its connection and comes back, by the client rules
//! - `signal`: typing as load, where messages carry a stamp and signals cannot
//! - [`Hub`]: what the peers of a thread share

mod booking;
mod connect;
mod hub;
mod prepare;
mod reading;
mod resuming;
mod sending;
mod signal;

use chasqui_client::raw::Sender;
use chasqui_proto::ids::ConvId;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

pub use hub::Hub;
pub use prepare::Opening;
pub use sending::{Due, Outbox};
pub use signal::Signal;

/// What a peer is to be.
#[derive(Clone, Debug)]
pub struct PeerPlan {
    pub user: String,
    /// Its number among the run's senders, if it sends.
    pub sender: Option<u32>,
    /// Receivers of each of its messages that are waited for.
    pub audience: u32,
    /// The senders it may hear from.
    pub hears: std::ops::Range<u32>,
    pub opening: Opening,
    pub habit: Habit,
    /// The shard that is to have its connection, where it matters.
    pub shard: Option<u16>,
}

impl PeerPlan {
    /// A session and nothing else.
    pub fn resting(user: String) -> Self {
        Self { user, sender: None, audience: 0, hears: 0..0, opening: Opening::Idle, habit: Habit::Reads, shard: None }
    }
}

/// How a peer treats its connection once the load runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Habit {
    /// Reads whatever comes.
    Reads,
    /// Reads no more.
    Stalls,
    /// Drops it when told, comes back, and catches up.
    Drops,
}

/// Where a peer's messages go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    Conversation(ConvId),
    /// The room of a server without chat, entered with the connection; nothing is acknowledged there.
    Floor,
}

/// A connected peer.
pub struct Peer {
    pub plan: PeerPlan,
    /// Of the messages that are due.
    pub outbox: Outbox,
    line: Line,
    notices: UnboundedReceiver<Notice>,
}

/// The way to a peer's connection.
enum Line {
    /// The connection itself.
    Plain(Sender),
    /// The task that has the connection of the day.
    Resuming(UnboundedSender<Order>),
}

/// What a resuming peer is told.
#[derive(Debug)]
enum Order {
    Drop,
    Close,
}

/// Has one peer drop its connection.
pub struct Dropper(UnboundedSender<Order>);

impl Dropper {
    pub fn drop_connection(&self) {
        // A peer that has ended for good is booked by itself.
        let _ = self.0.send(Order::Drop);
    }
}

/// What the reading task tells about everything that is not load.
#[derive(Debug)]
enum Notice {
    Welcome,
    /// The own greeting or creation was carried out.
    Ready(ConvId),
    /// A conversation began that somebody else made.
    Joined(ConvId),
    /// A message without a stamp.
    Greeted,
    Refused {
        name: &'static str,
        retry: bool,
    },
    Ended(String),
}
