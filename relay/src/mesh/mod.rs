//! The mesh: how shards talk, and how service threads answer them.
//!
//! # Promise
//!
//! Per ring, messages arrive once and in order; a full ring refuses the push and gives the message back;
//! nobody waits for anybody. A shard that sleeps is woken when something is there for it, and a shard
//! that keeps what a full ring refused is woken when that ring has room again.
//!
//! # Place in the flow
//!
//! For each ordered pair of shards there are three rings, one per [`Class`], so that a flood of one
//! class never blocks another. A shard pushes during its turn, rings each touched shard once at the
//! turn's end ([`Port::ring_dirty`]), and takes inbound messages in batches ([`Port::drain`]). Storage
//! and other service threads answer through an [`inbox`].
//!
//! # Invariants
//!
//! Wake-ups follow the two protocols of `chasqui-doorbell`, which are model-checked there: look again
//! after announcing sleep, try again after marking a full ring, and one fence between each store and
//! the load that depends on it.
//!
//! # Limits
//!
//! Rings hold what [`Capacities`] says; a drain takes at most [`DRAIN_MAX`] messages.

mod bell;
mod inbox;
mod port;
mod ring;

use std::io;
use std::marker::PhantomData;

use chasqui_doorbell::{Doorbell, doorbell};

pub use bell::PortBell;
pub use chasqui_chat::Class;
pub use inbox::{Receiver, Sender, inbox};
pub use port::{DRAIN_MAX, Link, Port, RingDepth};

/// Commands waiting between two shards: a millisecond's worth at a million a second. Beyond it, the
/// session answers 503.
pub const COMMAND_RING_MAX: usize = 1024;
/// Replies and completions are bounded by the permits handed out, which is what this must cover.
pub const REPLY_RING_MAX: usize = 4096;
/// Deliveries waiting between two shards. Beyond it the receiving shard catches up from its cursor.
pub const DELIVERY_RING_MAX: usize = 1024;

/// The classes of traffic between two shards, in the order of their rings.
pub const CLASSES: [Class; 3] = [Class::Command, Class::Reply, Class::Delivery];

/// How many messages each class's ring holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacities {
    pub commands: usize,
    pub replies: usize,
    pub deliveries: usize,
}

impl Default for Capacities {
    fn default() -> Self {
        Self { commands: COMMAND_RING_MAX, replies: REPLY_RING_MAX, deliveries: DELIVERY_RING_MAX }
    }
}

impl Capacities {
    fn of(self, class: Class) -> usize {
        match class {
            Class::Command => self.commands,
            Class::Reply => self.replies,
            Class::Delivery => self.deliveries,
        }
    }
}

/// Makes the links of all shards at once.
#[derive(Debug)]
pub struct Mesh<T>(PhantomData<T>);

impl<T> Mesh<T> {
    /// One link per shard, in order; each moves to its shard's thread and becomes its port there.
    #[allow(clippy::new_ret_no_self)]
    pub fn new(shards: usize, capacities: Capacities) -> io::Result<Vec<Link<T>>> {
        let bells = (0..shards).map(|_| doorbell()).collect::<io::Result<Vec<Doorbell>>>()?;
        let mut links: Vec<_> = (0..shards).map(|me| Link::new(me, bells.clone())).collect();
        for from in 0..shards {
            for to in (0..shards).filter(|to| *to != from) {
                for class in CLASSES {
                    let (outlet, inlet) = ring::ring(capacities.of(class), bells[from].clone());
                    links[from].add_outlet(to, outlet);
                    links[to].add_inlet(from, class, inlet);
                }
            }
        }
        Ok(links)
    }
}
