//! Runs steps one after another. A failed step does not stop the rest: one run tells everything that is wrong.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::steps::Step;

struct Done {
    name: &'static str,
    took: Duration,
    error: Option<String>,
}

/// Runs `steps` and prints the totals as the last line.
pub fn run(steps: &[Step]) -> ExitCode {
    let done: Vec<Done> = steps.iter().map(run_one).collect();
    println!("\n{:-<60}", "");
    for Done { name, took, error } in &done {
        let verdict = error.as_deref().map_or("ok".to_owned(), |error| format!("FAILED: {error}"));
        println!("{name:<12} {:>7.1} s  {verdict}", took.as_secs_f64());
    }
    let failed = done.iter().filter(|it| it.error.is_some()).count();
    println!("steps: {} passed, {failed} failed", done.len() - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run_one(step: &Step) -> Done {
    println!("\n==> {}: {}", step.name, step.about);
    let started = Instant::now();
    let error = (step.run)().err().map(|error| format!("{error:#}"));
    let took = started.elapsed();
    match &error {
        None => println!("<== {}: ok in {:.1} s", step.name, took.as_secs_f64()),
        Some(error) => println!("<== {}: FAILED in {:.1} s: {error}", step.name, took.as_secs_f64()),
    }
    Done { name: step.name, took, error }
}
