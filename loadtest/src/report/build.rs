//! From a run's books to its report.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chasqui_proto::command::AckLevel;

use super::{
    ClientCost, CountsReport, Distribution, IdleMemory, Latencies, Measured, Report, Run, ServerCost, Throughput,
    Verdict, curve,
};
use crate::account::{LatencyUs, Tally};
use crate::cli::{Common, IdleArgs, TrafficArgs};
use crate::probe::Machine;
use crate::rival::Rival;
use crate::stamp::STAMP_BYTES;
use crate::worker::{Load, Settings};

/// A finished run under load.
pub struct Traffic<'a> {
    pub name: &'static str,
    pub conns: usize,
    pub thread_count: usize,
    pub args: &'a TrafficArgs,
    pub settings: &'a Settings,
    pub measured: Measured,
    /// The server's at the end, in KiB.
    pub rss: Option<u64>,
    pub tally: Tally,
}

pub fn of_traffic(traffic: Traffic<'_>) -> Report {
    let counts = counts(&traffic.tally, traffic.settings);
    let machine = Machine::here();
    let client = ClientCost::of(&traffic.measured, traffic.thread_count, machine.cpus);
    let latencies = latencies(&traffic.tally);
    let open_loop = matches!(traffic.settings.load, Load::Open { .. });
    let mut verdict = Verdict::of_counts(&counts, true).doubting(open_loop, &client, &latencies);
    verdict.failures.extend(traffic.tally.trouble.clone().filter(|_| !verdict.passed));
    Report {
        tool_version: env!("CARGO_PKG_VERSION").into(),
        tool_build: tool_build(),
        unix_time: unix_time(),
        machine,
        run: traffic_run(&traffic),
        counts,
        latency_us: Some(latencies),
        distribution: Distribution::of(&traffic.tally.delivery),
        timeline: curve::timeline(&traffic.tally.timeline),
        throughput: Some(throughput(&traffic.measured)),
        server: ServerCost::of_load(&traffic.measured, traffic.rss),
        client: Some(client),
        verdict,
    }
}

pub fn of_idle(args: &IdleArgs, memory: IdleMemory, tally: &Tally) -> Report {
    let counts = CountsReport { counts: tally.counts, lost: 0, unanswered: 0 };
    let mut verdict = Verdict::of_counts(&counts, false);
    verdict.failures.extend(tally.trouble.clone().filter(|_| !verdict.passed));
    Report {
        tool_version: env!("CARGO_PKG_VERSION").into(),
        tool_build: tool_build(),
        unix_time: unix_time(),
        machine: Machine::here(),
        run: Run { conns: args.conns, duration_s: seconds(args.duration), ..bare_run(&args.common) },
        counts,
        latency_us: None,
        distribution: None,
        timeline: Vec::new(),
        throughput: None,
        server: ServerCost::of_rest(&memory),
        client: None,
        verdict,
    }
}

fn traffic_run(traffic: &Traffic<'_>) -> Run {
    let (mode, rate, window) = match traffic.settings.load {
        Load::Open { rate } => ("open", Some(rate), None),
        Load::Closed { window } => ("closed", None, Some(window)),
        Load::None => ("idle", None, None),
    };
    Run {
        scenario: traffic.name.into(),
        mode: mode.into(),
        rate,
        window,
        conns: traffic.conns,
        senders: traffic.settings.senders,
        receivers_per_message: traffic.settings.receivers,
        size_bytes: traffic.args.size.max(STAMP_BYTES),
        ack: traffic.settings.ack.map(|level| ack_name(level).into()),
        warmup_s: seconds(traffic.args.warmup),
        duration_s: seconds(traffic.args.duration),
        client_threads: traffic.thread_count,
        ..bare_run(&traffic.args.common)
    }
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
        window: None,
        conns: 0,
        senders: 0,
        receivers_per_message: 0,
        size_bytes: 0,
        ack: None,
        warmup_s: 0.0,
        duration_s: 0.0,
        client_threads: crate::run::threads(common),
    }
}

fn counts(tally: &Tally, settings: &Settings) -> CountsReport {
    let counts = tally.counts;
    let unanswered = if settings.ack.is_some() { counts.unanswered() } else { 0 };
    CountsReport { counts, lost: counts.lost(settings.receivers.into()), unanswered }
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

fn tool_build() -> String {
    if cfg!(debug_assertions) { "debug" } else { "release" }.into()
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
