//! What a run under load is told.

use std::time::Duration;

use chasqui_proto::command::AckLevel;
use clap::Args;

use super::Common;
use super::values::{ack, arrivals, duration, rate, window};
use crate::pacing::Arrivals;

/// How an open loop is spread over time.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Load")]
pub struct ArrivalArgs {
    /// const: evenly; poisson: independent of one another, as of many people; burst:N: N at once [burst alone: 10]
    #[arg(long, value_name = "PATTERN", default_value = "const", value_parser = arrivals)]
    pub arrivals: Arrivals,
    /// The same seed and --threads make the same arrivals and rooms again
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Load")]
pub struct TrafficArgs {
    #[command(flatten)]
    pub common: Common,
    /// Connections [default: 100; room 200, mixed 1000, slow-reader 20]
    #[arg(long, value_name = "N")]
    pub conns: Option<usize>,
    #[command(flatten)]
    pub arrivals: ArrivalArgs,
    /// Messages a second, all senders together (open loop)
    #[arg(long, value_name = "N", default_value = "1000", value_parser = rate)]
    pub rate: u64,
    /// Closed loop instead: each sender keeps N messages under way, freed by their delivery; with --ack accepted, or
    /// the sends outrun the store
    #[arg(long, value_name = "N", conflicts_with = "rate", value_parser = window)]
    pub window: Option<usize>,
    /// Bytes of a message's text
    #[arg(long, value_name = "BYTES", default_value = "128")]
    pub size: usize,
    /// Load before the measurement begins
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    pub warmup: Duration,
    /// What is measured
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub duration: Duration,
    /// A delivery that takes longer from when it was due is counted as late
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub late_after: Duration,
    /// What the server acknowledges: accepted or durable
    #[arg(long, default_value = "durable", value_parser = ack)]
    pub ack: AckLevel,
}
