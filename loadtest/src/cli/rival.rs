//! The arguments of `floor` and `serve`.

use std::net::SocketAddr;

use clap::{Args, Subcommand};

use super::{Common, LoadArgs};
use crate::rival::Rival;

#[derive(Debug, Args)]
pub struct FloorArgs {
    /// Which of the servers without chat
    #[arg(long, value_enum, default_value = "floor")]
    pub rival: Rival,
    /// One that runs already (--server-pid tells its process) [default: a fresh one for this run]
    #[arg(long, value_name = "ADDR")]
    pub at: Option<SocketAddr>,
    /// The CPU that the fresh one is kept on
    #[arg(long, value_name = "CPU", conflicts_with = "at")]
    pub pin_server: Option<usize>,
    #[command(subcommand)]
    pub scenario: FloorScenario,
}

#[derive(Debug, Subcommand)]
pub enum FloorScenario {
    /// Half of the connections each send to a partner
    Pairs(LoadArgs),
    /// Every message goes to all others of one room
    Room {
        #[command(flatten)]
        load: LoadArgs,
        /// Members that send
        #[arg(long, default_value_t = 1)]
        senders: usize,
    },
}

impl FloorArgs {
    pub fn common(&self) -> &Common {
        match &self.scenario {
            FloorScenario::Pairs(load) | FloorScenario::Room { load, .. } => &load.traffic.common,
        }
    }
}

#[derive(Debug, Args)]
pub struct ServeArgs {
    #[arg(value_enum)]
    pub rival: Rival,
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
}
