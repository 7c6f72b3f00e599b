//! The same run several times: each report, and the spread of the figures that people compare.

use serde::Serialize;

use super::{Latencies, Report};

#[derive(Clone, Debug, Serialize)]
pub struct Repeated {
    pub runs: Vec<Report>,
    pub spread: Vec<Spread>,
    /// All of them did.
    pub passed: bool,
}

/// One figure over all runs that have it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Spread {
    pub name: &'static str,
    pub runs: usize,
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

type Figure = fn(&Report) -> Option<f64>;

/// Latencies of runs whose client was late are left out; so is everything of runs that are not valid.
const FIGURES: [(&str, Figure); 13] = [
    ("delivery p50, us", |report| latency(report, |latencies| latencies.delivery.p50)),
    ("delivery p99, us", |report| latency(report, |latencies| latencies.delivery.p99)),
    ("delivery p99.9, us", |report| latency(report, |latencies| latencies.delivery.p999)),
    ("ack p50, us", |report| latency(report, |latencies| latencies.ack.p50)),
    ("ack p99, us", |report| latency(report, |latencies| latencies.ack.p99)),
    ("connect p99, us", |report| report.connect_us.map(|connect| connect.p99)),
    ("deliveries a second", |report| report.throughput.map(|throughput| throughput.delivered_per_second)),
    ("CPU-s per million deliveries", |report| report.server.cpu_seconds_per_million_deliveries),
    ("server cores", |report| report.server.cores),
    ("frames per write", |report| report.server.counters?.frames_per_write),
    ("wakeups per delivery", |report| report.server.counters?.wakeups_per_delivery),
    ("KiB per connection", |report| report.server.kib_per_connection),
    ("highest rate", |report| report.search.as_ref()?.found_rate.map(|rate| rate as f64)),
];

fn latency(report: &Report, of: fn(&Latencies) -> f64) -> Option<f64> {
    report
        .latency_us
        .as_ref()
        .filter(|latencies| report.verdict.latency_valid && latencies.delivery.samples > 0)
        .map(of)
}

impl Repeated {
    pub fn of(runs: Vec<Report>) -> Self {
        let passed = runs.iter().all(|run| run.verdict.passed);
        let valid: Vec<_> = runs.iter().filter(|run| run.verdict.valid).collect();
        let figure =
            |(name, of): &(&'static str, Figure)| spread(name, valid.iter().filter_map(|run| of(run)).collect());
        let spread = FIGURES.iter().filter_map(figure).collect();
        Self { runs, spread, passed }
    }
}

fn spread(name: &'static str, mut values: Vec<f64>) -> Option<Spread> {
    values.sort_by(f64::total_cmp);
    let (min, max) = (*values.first()?, *values.last()?);
    let middle = values.len() / 2;
    let median = if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 };
    Some(Spread { name, runs: values.len(), median, min, max })
}

/// The spread for people.
pub fn repeated_terminal(repeated: &Repeated) -> String {
    let mut text = format!("{} runs: median (lowest to highest)\n", repeated.runs.len());
    for Spread { name, runs, median, min, max } in &repeated.spread {
        let of = if *runs == repeated.runs.len() { String::new() } else { format!(", of {runs} valid runs") };
        text += &format!("  {name:<30}{median:>12.2}  ({min:.2} to {max:.2}{of})\n");
    }
    text += if repeated.passed { "  passed\n" } else { "  FAILED\n" };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_and_absent_without_values() {
        let of = |values: &[f64]| spread("x", values.to_vec()).map(|found| (found.median, found.min, found.max));
        assert_eq!(of(&[3.0, 1.0, 2.0]), Some((2.0, 1.0, 3.0)));
        assert_eq!(of(&[4.0, 1.0, 2.0, 3.0]), Some((2.5, 1.0, 4.0)));
        assert_eq!(of(&[]), None);
    }
}
