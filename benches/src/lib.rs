//! What the benches share: one message of the size that loads are measured with, and the core in a jar.
//!
//! Each bench sets its throughput, so that results read as elements per second. Absolute times belong to the machine
//! and its mood; compare runs of one machine, and instruction counts rather than times where it is noisy.
//!
//! # Layout
//! - [`allocations`]: a counting allocator, and the sites it saw
//! - [`sample`]: a send, its ack and the message it becomes
//! - [`core`]: a shard with in-memory links and a store that answers at once

pub mod allocations;
pub mod core;
pub mod sample;

use std::time::Duration;

use criterion::Criterion;

/// Short enough that all benches together take a few minutes.
const MEASURED: Duration = Duration::from_secs(3);
const WARM_UP: Duration = Duration::from_secs(1);

/// The settings of every bench.
pub fn criterion() -> Criterion {
    Criterion::default().measurement_time(MEASURED).warm_up_time(WARM_UP)
}
