//! A run on a server without chat: the scenario stays the same, the server is started for it unless one is named.

use super::traffic;
use crate::cli::{Common, FloorArgs, FloorScenario, TrafficArgs};
use crate::report::Report;
use crate::server::Server;

pub(super) fn run(args: &FloorArgs) -> anyhow::Result<Report> {
    match args.at {
        Some(at) => load(args, |common| common.connect = at),
        None => {
            let server = Server::rival(args.rival, args.pin_server)?;
            load(args, |common| (common.connect, common.server_pid) = (server.address, Some(server.pid())))
        }
    }
}

pub(super) fn common(args: &FloorArgs) -> &Common {
    match &args.scenario {
        FloorScenario::Pairs(traffic) | FloorScenario::Room { traffic, .. } => &traffic.common,
    }
}

fn load(args: &FloorArgs, aim: impl Fn(&mut Common)) -> anyhow::Result<Report> {
    let aimed = |traffic: &TrafficArgs| {
        let mut traffic = traffic.clone();
        aim(&mut traffic.common);
        traffic.common.rival = Some(args.rival);
        traffic
    };
    match &args.scenario {
        FloorScenario::Pairs(traffic) => traffic::pairs(&aimed(traffic)),
        FloorScenario::Room { traffic, senders } => traffic::room(&aimed(traffic), *senders),
    }
}
