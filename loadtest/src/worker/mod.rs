//! The threads that carry the load: each a single-threaded runtime with many connections.
//!
//! All of them go through the phases that the run announces, together: connect, prepare, any number of steps, finish.
//! A [`Crew`] is the run's handle on its threads.

mod crew;
mod drive;
mod pin;
mod sessions;
mod thread;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use chasqui_client::ConnectOptions;
use chasqui_proto::command::AckLevel;

use crate::account::{Progress, Tally};
use crate::clock::{Nanos, Span};
use crate::pacing::Arrivals;
use crate::token::Signer;
use crate::window::Window;

pub use crew::Crew;
pub use pin::pin;

/// What all threads of a run are told.
pub struct Settings {
    pub server: SocketAddr,
    pub connect: ConnectOptions,
    /// Own addresses, taken in turn; none: the system chooses.
    pub bind_ips: Vec<IpAddr>,
    /// A CPU for each thread, in turn; none: the system chooses.
    pub pin: Vec<usize>,
    /// None: nobody asks for tokens.
    pub signer: Option<Signer>,
    pub ack: AckLevel,
    pub size: usize,
    /// Tells runs apart.
    pub run: u64,
    pub arrivals: Arrivals,
    /// Of everything that is drawn by chance.
    pub seed: u64,
    /// A delivery that takes longer is counted as late.
    pub late_after: Duration,
    /// Senders of all threads.
    pub senders: u32,
    pub drops: Option<Drops>,
    pub progress: Arc<Progress>,
    /// By sender; empty in an open loop.
    pub windows: Arc<[Window]>,
    /// What is sent are typing signals, not messages.
    pub signals: bool,
}

impl Settings {
    fn token(&self, user: &str) -> anyhow::Result<String> {
        self.signer.as_ref().map_or_else(|| Ok(String::new()), |signer| signer.token(user))
    }
}

/// What decides when the next message is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Load {
    /// The clock: messages a second, all senders together.
    Open { rate: u64 },
    /// The delivery of former ones: messages under way, each sender.
    Closed { window: usize },
    /// Sessions a second are opened, `whole` of them by all threads together.
    Sessions { rate: u64, whole: usize },
}

/// Receivers that drop their connections and come back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Drops {
    /// A second, all of them together.
    pub rate: u64,
    /// How many receivers of all threads do so.
    pub peers: usize,
    /// How long each stays away.
    pub away: Duration,
}

/// When the load begins and ends, and what of it is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timing {
    pub start: Nanos,
    pub measured: Span,
}

/// One load among those that a set of connections carries, one after the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    pub load: Load,
    pub timing: Timing,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Connect,
    Prepare,
    Run(Step),
    /// Hand over the books of the step.
    Collect,
    Finish,
}

/// What a thread tells the run; the end of a phase.
#[derive(Debug)]
enum Told {
    Connected,
    Prepared,
    Books(Box<Tally>),
    Failed(anyhow::Error),
}
