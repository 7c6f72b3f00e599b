//! The command line.
//!
//! One file per group of options: [`Common`], [`TrafficArgs`], [`IdleArgs`]; `values` reads single values.

mod common;
mod idle;
mod traffic;
mod values;

use clap::{Parser, Subcommand};

pub use common::Common;
pub use idle::IdleArgs;
pub use traffic::TrafficArgs;

/// Measures a chat relay: open-loop load, latency from the scheduled send time, and an account of every message.
///
/// Exit code 1: a message was lost, refused, duplicated or out of order, a connection ended, or the run could not be
/// made.
#[derive(Debug, Parser)]
#[command(name = "loadtest", version)]
pub struct Cli {
    #[command(subcommand)]
    pub scenario: ScenarioArgs,
}

#[derive(Debug, Subcommand)]
pub enum ScenarioArgs {
    /// Half of the connections each send to a partner in a direct conversation
    Pairs(TrafficArgs),
    /// One group; every message goes to all other members
    Room {
        #[command(flatten)]
        traffic: TrafficArgs,
        /// Members that send
        #[arg(long, default_value_t = 1)]
        senders: usize,
    },
    /// Connections that do nothing: the server's memory for each; start the server afresh, or they fill memory that
    /// former ones have left
    Idle(IdleArgs),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_grammar_is_consistent() {
        Cli::command().debug_assert();
        assert!(Cli::try_parse_from(["loadtest", "pairs", "--window", "4"]).is_ok());
        for bad in
            [&["pairs", "--window", "4", "--rate", "5"][..], &["pairs", "--rate", "0"], &["room", "--ack", "read"]]
        {
            assert!(Cli::try_parse_from([&["loadtest"], bad].concat()).is_err(), "{bad:?}");
        }
    }
}
