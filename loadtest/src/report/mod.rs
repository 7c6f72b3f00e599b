//! What a run has shown: counts, percentiles, cost, and the verdict.
//!
//! - [`Report`]: everything, as it is written to JSON
//! - [`Verdict`]: passed or failed, and whether the figures can be believed
//! - [`Steps`]: several rates; [`Repeated`]: several runs; [`Soak`]: a long one; [`Isolation`]: one shard beside another
//! - [`Distribution`], [`TimePoint`]: latency as curves; [`hgrm`]: the former as other tools read it
//! - [`terminal`]: the same for people, on a few lines; [`html`]: as a page with plots

mod build;
mod cost;
mod counters;
mod curve;
mod hgrm;
pub mod html;
mod isolation;
mod repeated;
mod soak;
mod steps;
pub(crate) mod terminal;
mod verdict;

use serde::{Deserialize, Serialize};

pub use build::{About, Traffic, of_idle, of_isolation, of_soak, of_storm, of_traffic};
pub use cost::{ClientCost, IdleMemory, Measured, ServerCost};
pub use counters::CounterReport;
pub use curve::{Distribution, QuantilePoint, TimePoint};
pub use hgrm::hgrm;
pub use isolation::{Isolation, IsolationRound, TurnFigures};
pub use repeated::{Repeated, Spread, repeated_terminal};
pub use soak::{Soak, SoakLine, soak_line};
pub use steps::{SearchReport, StepReport, Steps};
pub use terminal::{heading, step_line, terminal};
pub use verdict::Verdict;

use crate::account::{Counts, LatencyUs};
use crate::probe::{Machine, Pressure};

/// More than chance takes on a healthy path, and than a relay may drop that keeps up.
const DATAGRAMS_LOST_SHARE_MAX: f64 = 0.01;

/// One run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    pub tool_version: String,
    /// `release` or `debug`.
    pub tool_build: String,
    pub unix_time: u64,
    pub machine: Machine,
    pub run: Run,
    pub counts: CountsReport,
    /// Absent where nothing was sent.
    pub latency_us: Option<Latencies>,
    /// Of the delivery's.
    pub distribution: Option<Distribution>,
    pub timeline: Vec<TimePoint>,
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
    pub isolation: Option<Isolation>,
    pub verdict: Verdict,
}

/// What was asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    pub scenario: String,
    /// `relay`, or the name of a server without chat.
    pub server: String,
    pub transport: String,
    pub dialect: String,
    /// `open`, `closed` or `idle`.
    pub mode: String,
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
    pub ack: Option<String>,
    pub warmup_s: f64,
    pub duration_s: f64,
    pub client_threads: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CountsReport {
    #[serde(flatten)]
    pub counts: Counts,
    pub lost: u64,
    /// How many may be lost without failing the run: of messages none, of datagrams a few.
    #[serde(default)]
    pub lost_allowed: u64,
    pub unanswered: u64,
}

impl CountsReport {
    pub fn of(counts: &Counts) -> Self {
        Self { counts: *counts, lost: counts.lost(), lost_allowed: 0, unanswered: counts.unanswered() }
    }

    /// Of datagrams.
    pub fn of_datagrams(counts: &Counts) -> Self {
        let lost_allowed = (counts.expected as f64 * DATAGRAMS_LOST_SHARE_MAX) as u64;
        Self { lost_allowed, ..Self::of(counts) }
    }
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Latencies {
    pub delivery: LatencyUs,
    pub ack: LatencyUs,
    pub send_lag: LatencyUs,
}

/// In the measured span.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Throughput {
    pub sent_per_second: f64,
    pub delivered_per_second: f64,
}
