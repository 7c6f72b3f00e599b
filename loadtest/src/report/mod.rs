//! What a run has shown: counts, percentiles, cost, and the verdict.
//!
//! - [`Report`]: everything, as it is written to JSON
//! - [`Verdict`]: passed or failed, and whether the figures can be believed
//! - [`terminal`]: the same for people, on a few lines

mod build;
mod cost;
mod terminal;
mod verdict;

use serde::Serialize;

pub use build::{Traffic, of_idle, of_traffic};
pub use cost::{ClientCost, IdleMemory, Measured, ServerCost};
pub use terminal::terminal;
pub use verdict::Verdict;

use crate::account::{Counts, LatencyUs};
use crate::probe::Machine;

/// One run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub tool_version: &'static str,
    pub unix_time: u64,
    pub machine: Machine,
    pub run: Run,
    pub counts: CountsReport,
    /// Absent where nothing was sent.
    pub latency_us: Option<Latencies>,
    pub throughput: Option<Throughput>,
    pub server: ServerCost,
    pub client: Option<ClientCost>,
    pub verdict: Verdict,
}

/// What was asked for.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    pub scenario: &'static str,
    /// `relay`, or the name of a server without chat.
    pub server: &'static str,
    pub transport: &'static str,
    pub dialect: &'static str,
    /// `open`, `closed` or `idle`.
    pub mode: &'static str,
    pub rate: Option<u64>,
    pub window: Option<usize>,
    pub conns: usize,
    pub senders: u32,
    pub receivers_per_message: u32,
    pub size_bytes: usize,
    pub ack: Option<&'static str>,
    pub warmup_s: f64,
    pub duration_s: f64,
    pub client_threads: usize,
}

#[derive(Clone, Debug, Serialize)]
pub struct CountsReport {
    #[serde(flatten)]
    pub counts: Counts,
    pub lost: u64,
    pub unanswered: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Latencies {
    pub delivery: LatencyUs,
    pub ack: LatencyUs,
    pub send_lag: LatencyUs,
}

/// In the measured span.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Throughput {
    pub sent_per_second: f64,
    pub delivered_per_second: f64,
}
