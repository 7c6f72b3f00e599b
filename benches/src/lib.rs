//! What the benches share: one message of the size that loads are measured with, and the core in a jar.
//!
//! Each bench sets its throughput, so that results read as elements per second. Absolute times belong to the machine
//! and its mood; compare runs of one machine, and instruction counts rather than times where it is noisy.
//!
//! # Layout
//! - [`allocations`]: a counting allocator, and the sites it saw
//! - [`sample`]: a send, its ack and the message it becomes
//! - [`core`]: a shard with in-memory links and a store that answers at once
//! - [`fan_out`]: one event to many connections
//! - `settings`: how long each timed bench runs

pub mod allocations;
pub mod core;
// The relay's own encoder, outbox and log without the rest of the relay, which takes minutes to build.
#[path = "../../relay/src/shard/encode.rs"]
pub mod encode;
pub mod fan_out;
#[path = "../../relay/src/shard/outbox.rs"]
pub mod outbox;
pub mod sample;
#[cfg(feature = "server")]
pub mod settings;
#[path = "../../relay/src/shard/turn_log.rs"]
pub mod turn_log;
