//! A run under one load: connect, prepare, warm up, measure, let everything arrive, add up.

use anyhow::ensure;

use super::live::Live;
use super::rig::Rig;
use super::steps;
use crate::cli::{LoadArgs, ReconnectArgs, SlowReaderArgs, TrafficArgs};
use crate::dial::Transport;
use crate::report::{self, Report};
use crate::scenario::{self, Scenario};
use crate::worker::{Drops, Load};
use chasqui_proto::command::AckLevel;

const PAIRS_CONNS_DEFAULT: usize = 100;
const ROOM_CONNS_DEFAULT: usize = 200;
const MIXED_CONNS_DEFAULT: usize = 1_000;
const SLOW_READER_CONNS_DEFAULT: usize = 20;

pub(super) fn pairs(args: &LoadArgs) -> anyhow::Result<Report> {
    let datagrams = args.traffic.common.transport == Transport::WtDatagram;
    let one = args.traffic.window.is_none_or(|window| window == 1);
    ensure!(one || !datagrams, "with wt-datagram a pair has one signal under way: --window 1");
    load(args, &|run| pairs_plan(&args.traffic, run))
}

pub(super) fn room(args: &LoadArgs, senders: usize) -> anyhow::Result<Report> {
    let conns = args.traffic.conns.unwrap_or(ROOM_CONNS_DEFAULT);
    load(args, &|run| scenario::room(run, conns, senders))
}

pub(super) fn durable(args: &LoadArgs) -> anyhow::Result<Report> {
    ensure!(args.traffic.ack == AckLevel::Durable, "durable measures durable acks; with --ack accepted run pairs");
    load(args, &|run| Ok(Scenario { name: "durable", ..pairs_plan(&args.traffic, run)? }))
}

pub(super) fn mixed(args: &LoadArgs) -> anyhow::Result<Report> {
    load(args, &|run| mixed_plan(&args.traffic, run))
}

pub(super) fn slow_reader(args: &SlowReaderArgs) -> anyhow::Result<Report> {
    let conns = args.traffic.conns.unwrap_or(SLOW_READER_CONNS_DEFAULT);
    once(&args.traffic, &|run| scenario::slow_reader(run, conns, args.slow), None)
}

pub(super) fn reconnect(args: &ReconnectArgs) -> anyhow::Result<Report> {
    let conns = args.traffic.conns.unwrap_or(PAIRS_CONNS_DEFAULT);
    ensure!(args.traffic.window.is_none(), "reconnect is an open loop");
    let away_at_once = args.drops as f64 * args.away.as_secs_f64();
    ensure!(away_at_once < (conns / 2) as f64, "with --drops and --away so high all {} receivers are away", conns / 2);
    let drops = Drops { rate: args.drops, peers: 0, away: args.away };
    once(&args.traffic, &|run| scenario::reconnect(run, conns), Some(drops))
}

pub(super) fn pairs_plan(args: &TrafficArgs, run: u64) -> anyhow::Result<Scenario> {
    scenario::pairs(run, args.conns.unwrap_or(PAIRS_CONNS_DEFAULT))
}

pub(super) fn mixed_plan(args: &TrafficArgs, run: u64) -> anyhow::Result<Scenario> {
    scenario::mixed(run, args.conns.unwrap_or(MIXED_CONNS_DEFAULT), args.arrivals.seed)
}

fn load(args: &LoadArgs, plan: &dyn Fn(u64) -> anyhow::Result<Scenario>) -> anyhow::Result<Report> {
    match &args.steps {
        steps if steps.find_max => steps::find_max(args, plan),
        steps if !steps.rate_ladder.is_empty() => steps::ladder(args, plan),
        _ => once(&args.traffic, plan, None),
    }
}

fn once(
    args: &TrafficArgs,
    plan: &dyn Fn(u64) -> anyhow::Result<Scenario>,
    drops: Option<Drops>,
) -> anyhow::Result<Report> {
    ensure!(!args.duration.is_zero(), "--duration must not be zero");
    let load = args.window.map_or(Load::Open { rate: args.rate }, |window| Load::Closed { window });
    let rig = Rig::connect(args, plan, drops)?;
    let measured = rig.load(load, args, &mut Live::new(rig.progress()))?;
    let about = rig.about.clone();
    let tally = rig.finish()?;
    Ok(report::of_traffic(&report::Traffic { about: &about, load, args, measured, tally: &tally }))
}
