//! Several rates, one after the other: a ladder of given ones, or a search for the highest that keeps a goal.
//!
//! Promise: the books of a step are closed when everything of it has arrived, or nothing does any more; what comes
//! later still is counted as late, never as a later step's.

use anyhow::ensure;

use super::live::Live;
use super::rig::Rig;
use super::search::Search;
use crate::account::Tally;
use crate::cli::{LoadArgs, Slo};
use crate::report::{self, Report, Steps};
use crate::scenario::Scenario;
use crate::worker::Load;

type Plan<'a> = &'a dyn Fn(u64) -> anyhow::Result<Scenario>;

/// One step for each rate, over the same connections.
pub(super) fn ladder(args: &LoadArgs, plan: Plan<'_>) -> anyhow::Result<Report> {
    let rig = connect(args, plan)?;
    let mut steps = Steps::default();
    for rate in &args.steps.rate_ladder {
        let report = step(&rig, args, *rate)?;
        let broken = is_broken(&report);
        tell(&steps.add(*rate, report, &[]));
        if broken {
            steps.broke_off(*rate);
            break;
        }
    }
    let rest = rig.finish()?;
    Ok(steps.into_ladder(&rest))
}

/// Tries rates until the limit is known. A step that ends connections is followed by one with new ones.
pub(super) fn find_max(args: &LoadArgs, plan: Plan<'_>) -> anyhow::Result<Report> {
    let mut search = Search::from(args.traffic.rate);
    let (mut steps, mut rest) = (Steps::default(), Tally::default());
    let mut rig = connect(args, plan)?;
    while let Some(rate) = search.next() {
        let report = step(&rig, args, rate)?;
        let broken = is_broken(&report);
        let added = steps.add(rate, report, &args.steps.slo);
        search.tried(rate, added.passed);
        tell(&added);
        if broken {
            // Connections that ended are booked by the step.
            rig.finish()?;
            rig = connect(args, plan)?;
        }
    }
    rest.merge(&rig.finish()?);
    let slo = args.steps.slo.iter().map(Slo::to_string).collect();
    Ok(steps.into_search(&rest, slo, search.found()))
}

fn connect(args: &LoadArgs, plan: Plan<'_>) -> anyhow::Result<Rig> {
    ensure!(!args.traffic.duration.is_zero(), "--duration must not be zero");
    Rig::connect(&args.traffic, plan, None)
}

fn step(rig: &Rig, args: &LoadArgs, rate: u64) -> anyhow::Result<Report> {
    let load = Load::Open { rate };
    let measured = rig.load(load, &args.traffic, &mut Live::new(rig.progress()))?;
    let tally = rig.collect()?;
    Ok(report::of_traffic(&report::Traffic { about: &rig.about, load, args: &args.traffic, measured, tally: &tally }))
}

/// Connections are missing, so a later step would say nothing of its rate.
fn is_broken(report: &Report) -> bool {
    report.counts.counts.disconnected > 0
}

/// Told as it comes, for a ladder takes minutes.
fn tell(step: &report::StepReport) {
    println!("{}", report::step_line(step));
}
