//! Servers to measure the relay against: they hand messages on and do nothing else.
//!
//! All speak one protocol. A client opens `GET /floor?room=NAME` as a WebSocket; the server sends an empty binary
//! message once it is in the room, and from then on every binary message goes to the others of the room as it is.
//! There are no users, no acknowledgements, no history, and one thread.
//!
//! - `floor`: on the relay's own runtime, sockets and framing: the least that a relay built like this costs
//! - `epoll`: plain readiness and plain buffers, the relay's framing
//! - `axum`: what one gets from the usual crates

mod axum;
mod epoll;
mod floor;

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// Where a rival is entered.
pub const PATH: &str = "/floor";
/// The room's name in the query.
pub const ROOM: &str = "room";
/// What a reader may leave unread before it is cut; far beyond any load that is not itself an overload.
const OUTBOX_BYTES_MAX: usize = 64 * 1024 * 1024;

#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rival {
    /// The relay's own runtime and sockets
    Floor,
    /// A plain epoll loop
    Epoll,
    /// axum and tungstenite on tokio
    Axum,
}

impl Rival {
    pub const ALL: [Self; 3] = [Self::Floor, Self::Epoll, Self::Axum];

    pub fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Epoll => "epoll",
            Self::Axum => "axum",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rival| rival.name() == name)
    }
}

/// Serves until the process is ended. The first line on stdout tells the address.
pub fn serve(rival: Rival, listen: SocketAddr) -> anyhow::Result<()> {
    let announce = |address: SocketAddr| println!("{} listens on {address}", rival.name());
    match rival {
        Rival::Floor => floor::serve(listen, announce),
        Rival::Epoll => epoll::serve(listen, announce),
        Rival::Axum => axum::serve(listen, announce),
    }
}
