//! How one thread wakes another that sleeps on its inbound rings.
//!
//! # Promise
//!
//! No wake-up is lost: whatever was pushed before [`Bell::ring`] is either seen by the sleeper's last
//! look at its rings, or the sleeper is woken. The same holds the other way for a producer that found a
//! ring full ([`Stall`]). While nobody sleeps, ringing costs a fence and a load and no system call.
//!
//! # Place in the flow
//!
//! `relay`'s mesh puts one bell on each shard and one stall mark on each ring between two shards. The
//! rings themselves are not here: the logic only needs to be told whether one has something to read.
//!
//! # Invariants
//!
//! Both protocols are a store, a sequentially consistent fence and a load on each side, so that at least
//! one side sees the other's store:
//!
//! | | writes | fence | then reads |
//! |---|---|---|---|
//! | sleeper | `asleep = true` | [`Flag::fence`] | its rings |
//! | ringer | the ring | [`Flag::fence`] | `asleep` |
//! | producer of a full ring | `stalled = true` | [`Flag::fence`] | the ring's room |
//! | consumer | takes from the ring | [`Flag::fence`] | `stalled` |
//!
//! The flags are a trait so that the very same code runs on real atomics and, with the feature `model`,
//! on loom's, where `tests/model_no_lost_wake_up.rs` explores every interleaving and shows that leaving
//! out any one fence or look is noticed.
//!
//! # Limits
//!
//! One sleeper per bell; any number of ringers.

mod bell;
mod eventfd;
mod flag;
mod stall;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub use bell::{Bell, Signal};
pub use eventfd::EventFd;
pub use flag::Flag;
pub use stall::Stall;

/// A shard's doorbell as others hold it: cheap to clone, safe to ring from any thread.
pub type Doorbell = Arc<Bell<AtomicBool, EventFd>>;

/// A stall mark on real atomics.
pub type StallMark = Stall<AtomicBool>;

/// Makes a doorbell on a new eventfd.
pub fn doorbell() -> std::io::Result<Doorbell> {
    Ok(Arc::new(Bell::new(EventFd::new()?)))
}
