//! `sim --seeds N [--from S]` runs N worlds; `sim --seed S` replays one;
//! with `CHASQUI_SIM_TRACE=1` it tells what happens.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

use chasqui_sim::{Report, run_traced};

const USAGE: &str = "usage: sim --seeds N [--from S] | sim --seed S";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match parse(&args) {
        Some((from, seeds)) => worlds(from, seeds),
        None => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn parse(args: &[String]) -> Option<(u64, u64)> {
    let (mut from, mut seeds) = (0, None);
    for pair in args.chunks(2) {
        let [name, value] = pair else { return None };
        let value: u64 = value.parse().ok()?;
        match name.as_str() {
            "--seeds" => seeds = Some(value),
            "--from" => from = value,
            "--seed" => (from, seeds) = (value, Some(1)),
            _ => return None,
        }
    }
    seeds.map(|seeds| (from, seeds))
}

fn worlds(from: u64, seeds: u64) -> ExitCode {
    let started = Instant::now();
    let trace = std::env::var_os("CHASQUI_SIM_TRACE").is_some();
    let mut total = Report::default();
    let mut failed = 0u64;
    for seed in from..from + seeds {
        match catch_unwind(AssertUnwindSafe(|| run_traced(seed, trace))) {
            Ok(report) => add(&mut total, report),
            Err(_) => {
                failed += 1;
                eprintln!("seed {seed} failed; replay it with: cargo xtask sim --seed {seed}");
            }
        }
    }
    for (name, count) in total.seen.all() {
        println!("{count:>12} {name}");
    }
    let seconds = started.elapsed().as_secs_f64();
    println!("{seeds} worlds, {} virtual seconds, in {seconds:.1} s", total.virtual_ms / 1_000);
    println!("{} passed, {failed} failed", seeds - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn add(total: &mut Report, report: Report) {
    total.seen.add(&report.seen);
    total.virtual_ms += report.virtual_ms;
}
