//! The runtime room: the only place that names monoio.
//!
//! # What it offers
//!
//! - [`run_shard`]: a pinned thread with a runtime of its own, on io_uring or epoll ([`probe`],
//!   [`choose`]).
//! - [`spawn`], [`yield_now`]: tasks that never leave their shard and never starve one another.
//! - [`tcp`], [`Poller`]: sockets by readiness. Nothing is ever cancelled half-way: a wait carries no
//!   data, and a receive happens in one step with handling its bytes.
//! - [`timer`]: deadlines that are kept on a busy shard.
//! - [`turn`]: the shard's turns, their counts, and work done once at the end of each.
//! - [`quic`]: quinn on the same sockets and timers.
//!
//! # Invariants
//!
//! Nothing here is `Send` once it is on its shard. No waker crosses threads: other threads ring the
//! shard's doorbell ([`crate::mesh`]), whose eventfd is one more descriptor to be ready.

mod context;
mod driver;
mod notify;
mod poller;
pub mod quic;
mod reactor;
mod shard;
mod source;
mod task;
pub mod tcp;
pub mod timer;
pub mod turn;

pub use driver::{Driver, DriverChoice, DriverReport, RING_ENTRIES, choose, probe};
pub(crate) use notify::Notify;
pub use poller::Poller;
pub use reactor::EVENTS_PER_TURN_MAX;
pub use shard::{ShardSpec, block_on, run_shard};
pub use task::{Task, spawn, yield_now};
