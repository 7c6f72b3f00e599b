//! A run under load: connect, prepare, warm up, measure, let everything arrive, add up.

use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;

use super::{quiet_settings, threads};
use crate::account::Snapshot;
use crate::cli::{Common, TrafficArgs};
use crate::clock::{self, Nanos, Span, nanos};
use crate::probe::{CpuTimes, rss_kib};
use crate::report::{self, Measured, Report};
use crate::scenario::{self, Scenario};
use crate::window::Window;
use crate::worker::{Crew, Load, Settings, Timing};

const PAIRS_CONNS_DEFAULT: usize = 100;
const ROOM_CONNS_DEFAULT: usize = 200;
/// From the announcement of the load to its first message, so that every thread has heard.
const LEAD: Duration = Duration::from_millis(50);
/// What has not come when nothing has come for this long is lost.
const QUIET: Duration = Duration::from_secs(5);
/// After everything has come, so that duplicates can show up.
const SETTLE: Duration = Duration::from_millis(200);
const POLL: Duration = Duration::from_millis(10);

pub(super) fn pairs(args: &TrafficArgs) -> anyhow::Result<Report> {
    let conns = args.conns.unwrap_or(PAIRS_CONNS_DEFAULT);
    run(args, |run| scenario::pairs(run, conns))
}

pub(super) fn room(args: &TrafficArgs, senders: usize) -> anyhow::Result<Report> {
    let conns = args.conns.unwrap_or(ROOM_CONNS_DEFAULT);
    run(args, |run| scenario::room(run, conns, senders))
}

fn run(args: &TrafficArgs, plan: impl Fn(u64) -> anyhow::Result<Scenario>) -> anyhow::Result<Report> {
    ensure!(!args.duration.is_zero(), "--duration must not be zero");
    let settings = quiet_settings(&args.common)?;
    let scenario = plan(settings.run)?;
    let scenario = if args.common.rival.is_some() { scenario.on_floor(settings.run) } else { scenario };
    let settings = Arc::new(loaded(settings, args, &scenario));
    let (name, conns) = (scenario.name, scenario.peers());
    let plans = scenario.deal(threads(&args.common));
    let thread_count = plans.len();
    let crew = Crew::connect(&settings, plans)?;
    crew.prepare()?;
    let (measured, rss) = measure(&crew, &settings, args)?;
    drain(&settings);
    let tally = crew.finish()?;
    Ok(report::of_traffic(report::Traffic {
        name,
        conns,
        thread_count,
        args,
        settings: &settings,
        measured,
        rss,
        tally,
    }))
}

fn loaded(settings: Settings, args: &TrafficArgs, scenario: &Scenario) -> Settings {
    let (load, windows) = match args.window {
        None => (Load::Open { rate: args.rate }, Vec::new()),
        Some(window) => (Load::Closed { window }, (0..scenario.senders).map(|_| Window::new(window)).collect()),
    };
    let (senders, receivers) = (scenario.senders, scenario.receivers);
    let ack = args.common.rival.is_none().then_some(args.ack);
    Settings { load, windows: windows.into(), ack, size: args.size, senders, receivers, ..settings }
}

/// Runs the load and reads clocks and counters at both ends of the measured span.
fn measure(crew: &Crew, settings: &Settings, args: &TrafficArgs) -> anyhow::Result<(Measured, Option<u64>)> {
    let start = clock::now() + nanos(LEAD);
    let from = start + nanos(args.warmup);
    let measured = Span { from, until: from + nanos(args.duration) };
    crew.run(Timing { start, measured })?;
    let before = Reading::at(measured.from, settings, &args.common)?;
    let after = Reading::at(measured.until, settings, &args.common)?;
    Ok((before.to(&after), args.common.server_pid.map(rss_kib).transpose()?))
}

/// Everything that is counted, at one moment.
struct Reading {
    at: Nanos,
    counts: Snapshot,
    own: CpuTimes,
    server: Option<CpuTimes>,
}

impl Reading {
    fn at(at: Nanos, settings: &Settings, common: &Common) -> anyhow::Result<Self> {
        clock::sleep_until(at);
        Ok(Self {
            at: clock::now(),
            counts: settings.progress.snapshot(),
            own: CpuTimes::read(std::process::id())?,
            server: common.server_pid.map(CpuTimes::read).transpose()?,
        })
    }

    fn to(&self, later: &Self) -> Measured {
        Measured {
            wall_ns: later.at - self.at,
            sent: later.counts.sent - self.counts.sent,
            delivered: later.counts.delivered - self.counts.delivered,
            own: later.own.since(&self.own),
            server: later.server.as_ref().zip(self.server.as_ref()).map(|(later, earlier)| later.since(earlier)),
        }
    }
}

/// Waits until everything has arrived, or nothing does any more.
fn drain(settings: &Settings) {
    let Settings { progress, receivers, ack, .. } = settings;
    let (mut last, mut since) = (progress.snapshot(), clock::now());
    while !last.is_complete((*receivers).into(), ack.is_some()) && clock::now() - since < nanos(QUIET) {
        std::thread::sleep(POLL);
        let now = progress.snapshot();
        if now != last {
            (last, since) = (now, clock::now());
        }
    }
    std::thread::sleep(SETTLE);
}
