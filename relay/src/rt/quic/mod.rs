//! QUIC on the shard's own runtime: quinn without tokio.
//!
//! Promises: every socket, timer and task of a QUIC endpoint lives on the shard that opened it, and a
//! connection keeps to its shard for life, even when the client's address changes.
//!
//! In the flow: [`group::bind`] opens one UDP socket per shard on the same port and tells the kernel
//! how to choose among them; each shard turns its socket into a [`quinn::Endpoint`] with [`open`].
//! What speaks HTTP/3 and WebTransport on that endpoint is [`crate::wt`].
//!
//! Invariants: the first byte of a connection id names the shard ([`steering`]); quinn calls its
//! runtime, socket and timers only on the thread that owns them (`bound`).

mod bound;
mod endpoint;
mod filter;
pub mod group;
mod handoff;
mod runtime;
mod socket;
pub mod steering;

pub use endpoint::{EndpointLimits, open, server_config, transport_config};
pub use group::{Group, Member};
pub use steering::Steering;
