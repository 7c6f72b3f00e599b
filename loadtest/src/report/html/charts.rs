//! The plots of a report.

use super::axis::Scale;
use super::plot::{Axis, Plot, Series};
use super::text::{grouped, latency};
use crate::account::LatencyUs;
use crate::report::{Distribution, StepReport, TimePoint};

/// Latency by percentile, on an axis that shows the tail.
pub fn percentiles(distribution: &Distribution) -> String {
    let points = &distribution.points;
    // The last quantile is 1, which is nowhere on this axis: it stands where its one sample is.
    let samples = points.last().map_or(1, |point| point.count).max(10) as f64;
    let at = |quantile: f64| quantile.min(1.0 - 1.0 / samples);
    let line = points.iter().map(|point| Some((at(point.quantile), point.us))).collect();
    let plot = Plot {
        description: "delivery latency by percentile",
        x: Axis { scale: Scale::Nines { nines: samples.log10().max(2.0) }, label: "percentile", text: percent },
        y: latency_axis(points.iter().map(|point| point.us)),
        series: vec![Series { name: "delivery", colour: 0, points: line, dots: false }],
    };
    plot.svg()
}

/// Latency over the time of the run.
pub fn over_time(timeline: &[TimePoint]) -> String {
    let full = || timeline.iter().filter(|point| point.delivered > 0);
    let of = |value: fn(&TimePoint) -> f64| {
        let place = |point: &TimePoint| (middle(point), value(point));
        timeline.iter().map(|point| (point.delivered > 0).then(|| place(point))).collect()
    };
    let plot = Plot {
        description: "delivery latency over time",
        x: time_axis(timeline),
        y: latency_axis(full().flat_map(|point| [point.p50, point.max])),
        series: vec![
            Series { name: "max", colour: 2, points: of(|point| point.max), dots: false },
            Series { name: "p99", colour: 1, points: of(|point| point.p99), dots: false },
            Series { name: "p50", colour: 0, points: of(|point| point.p50), dots: false },
        ],
    };
    plot.svg()
}

/// Deliveries over the time of the run.
pub fn deliveries(timeline: &[TimePoint]) -> String {
    let rate = |point: &TimePoint| point.delivered as f64 / point.seconds.max(1) as f64;
    let most = timeline.iter().map(rate).fold(0.0, f64::max);
    let line = timeline.iter().map(|point| Some((middle(point), rate(point)))).collect();
    let plot = Plot {
        description: "deliveries over time",
        x: time_axis(timeline),
        y: Axis { scale: Scale::linear_to(most * 1.05), label: "deliveries/s", text: grouped },
        series: vec![Series { name: "deliveries/s", colour: 0, points: line, dots: false }],
    };
    plot.svg()
}

/// Latency by load, in the order of the load.
pub fn ladder(steps: &[StepReport]) -> String {
    let place = |step: &StepReport| Some((step.throughput?.sent_per_second, step.latency_us?.delivery));
    let mut rungs: Vec<(f64, LatencyUs)> = steps.iter().filter_map(place).collect();
    rungs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let series = |name, colour, value: fn(&LatencyUs) -> f64| {
        let points = rungs.iter().map(|(rate, latency)| Some((*rate, value(latency)))).collect();
        Series { name, colour, points, dots: true }
    };
    let most = rungs.last().map_or(1.0, |(rate, _)| *rate);
    let plot = Plot {
        description: "delivery latency by load",
        x: Axis { scale: Scale::linear_to(most), label: "messages sent a second", text: grouped },
        y: latency_axis(rungs.iter().flat_map(|(_, latency)| [latency.p50, latency.p999])),
        series: vec![
            series("p99.9", 2, |latency| latency.p999),
            series("p99", 1, |latency| latency.p99),
            series("p50", 0, |latency| latency.p50),
        ],
    };
    plot.svg()
}

fn middle(point: &TimePoint) -> f64 {
    point.from_s as f64 + point.seconds as f64 / 2.0
}

fn time_axis(timeline: &[TimePoint]) -> Axis<'static> {
    let to = timeline.last().map_or(1, |point| point.from_s + point.seconds) as f64;
    let text = |value: f64| format!("{value} s");
    Axis { scale: Scale::Linear { from: 0.0, to }, label: "since the measurement began", text }
}

fn latency_axis(values: impl Iterator<Item = f64>) -> Axis<'static> {
    Axis { scale: Scale::log_around(values), label: "latency", text: latency }
}

fn percent(quantile: f64) -> String {
    let text = format!("{:.5}", quantile * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}
