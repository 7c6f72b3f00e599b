//! One connection of the run: a user who listens, and perhaps sends.
//!
//! Promise: from the moment it is connected a peer reads without pause, whatever phase the run is in. What is due is put
//! in its outbox, from which a task of its own sends, so that a connection the server does not read from delays no
//! other.
//!
//! - [`Peer`]: the handle; [`Peer::connect`] authenticates, [`Peer::prepare`] brings it into its conversation
//! - `reading`: books what arrives; `sending`: stamps and sends what is due
//! - [`Hub`]: what the peers of a thread share

mod connect;
mod hub;
mod prepare;
mod reading;
mod sending;

use chasqui_client::raw::Sender;
use chasqui_proto::ids::ConvId;
use tokio::sync::mpsc::UnboundedReceiver;

pub use hub::Hub;
pub use prepare::Opening;
pub use sending::{Due, Outbox};

/// What a peer is to be.
#[derive(Clone, Debug)]
pub struct PeerPlan {
    pub user: String,
    /// Its number among the run's senders, if it sends.
    pub sender: Option<u32>,
    /// The senders it may hear from.
    pub hears: std::ops::Range<u32>,
    pub opening: Opening,
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
    sender: Sender,
    notices: UnboundedReceiver<Notice>,
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
