//! What the scenarios beyond plain load are told besides.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::values::{duration, rate};
use super::{ArrivalArgs, Common, TrafficArgs};

#[derive(Debug, Clone, Args)]
pub struct StormArgs {
    #[command(flatten)]
    pub common: Common,
    /// Sessions to open
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    pub conns: u64,
    /// Sessions opened a second
    #[arg(long, value_name = "N", default_value = "200", value_parser = rate)]
    pub rate: u64,
    #[command(flatten)]
    pub arrivals: ArrivalArgs,
}

#[derive(Debug, Clone, Args)]
#[command(mut_arg("rate", |arg| arg.default_value("500")), mut_arg("size", |arg| arg.default_value("8192")))]
pub struct SlowReaderArgs {
    #[command(flatten)]
    pub traffic: TrafficArgs,
    /// Members that read no more once the load runs. What they are sent must exceed the server's bound on what may wait
    /// for one reader (1 MiB by default) and some MiB of socket buffers
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub slow: usize,
}

#[derive(Debug, Clone, Args)]
pub struct ReconnectArgs {
    #[command(flatten)]
    pub traffic: TrafficArgs,
    /// Connections dropped a second, all receivers together, in turn
    #[arg(long, value_name = "N", default_value = "10", value_parser = rate)]
    pub drops: u64,
    /// How long each stays away
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = duration)]
    pub away: Duration,
}

#[derive(Debug, Clone, Args)]
#[command(mut_arg("duration", |arg| arg.default_value("10m")))]
pub struct SoakArgs {
    #[command(flatten)]
    pub traffic: TrafficArgs,
    /// The load that goes on and on
    #[arg(long, value_enum, default_value = "pairs")]
    pub load: SoakLoad,
    /// Time between two lines
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub every: Duration,
    /// How much more of the server may be resident at the end than after the warm-up, in MiB. With the memory store the
    /// messages themselves are among it
    #[arg(long, value_name = "MIB", default_value_t = 16)]
    pub growth: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SoakLoad {
    /// As of `pairs`
    Pairs,
    /// As of `mixed`
    Mixed,
}
