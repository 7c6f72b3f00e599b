//! A run on a server without chat: the scenario stays the same, the server is started for it unless one is named.

use super::traffic;
use crate::cli::{Common, FloorArgs, FloorScenario, LoadArgs};
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

fn load(args: &FloorArgs, aim: impl Fn(&mut Common)) -> anyhow::Result<Report> {
    let aimed = |load: &LoadArgs| {
        let mut load = load.clone();
        aim(&mut load.traffic.common);
        load.traffic.common.rival = Some(args.rival);
        load
    };
    match &args.scenario {
        FloorScenario::Pairs(load) => traffic::pairs(&aimed(load)),
        FloorScenario::Room { load, senders } => traffic::room(&aimed(load), *senders),
    }
}
