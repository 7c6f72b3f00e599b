//! Latency as curves: its distribution, and its course over the run.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::account::{Timeline, us};

/// Points for each halving of what is left to 100 %, as the other tools of the HdrHistogram family print it.
const TICKS_PER_HALF_DISTANCE: u32 = 5;

/// All of a histogram that a plot can show.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Distribution {
    pub mean_us: f64,
    pub stddev_us: f64,
    /// With rising quantiles; the last is 1 and the maximum.
    pub points: Vec<QuantilePoint>,
}

/// `count` samples, a share of `quantile`, took no longer than `us`.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct QuantilePoint {
    pub quantile: f64,
    pub us: f64,
    pub count: u64,
}

/// What was due within a stretch of the run.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct TimePoint {
    /// Since the measurement began.
    pub from_s: u64,
    pub seconds: u64,
    pub delivered: u64,
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
}

impl Distribution {
    /// None without samples.
    pub fn of(histogram: &Histogram<u64>) -> Option<Self> {
        let mut count = 0;
        let points = histogram.iter_quantiles(TICKS_PER_HALF_DISTANCE).map(|step| {
            count += step.count_since_last_iteration();
            let value = step.value_iterated_to().min(histogram.max());
            QuantilePoint { quantile: step.quantile_iterated_to(), us: us(value), count }
        });
        let points: Vec<_> = points.collect();
        let (mean_us, stddev_us) = (histogram.mean() / 1_000.0, histogram.stdev() / 1_000.0);
        (!points.is_empty()).then_some(Self { mean_us, stddev_us, points })
    }
}

/// One point for each slot, empty ones too.
pub fn timeline(timeline: &Timeline) -> Vec<TimePoint> {
    let seconds = timeline.slot_seconds();
    let point = |(index, slot): (u64, &Histogram<u32>)| {
        let at = |quantile| us(slot.value_at_quantile(quantile));
        let (p50, p99, max) = (at(0.5), at(0.99), us(slot.max()));
        TimePoint { from_s: index * seconds, seconds, delivered: slot.len(), p50, p99, max }
    };
    (0..).zip(timeline.slots()).map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Tally;

    #[test]
    fn a_distribution_rises_to_the_maximum_and_counts_everything() {
        let mut histogram = Tally::default().delivery;
        // Few are slow, and each of them is far from the next.
        (1..=10_000u64).for_each(|n| histogram.record(1_000_000_000 / n).unwrap());
        let distribution = Distribution::of(&histogram).unwrap();
        let points = &distribution.points;
        assert!(points.is_sorted_by(|a, b| a.quantile <= b.quantile && a.us <= b.us && a.count <= b.count));
        let last = points.last().unwrap();
        assert_eq!((last.quantile, last.count), (1.0, 10_000));
        assert!((last.us / 1_000_000.0 - 1.0).abs() < 0.001, "{last:?}");
        assert!(points.iter().any(|point| point.quantile >= 0.999 && point.quantile < 1.0));
        assert_eq!(Distribution::of(&Tally::default().delivery), None);
    }
}
