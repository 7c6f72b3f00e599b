//! What processes cost: CPU time of each thread, memory, and the machine it was measured on.
//!
//! CPU time comes from `schedstat`, which the scheduler keeps in nanoseconds; the clock ticks of `stat` may be
//! sampled and miss short turns altogether, so they only say how it divides into user space and kernel.

mod cpu;
mod machine;
mod memory;
mod metrics;
mod open_files;
mod pressure;
mod turns;

pub use cpu::{CpuTimes, CpuUse};
pub use machine::Machine;
pub use memory::rss_kib;
pub use metrics::{Counters, MetricsUrl};
pub use open_files::raise_open_files;
pub use pressure::{Pressure, PressureReading};
pub use turns::TurnTimes;
