//! What `isolation` is told besides.

use std::time::Duration;

use chasqui_proto::command::AckLevel;
use clap::Args;

use super::values::{ack, duration, rate, window};
use super::{ArrivalArgs, Common, TrafficArgs};

#[derive(Debug, Clone, Args)]
pub struct IsolationArgs {
    #[command(flatten)]
    pub common: Common,
    /// Connections of the pairs
    #[arg(long, value_name = "N", default_value_t = 40)]
    pub conns: usize,
    /// Messages a second of the pairs, all together; few, so that what comes late from a busy CPU still comes one by one
    #[arg(long, value_name = "N", default_value = "200", value_parser = rate)]
    pub rate: u64,
    #[command(flatten)]
    pub arrivals: ArrivalArgs,
    /// Members of the room
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub members: usize,
    /// Messages of the room under way
    #[arg(long, value_name = "N", default_value = "4", value_parser = window)]
    pub window: usize,
    /// Bytes of a message's text
    #[arg(long, value_name = "BYTES", default_value_t = 128)]
    pub size: usize,
    /// What the server acknowledges: accepted or durable. The room waits for deliveries and not for acks, so that a small
    /// one outruns a store that writes to disk
    #[arg(long, default_value = "accepted", value_parser = ack)]
    pub ack: AckLevel,
    /// How often the pairs are measured alone and then beside the room
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// Load before each measurement begins
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub warmup: Duration,
    /// Each measurement
    #[arg(long, value_name = "TIME", default_value = "6s", value_parser = duration)]
    pub duration: Duration,
    /// How many times its quiet p99 a turn's p99 may be beside the room
    #[arg(long, value_name = "RATIO", default_value_t = 1.5)]
    pub ratio: f64,
}

impl IsolationArgs {
    /// The pairs', and beside another rate also the room's.
    pub fn traffic(&self, window: Option<usize>) -> TrafficArgs {
        TrafficArgs {
            common: self.common.clone(),
            conns: None,
            arrivals: self.arrivals.clone(),
            rate: self.rate,
            window,
            size: self.size,
            warmup: self.warmup,
            duration: self.duration,
            late_after: Duration::MAX,
            ack: self.ack,
        }
    }
}
