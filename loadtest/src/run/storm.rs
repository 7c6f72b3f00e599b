//! Everybody comes at once: sessions opened at a given rate, each timed from when it was due.

use std::sync::Arc;
use std::time::Duration;

use super::live::{Live, Watch};
use super::reading::Reading;
use super::rig::drain;
use super::{quiet_settings, threads};
use crate::cli::StormArgs;
use crate::clock::{self, NANOS_PER_SECOND, Span, nanos};
use crate::probe::rss_kib;
use crate::report::{self, About, Measured, Report};
use crate::scenario;
use crate::worker::{Crew, Load, Settings, Step, Timing};

/// From the announcement to the first connection, so that every thread has heard.
const LEAD: Duration = Duration::from_millis(50);

pub(super) fn run(args: &StormArgs) -> anyhow::Result<Report> {
    let quiet = quiet_settings(&args.common)?;
    let (arrivals, seed) = (args.arrivals.arrivals, args.arrivals.seed);
    let settings = Arc::new(Settings { arrivals, seed, ..quiet });
    let scenario = scenario::Scenario { name: "connect-storm", ..scenario::idle(settings.run, args.conns as usize) };
    let about = About::of(&scenario, threads(&args.common));
    let crew = Crew::assemble(&settings, scenario.deal(about.thread_count))?;
    let progress = &settings.progress;
    let rss = || args.common.server_pid.map(rss_kib).transpose();
    let rss_before_kib = rss()?;
    let (base, mut live) = (progress.snapshot(), Live::new(progress));
    let load = Load::Sessions { rate: args.rate, whole: args.conns as usize };
    let timing = timing(args);
    let before = Reading::now(progress, &args.common)?;
    crew.run(Step { load, timing })?;
    live.wait_until(timing.measured.until, progress)?;
    drain(progress, &base);
    let measured = before.to(&Reading::now(progress, &args.common)?);
    let server_rss_kib = rss()?;
    let measured = Measured { server_rss_kib, ..measured };
    let grown = server_rss_kib.zip(rss_before_kib).map(|(after, before)| after as f64 - before as f64);
    let about = About { connect_grown_kib: grown, ..about };
    drop(live);
    let tally = crew.finish()?;
    Ok(report::of_storm(args, &about, load, measured, &tally))
}

/// All of it is measured.
fn timing(args: &StormArgs) -> Timing {
    let start = clock::now() + nanos(LEAD);
    let takes = u128::from(args.conns) * u128::from(NANOS_PER_SECOND) / u128::from(args.rate);
    let until = start.saturating_add(u64::try_from(takes).unwrap_or(u64::MAX));
    Timing { start, measured: Span { from: start, until } }
}
