//! What a run has shown: counts, percentiles, cost, and the verdict.
//!
//! - [`Report`]: everything, as it is written to JSON
//! - [`Verdict`]: passed or failed, and whether the figures can be believed
//! - [`Steps`]: several rates; [`Repeated`]: several runs; [`Soak`]: a long one
//! - [`terminal`]: the same for people, on a few lines

mod build;
mod cost;
mod counters;
mod repeated;
mod soak;
mod steps;
mod terminal;
mod verdict;

use serde::Serialize;

pub use build::{About, Traffic, of_idle, of_soak, of_storm, of_traffic};
pub use cost::{ClientCost, IdleMemory, Measured, ServerCost};
pub use counters::CounterReport;
pub use repeated::{Repeated, Spread, repeated_terminal};
pub use soak::{Soak, SoakLine, soak_line};
pub use steps::{SearchReport, StepReport, Steps};
pub use terminal::{step_line, terminal};
pub use verdict::Verdict;

use crate::account::{Counts, LatencyUs};
use crate::probe::{Machine, Pressure};

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
    /// Of sessions begun in the course of the load: from when one was due to its welcome, or from coming back to having
    /// caught up.
    pub connect_us: Option<LatencyUs>,
    pub throughput: Option<Throughput>,
    pub server: ServerCost,
    pub client: Option<ClientCost>,
    pub pressure: Option<Pressure>,
    /// Of a ladder or a search; in order.
    pub steps: Vec<StepReport>,
    pub search: Option<SearchReport>,
    pub soak: Option<Soak>,
    pub verdict: Verdict,
}

/// What was asked for.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    pub scenario: &'static str,
    pub transport: &'static str,
    pub dialect: &'static str,
    /// `open`, `closed` or `idle`.
    pub mode: &'static str,
    pub rate: Option<u64>,
    /// `const`, `poisson` or `burst:N`, of an open loop.
    pub arrivals: Option<String>,
    pub seed: Option<u64>,
    pub window: Option<usize>,
    pub conns: usize,
    pub senders: u32,
    /// Absent where it differs from sender to sender.
    pub receivers_per_message: Option<u32>,
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

impl CountsReport {
    pub fn of(counts: &Counts) -> Self {
        Self { counts: *counts, lost: counts.lost(), unanswered: counts.unanswered() }
    }
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
