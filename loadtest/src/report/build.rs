//! From a run's books to its report.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chasqui_proto::command::{AckLevel, Command};
use chasqui_proto::dialect::{Dialect, encode_command};
use chasqui_proto::ids::ConvId;

use super::{
    ClientCost, CountsReport, Distribution, IdleMemory, Isolation, Latencies, Measured, Report, Run, ServerCost, Soak,
    Throughput, Verdict, curve,
};
use crate::account::{LatencyUs, Tally};
use crate::cli::{ArrivalArgs, Common, IdleArgs, IsolationArgs, StormArgs, TrafficArgs};
use crate::dial::Transport;
use crate::peer::Habit;
use crate::probe::{Machine, Pressure};
use crate::rival::Rival;
use crate::run::cpus;
use crate::scenario::Scenario;
use crate::stamp::STAMP_BYTES;
use crate::worker::Load;

/// What a scenario came to.
#[derive(Clone, Debug)]
pub struct About {
    pub name: &'static str,
    pub conns: usize,
    pub senders: u32,
    pub receivers: Option<u32>,
    /// Connections that read no more once the load runs.
    pub stalling: usize,
    pub thread_count: usize,
    /// By how much the server's memory grew while they came.
    pub connect_grown_kib: Option<f64>,
}

impl About {
    pub fn of(scenario: &Scenario, threads: usize) -> Self {
        Self {
            name: scenario.name,
            conns: scenario.peers(),
            senders: scenario.senders,
            receivers: scenario.receivers(),
            stalling: scenario.with_habit(Habit::Stalls),
            thread_count: threads.clamp(1, scenario.groups.len().max(1)),
            connect_grown_kib: None,
        }
    }
}

/// A finished run under load.
pub struct Traffic<'a> {
    pub about: &'a About,
    pub load: Load,
    pub args: &'a TrafficArgs,
    pub measured: Measured,
    pub tally: &'a Tally,
}

pub fn of_traffic(traffic: &Traffic<'_>) -> Report {
    let Traffic { about, measured, tally, .. } = traffic;
    let datagrams = is_of_datagrams(traffic.args);
    let counts = if datagrams { CountsReport::of_datagrams } else { CountsReport::of }(&tally.counts);
    let client = ClientCost::of(measured, about.thread_count, cpus(&traffic.args.common));
    let latencies = latencies(tally);
    let open_loop = matches!(traffic.load, Load::Open { .. });
    let headline = if about.name == "durable" { &latencies.ack } else { &latencies.delivery };
    let mut verdict = Verdict::of_counts(&counts, true).doubting(open_loop, &client, &latencies.send_lag, headline);
    if let Load::Open { rate } = traffic.load {
        verdict.doubt_rate(rate as f64 * measured.wall_ns as f64 / 1e9, measured.sent);
    }
    verdict.expect_cut(about.stalling as u64, tally.counts.cut);
    Report {
        counts,
        latency_us: Some(latencies),
        throughput: Some(throughput(measured)),
        server: ServerCost::of_load(measured, about.connect_grown_kib, about.conns),
        client: Some(client),
        pressure: Some(measured.pressure),
        ..bare(traffic_run(traffic), tally, verdict)
    }
}

/// The server's memory goes with the report, and fails it where it grew.
pub fn of_soak(traffic: &Traffic<'_>, soak: Soak) -> Report {
    let mut report = of_traffic(traffic);
    report.verdict.fail_with(soak.failure());
    report.soak = Some(soak);
    report
}

pub fn of_storm(args: &StormArgs, about: &About, load: Load, measured: Measured, tally: &Tally) -> Report {
    let client = ClientCost::of(&measured, about.thread_count, cpus(&args.common));
    let (lag, connect) = (LatencyUs::of(&tally.send_lag), LatencyUs::of(&tally.connect));
    let mut verdict =
        Verdict::of_counts(&CountsReport::of(&tally.counts), false).doubting(true, &client, &lag, &connect);
    let tried = tally.counts.connected + tally.counts.connect_failed;
    let missing = args.conns.saturating_sub(tried);
    verdict.fail_with((missing > 0).then(|| format!("{missing} sessions neither opened nor refused")));
    let run = Run {
        scenario: about.name.into(),
        conns: about.conns,
        client_threads: about.thread_count,
        duration_s: measured.wall_ns as f64 / 1e9,
        ..run_of(load, &args.arrivals, &args.common)
    };
    let server = ServerCost::of_load(&measured, about.connect_grown_kib, about.conns);
    Report { server, client: Some(client), pressure: Some(measured.pressure), ..bare(run, tally, verdict) }
}

pub fn of_idle(args: &IdleArgs, memory: IdleMemory, tally: &Tally) -> Report {
    let verdict = Verdict::of_counts(&CountsReport::of(&tally.counts), false);
    let run = Run { conns: args.conns, duration_s: seconds(args.duration), ..bare_run(&args.common) };
    Report { server: ServerCost::of_rest(&memory), ..bare(run, tally, verdict) }
}

/// The counts are of pairs and room together.
pub fn of_isolation(args: &IsolationArgs, isolation: Isolation, pressure: Pressure, tally: &Tally) -> Report {
    let mut verdict = Verdict::of_counts(&CountsReport::of(&tally.counts), true);
    verdict.fail_with(isolation.failure());
    let run = Run {
        scenario: "isolation".into(),
        conns: args.conns + args.members,
        senders: args.conns as u32 / 2 + 1,
        size_bytes: args.size.max(STAMP_BYTES),
        ack: Some(ack_name(args.ack).into()),
        warmup_s: seconds(args.warmup),
        duration_s: seconds(args.duration),
        ..run_of(Load::Open { rate: args.rate }, &args.arrivals, &args.common)
    };
    Report { isolation: Some(isolation), pressure: Some(pressure), ..bare(run, tally, verdict) }
}

/// A report without figures.
fn bare(run: Run, tally: &Tally, mut verdict: Verdict) -> Report {
    verdict.failures.extend(tally.trouble.clone().filter(|_| !verdict.passed));
    Report {
        tool_version: env!("CARGO_PKG_VERSION").into(),
        tool_build: if cfg!(debug_assertions) { "debug" } else { "release" }.into(),
        unix_time: unix_time(),
        machine: Machine::here(),
        run,
        counts: CountsReport::of(&tally.counts),
        latency_us: None,
        distribution: Distribution::of(&tally.delivery),
        timeline: curve::timeline(&tally.timeline),
        connect_us: (!tally.connect.is_empty()).then(|| LatencyUs::of(&tally.connect)),
        throughput: None,
        server: ServerCost::default(),
        client: None,
        pressure: None,
        steps: Vec::new(),
        search: None,
        soak: None,
        isolation: None,
        verdict,
    }
}

fn traffic_run(traffic: &Traffic<'_>) -> Run {
    let Traffic { about, args, load, .. } = traffic;
    let datagrams = is_of_datagrams(args);
    let asked = args.common.rival.is_none() && !datagrams;
    Run {
        scenario: about.name.into(),
        conns: about.conns,
        senders: about.senders,
        receivers_per_message: about.receivers,
        size_bytes: if datagrams { signal_bytes(args.common.dialect) } else { args.size.max(STAMP_BYTES) },
        ack: asked.then(|| ack_name(args.ack).into()),
        warmup_s: seconds(args.warmup),
        duration_s: seconds(args.duration),
        client_threads: about.thread_count,
        ..run_of(*load, &args.arrivals, &args.common)
    }
}

fn is_of_datagrams(args: &TrafficArgs) -> bool {
    args.common.rival.is_none() && args.common.transport == Transport::WtDatagram
}

/// A typing signal's frame with a short request id.
fn signal_bytes(dialect: Dialect) -> usize {
    let mut frame = Vec::new();
    encode_command(dialect, &Command::Typing { id: "0", conv: ConvId([0; 16]), on: true }, &mut frame);
    frame.len()
}

fn run_of(load: Load, arrivals: &ArrivalArgs, common: &Common) -> Run {
    let (mode, rate, window) = match load {
        Load::Open { rate } | Load::Sessions { rate, .. } => ("open", Some(rate), None),
        Load::Closed { window } => ("closed", None, Some(window)),
    };
    let pattern = rate.map(|_| arrivals.arrivals.name());
    Run { mode: mode.into(), rate, window, arrivals: pattern, seed: Some(arrivals.seed), ..bare_run(common) }
}

/// A run of idle connections, their number still to be filled in.
fn bare_run(common: &Common) -> Run {
    Run {
        scenario: "idle".into(),
        server: common.rival.map_or("relay", Rival::name).into(),
        transport: common.rival.map_or(common.transport.name(), |_| "ws").into(),
        dialect: common.rival.map_or(common.dialect.name(), |_| "none").into(),
        mode: "idle".into(),
        rate: None,
        arrivals: None,
        seed: None,
        window: None,
        conns: 0,
        senders: 0,
        receivers_per_message: None,
        size_bytes: 0,
        ack: None,
        warmup_s: 0.0,
        duration_s: 0.0,
        client_threads: crate::run::threads(common),
    }
}

fn latencies(tally: &Tally) -> Latencies {
    Latencies {
        delivery: LatencyUs::of(&tally.delivery),
        ack: LatencyUs::of(&tally.ack),
        send_lag: LatencyUs::of(&tally.send_lag),
    }
}

fn throughput(measured: &Measured) -> Throughput {
    let seconds = measured.wall_ns as f64 / 1e9;
    Throughput {
        sent_per_second: measured.sent as f64 / seconds,
        delivered_per_second: measured.delivered as f64 / seconds,
    }
}

fn ack_name(level: AckLevel) -> &'static str {
    match level {
        AckLevel::Accepted => "accepted",
        AckLevel::Durable => "durable",
        AckLevel::Delivered => "delivered",
        AckLevel::Read => "read",
    }
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
