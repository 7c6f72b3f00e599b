//! Several steps in one report.

use serde::{Deserialize, Serialize};

use super::{ClientCost, CountsReport, Latencies, Report, ServerCost, Throughput, Verdict};
use crate::account::{LatencyUs, Tally};
use crate::cli::{Measure, Percentile, Slo};
use crate::probe::Pressure;

/// One rate and what it has shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StepReport {
    pub rate: u64,
    /// Nothing went wrong, the client had CPU to spare, and every goal was kept.
    pub passed: bool,
    /// Why not.
    pub failures: Vec<String>,
    pub counts: CountsReport,
    pub latency_us: Option<Latencies>,
    pub throughput: Option<Throughput>,
    pub server: ServerCost,
    pub client: Option<ClientCost>,
    pub pressure: Option<Pressure>,
    pub verdict: Verdict,
}

/// A search for the highest rate that keeps the goals.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SearchReport {
    pub slo: Vec<String>,
    /// None: no rate did.
    pub found_rate: Option<u64>,
}

/// The steps so far.
#[derive(Default, Debug)]
pub struct Steps {
    reports: Vec<Report>,
    steps: Vec<StepReport>,
    broke_off: Option<u64>,
}

impl StepReport {
    fn of(rate: u64, report: &Report, slos: &[Slo]) -> Self {
        let mut failures = report.verdict.failures.clone();
        if !report.verdict.valid {
            failures.extend(report.verdict.doubts.iter().map(|doubt| format!("cannot be believed: {doubt}")));
        }
        failures.extend(slos.iter().filter_map(|slo| missed(slo, report.latency_us.as_ref())));
        Self {
            rate,
            passed: failures.is_empty(),
            failures,
            counts: report.counts.clone(),
            latency_us: report.latency_us,
            throughput: report.throughput,
            server: report.server,
            client: report.client,
            pressure: report.pressure,
            verdict: report.verdict.clone(),
        }
    }
}

/// Latencies count from when a message was due, so the client's own lag is in them: a goal that is kept is kept, and
/// one that is missed may be the client's miss. Both are fair to a search for what is sure.
fn missed(slo: &Slo, latencies: Option<&Latencies>) -> Option<String> {
    let latencies = latencies?;
    let of = if slo.of == Measure::Ack { &latencies.ack } else { &latencies.delivery };
    let us = percentile(of, slo.percentile);
    (us > slo.at_most.as_secs_f64() * 1e6).then(|| format!("{slo} is missed with {us:.0} us"))
}

fn percentile(latency: &LatencyUs, percentile: Percentile) -> f64 {
    match percentile {
        Percentile::P50 => latency.p50,
        Percentile::P90 => latency.p90,
        Percentile::P99 => latency.p99,
        Percentile::P999 => latency.p999,
        Percentile::P9999 => latency.p9999,
        Percentile::Max => latency.max,
    }
}

impl Steps {
    pub fn add(&mut self, rate: u64, report: Report, slos: &[Slo]) -> StepReport {
        let step = StepReport::of(rate, &report, slos);
        self.steps.push(step.clone());
        self.reports.push(report);
        step
    }

    /// No step can follow the one at this rate.
    pub fn broke_off(&mut self, rate: u64) {
        self.broke_off = Some(rate);
    }

    /// A ladder passes if all its steps do; `rest` is what was booked after the last. Figures stand with the steps alone.
    ///
    /// # Panics
    /// Without a step.
    pub fn into_ladder(self, rest: &Tally) -> Report {
        let counts = self.all_counts(rest);
        let mut verdict = Verdict::of_counts(&CountsReport::of(&rest.counts), false);
        for step in &self.steps {
            let failures = step.failures.iter().map(|failure| format!("at {}/s: {failure}", step.rate));
            verdict.failures.extend(failures);
        }
        verdict
            .failures
            .extend(self.broke_off.map(|rate| format!("connections ended at {rate}/s, so it stopped there")));
        verdict.passed = verdict.failures.is_empty();
        verdict.valid = self.steps.iter().all(|step| step.verdict.valid);
        verdict.latency_valid = self.steps.iter().all(|step| step.verdict.latency_valid);
        let mut whole = self.reports.into_iter().next_back().expect("a ladder has a step");
        whole.run.rate = None;
        let (latency_us, throughput, client) = (None, None, None);
        Report {
            counts,
            latency_us,
            throughput,
            client,
            distribution: None,
            timeline: Vec::new(),
            server: ServerCost::default(),
            verdict,
            steps: self.steps,
            ..whole
        }
    }

    /// A search passes if it has found a rate, and shows that step's figures as its own.
    ///
    /// # Panics
    /// Without a step.
    pub fn into_search(self, rest: &Tally, slo: Vec<String>, found_rate: Option<u64>) -> Report {
        let counts = CountsReport::of(&rest.counts);
        let shown = self.steps.iter().rposition(|step| Some(step.rate) == found_rate);
        let shown = shown.unwrap_or(self.steps.len() - 1);
        let mut whole = self.reports.into_iter().nth(shown).expect("a search has a step");
        if found_rate.is_none() {
            whole.verdict.failures.push("no rate keeps the goals".into());
        }
        // After the last step there is nothing left to go wrong but what comes twice or ends.
        whole.verdict.failures.extend(Verdict::of_counts(&counts, false).failures);
        whole.verdict.passed = whole.verdict.failures.is_empty();
        Report { steps: self.steps, search: Some(SearchReport { slo, found_rate }), ..whole }
    }

    fn all_counts(&self, rest: &Tally) -> CountsReport {
        let mut sum = rest.counts;
        self.steps.iter().for_each(|step| sum.merge(&step.counts.counts));
        let lost_allowed = self.steps.iter().map(|step| step.counts.lost_allowed).sum();
        CountsReport { lost_allowed, ..CountsReport::of(&sum) }
    }
}
