//! The threads that carry the load: each a single-threaded runtime with many connections.
//!
//! All of them go through the phases that the run announces, together: connect, prepare, run, finish. A [`Crew`] is
//! the run's handle on its threads.

mod crew;
mod drive;
mod thread;

use std::net::SocketAddr;
use std::sync::Arc;

use chasqui_client::ConnectOptions;
use chasqui_proto::command::AckLevel;

use crate::account::Progress;
use crate::clock::{Nanos, Span};
use crate::token::Signer;
use crate::window::Window;

pub use crew::Crew;

/// What all threads of a run are told.
pub struct Settings {
    pub server: SocketAddr,
    pub connect: ConnectOptions,
    /// None: nobody asks for tokens.
    pub signer: Option<Signer>,
    /// None: nothing is acknowledged.
    pub ack: Option<AckLevel>,
    pub size: usize,
    /// Tells runs apart.
    pub run: u64,
    pub load: Load,
    /// Senders of all threads.
    pub senders: u32,
    /// Deliveries of each message.
    pub receivers: u32,
    pub progress: Arc<Progress>,
    /// By sender; empty in an open loop.
    pub windows: Arc<[Window]>,
}

/// What decides when the next message is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Load {
    /// The clock: messages a second, all senders together.
    Open { rate: u64 },
    /// The delivery of former ones: messages under way, each sender.
    Closed { window: usize },
    /// Nobody sends.
    None,
}

/// When the load begins and ends, and what of it is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timing {
    pub start: Nanos,
    pub measured: Span,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Connect,
    Prepare,
    Run(Timing),
    Finish,
}

/// What a thread tells the run; the end of a phase.
#[derive(Debug)]
enum Told {
    Connected,
    Prepared,
    Failed(anyhow::Error),
}
