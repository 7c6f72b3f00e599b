//! What a run without load is told.

use std::time::Duration;

use clap::Args;

use super::Common;
use super::values::duration;

#[derive(Debug, Clone, Args)]
pub struct IdleArgs {
    #[command(flatten)]
    pub common: Common,
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub conns: usize,
    /// How long the connections rest before memory is read
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub duration: Duration,
}
