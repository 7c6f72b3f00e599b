//! What a run under load is told.

use std::time::Duration;

use chasqui_proto::command::AckLevel;
use clap::Args;

use super::Common;
use super::values::{ack, duration, window};

#[derive(Debug, Clone, Args)]
pub struct TrafficArgs {
    #[command(flatten)]
    pub common: Common,
    /// Connections [default: pairs 100, room 200]
    #[arg(long, value_name = "N")]
    pub conns: Option<usize>,
    /// Messages a second, all senders together (open loop)
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    pub rate: u64,
    /// Closed loop instead: each sender keeps N messages under way, freed by their delivery; with --ack accepted, or
    /// the sends outrun the store
    #[arg(long, value_name = "N", conflicts_with = "rate", value_parser = window)]
    pub window: Option<usize>,
    /// Bytes of a message's text
    #[arg(long, value_name = "BYTES", default_value_t = 128)]
    pub size: usize,
    /// Load before the measurement begins
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    pub warmup: Duration,
    /// What is measured
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub duration: Duration,
    /// What the server acknowledges: accepted or durable
    #[arg(long, default_value = "durable", value_parser = ack)]
    pub ack: AckLevel,
}
