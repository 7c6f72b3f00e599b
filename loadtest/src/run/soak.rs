//! A long run with a line a minute, and an eye on the server's memory.

use anyhow::{Context, ensure};

use super::live::Watch;
use super::rig::Rig;
use super::traffic::{mixed_plan, pairs_plan};
use crate::account::{Progress, Snapshot};
use crate::cli::{SoakArgs, SoakLoad};
use crate::clock::{self, Nanos, nanos};
use crate::probe::rss_kib;
use crate::report::{self, Report, Soak, SoakLine};
use crate::scenario::Scenario;
use crate::worker::Load;

const KIB_PER_MIB: u64 = 1024;

pub(super) fn run(args: &SoakArgs) -> anyhow::Result<Report> {
    let traffic = &args.traffic;
    let pid =
        traffic.common.server_pid.context("a soak watches the server's memory: name its process with --server-pid")?;
    ensure!(!args.every.is_zero() && args.every <= traffic.duration, "--every is longer than the run, or zero");
    let load = traffic.window.map_or(Load::Open { rate: traffic.rate }, |window| Load::Closed { window });
    let rig = Rig::connect(traffic, &|run| plan(args, run), None)?;
    let mut lines = Lines::new(pid, nanos(args.every), rig.progress());
    let measured = rig.load(load, traffic, &mut lines)?;
    let about = rig.about.clone();
    let tally = rig.finish()?;
    let traffic = report::Traffic { about: &about, load, args: traffic, measured, tally: &tally };
    let (before_kib, after_kib) = lines.ends().context("the run had no end")?;
    let allowed_kib = args.growth.saturating_mul(KIB_PER_MIB);
    Ok(report::of_soak(&traffic, Soak::of(lines.told, before_kib, after_kib, allowed_kib)))
}

fn plan(args: &SoakArgs, run: u64) -> anyhow::Result<Scenario> {
    let scenario = match args.load {
        SoakLoad::Pairs => pairs_plan(&args.traffic, run)?,
        SoakLoad::Mixed => mixed_plan(&args.traffic, run)?,
    };
    Ok(Scenario { name: "soak", ..scenario })
}

/// Tells a line whenever `every` has passed.
struct Lines {
    pid: u32,
    every: Nanos,
    began: Nanos,
    last: (Nanos, Snapshot),
    told: Vec<SoakLine>,
    /// The server's memory at the end of each wait: of the warm-up, and of what is measured.
    ends_kib: Vec<u64>,
}

impl Lines {
    fn new(pid: u32, every: Nanos, progress: &Progress) -> Self {
        let began = clock::now();
        Self { pid, every, began, last: (began, progress.snapshot()), told: Vec::new(), ends_kib: Vec::new() }
    }

    fn ends(&self) -> Option<(u64, u64)> {
        Some((*self.ends_kib.first()?, *self.ends_kib.last()?))
    }

    fn tell(&mut self, progress: &Progress) -> anyhow::Result<()> {
        let (now, counts) = (clock::now(), progress.snapshot());
        let since = counts.since(&self.last.1);
        let seconds = (now - self.last.0) as f64 / 1e9;
        let line = SoakLine {
            at_s: (now - self.began) as f64 / 1e9,
            sent_per_second: since.sent as f64 / seconds,
            delivered_per_second: since.delivered as f64 / seconds,
            under_way: counts.expected.saturating_sub(counts.delivered),
            refused: counts.refused,
            rss_kib: rss_kib(self.pid)?,
        };
        println!("{}", report::soak_line(&line));
        self.last = (now, counts);
        self.told.push(line);
        Ok(())
    }
}

impl Watch for Lines {
    fn wait_until(&mut self, at: Nanos, progress: &Progress) -> anyhow::Result<()> {
        while self.last.0 + self.every <= at {
            clock::sleep_until(self.last.0 + self.every);
            self.tell(progress)?;
        }
        clock::sleep_until(at);
        self.ends_kib.push(rss_kib(self.pid)?);
        Ok(())
    }
}
