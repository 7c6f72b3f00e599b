//! Connections in their conversations, ready for one load after another.

use std::sync::Arc;
use std::time::Duration;

use super::live::Watch;
use super::reading::Reading;
use super::{quiet_settings, threads};
use crate::account::{Progress, Snapshot, Tally};
use crate::cli::TrafficArgs;
use crate::clock::{self, Nanos, Span, nanos};
use crate::peer::Habit;
use crate::probe::rss_kib;
use crate::report::{About, Measured};
use crate::scenario::Scenario;
use crate::window::Window;
use crate::worker::{Crew, Drops, Load, Settings, Step, Timing};

/// From the announcement of the load to its first message, so that every thread has heard.
const LEAD: Duration = Duration::from_millis(50);
/// What has not come when nothing has come for this long is lost.
const QUIET: Duration = Duration::from_secs(5);
/// After everything has come, so that duplicates can show up.
const SETTLE: Duration = Duration::from_millis(200);
const POLL: Duration = Duration::from_millis(10);

pub(super) struct Rig {
    crew: Crew,
    settings: Arc<Settings>,
    pub about: About,
}

impl Rig {
    /// Connects everybody and brings them into their conversations. `plan` makes the scenario from the run's number.
    pub fn connect(
        args: &TrafficArgs,
        plan: &dyn Fn(u64) -> anyhow::Result<Scenario>,
        drops: Option<Drops>,
    ) -> anyhow::Result<Self> {
        let settings = quiet_settings(&args.common)?;
        let scenario = plan(settings.run)?;
        let scenario = if args.common.rival.is_some() { scenario.on_floor(settings.run) } else { scenario };
        let drops = drops.map(|drops| Drops { peers: scenario.with_habit(Habit::Drops), ..drops });
        let windows = args.window.iter().flat_map(|size| (0..scenario.senders).map(|_| Window::new(*size)));
        let settings = Arc::new(Settings {
            ack: args.ack,
            size: args.size,
            arrivals: args.arrivals.arrivals,
            seed: args.arrivals.seed,
            late_after: args.late_after,
            senders: scenario.senders,
            drops,
            windows: windows.collect(),
            ..settings
        });
        let about = About::of(&scenario, threads(&args.common));
        let rss = || args.common.server_pid.map(rss_kib).transpose();
        let before_kib = rss()?;
        let crew = Crew::connect(&settings, scenario.deal(about.thread_count))?;
        crew.prepare()?;
        let grown_kib = rss()?.zip(before_kib).map(|(after, before)| after as f64 - before as f64);
        Ok(Self { crew, settings, about: About { connect_grown_kib: grown_kib, ..about } })
    }

    /// Makes the load, reads clocks and counters at both ends of the measured span, and lets everything arrive.
    pub fn load(&self, load: Load, args: &TrafficArgs, watch: &mut dyn Watch) -> anyhow::Result<Measured> {
        let progress = self.progress();
        let base = progress.snapshot();
        let timing = timing(clock::now() + nanos(LEAD), args);
        self.crew.run(Step { load, timing })?;
        watch.wait_until(timing.measured.from, progress)?;
        let before = Reading::now(progress, &args.common)?;
        watch.wait_until(timing.measured.until, progress)?;
        let after = Reading::now(progress, &args.common)?;
        let server_rss_kib = args.common.server_pid.map(rss_kib).transpose()?;
        drain(progress, &base);
        Ok(Measured { server_rss_kib, ..before.to(&after) })
    }

    /// Makes a load beside others, over this span, and returns at once.
    pub fn begin(&self, load: Load, measured: Span) -> anyhow::Result<()> {
        self.crew.run(Step { load, timing: Timing { start: measured.from, measured } })
    }

    pub fn progress(&self) -> &Progress {
        &self.settings.progress
    }

    /// The books since the last time.
    pub fn collect(&self) -> anyhow::Result<Tally> {
        self.crew.collect()
    }

    /// Closes all connections; the books of the rest.
    pub fn finish(self) -> anyhow::Result<Tally> {
        self.crew.finish()
    }
}

fn timing(start: Nanos, args: &TrafficArgs) -> Timing {
    let from = start + nanos(args.warmup);
    Timing { start, measured: Span { from, until: from + nanos(args.duration) } }
}

/// Waits until everything since `base` has arrived, or nothing does any more.
pub(super) fn drain(progress: &Progress, base: &Snapshot) {
    let (mut last, mut since) = (progress.snapshot(), clock::now());
    while !last.since(base).is_complete() && clock::now() - since < nanos(QUIET) {
        std::thread::sleep(POLL);
        let now = progress.snapshot();
        if now != last {
            (last, since) = (now, clock::now());
        }
    }
    std::thread::sleep(SETTLE);
}
