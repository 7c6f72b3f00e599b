//! A run without load: how much of the server's memory a resting connection takes.

use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, ensure};

use super::{quiet_settings, threads};
use crate::cli::IdleArgs;
use crate::probe::rss_kib;
use crate::report::{self, IdleMemory, Report};
use crate::scenario;
use crate::worker::Crew;

/// Connections made before the first reading, so that what the server allocates once is not counted.
const PRIMING_CONNS: usize = 32;

pub(super) fn run(args: &IdleArgs) -> anyhow::Result<Report> {
    let pid = args.common.server_pid.context("idle reads the server's memory: name its process with --server-pid")?;
    ensure!(args.conns > 0, "--conns must not be zero");
    let priming = connect(args, PRIMING_CONNS)?;
    sleep(settle(args.duration));
    let before_kib = rss_kib(pid)?;
    let crew = connect(args, args.conns)?;
    sleep(args.duration);
    let memory = IdleMemory { before_kib, after_kib: rss_kib(pid)?, conns: args.conns };
    let mut tally = crew.finish()?;
    tally.merge(&priming.finish()?);
    Ok(report::of_idle(args, memory, &tally))
}

/// A short rest is enough where few connections were made.
fn settle(duration: Duration) -> Duration {
    duration.min(Duration::from_secs(2))
}

fn connect(args: &IdleArgs, conns: usize) -> anyhow::Result<Crew> {
    let settings = Arc::new(quiet_settings(&args.common)?);
    let plans = scenario::idle(settings.run, conns).deal(threads(&args.common));
    Crew::connect(&settings, plans)
}
