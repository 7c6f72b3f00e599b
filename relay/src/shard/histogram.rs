//! How long things took, in buckets that a quantile can be read from: four to each doubling.
//!
//! Promise: one thread writes, at the cost of a division by a constant and two stores; any thread reads. Two readings'
//! quantiles can be compared to a quarter of themselves at worst.
//!
//! Limits: what takes less than [`LEAST`] is not told apart, nor is what takes longer than a second.

use std::time::Duration;

use super::stats::Counter;

/// The first bucket's bound.
pub const LEAST: Duration = Duration::from_micros(1);
/// Up to 2^20 microseconds, a second.
const DOUBLINGS: usize = 20;
const STEPS: usize = 4;
/// A quarter of the first bucket; every bound is a whole number of them.
const UNIT_NS: u64 = LEAST.as_nanos() as u64 / STEPS as u64;
/// All with a bound, and one for what is longer.
const BUCKETS: usize = 1 + DOUBLINGS * STEPS + 1;

pub struct Histogram {
    counts: [Counter; BUCKETS],
    sum_ns: Counter,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: std::array::from_fn(|_| Counter::default()), sum_ns: Counter::default() }
    }
}

impl Histogram {
    pub fn record(&self, took: Duration) {
        let ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.counts[bucket(ns)].add(1);
        self.sum_ns.add(ns);
    }

    /// Each bucket's bound in nanoseconds, none for the last, and what was counted in it.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<u64>, u64)> {
        let bound = |index| (index < BUCKETS - 1).then(|| bound_ns(index));
        self.counts.iter().enumerate().map(move |(index, count)| (bound(index), count.get()))
    }

    pub fn sum_ns(&self) -> u64 {
        self.sum_ns.get()
    }
}

/// The bucket whose bound is the least that is not below `ns`.
fn bucket(ns: u64) -> usize {
    let units = ns.saturating_sub(1) / UNIT_NS;
    if units < STEPS as u64 {
        return 0;
    }
    let doubling = (units.ilog2() - STEPS.ilog2()) as usize;
    let step = (units >> doubling) as usize - STEPS;
    (1 + doubling * STEPS + step).min(BUCKETS - 1)
}

fn bound_ns(bucket: usize) -> u64 {
    let Some(index) = bucket.checked_sub(1) else { return STEPS as u64 * UNIT_NS };
    (((STEPS + index % STEPS + 1) as u64) << (index / STEPS)) * UNIT_NS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bound_is_the_last_of_its_bucket() {
        for index in 0..BUCKETS - 1 {
            let bound = bound_ns(index);
            assert_eq!((bucket(bound), bucket(bound + 1)), (index, index + 1), "{bound} ns");
        }
        assert_eq!((bound_ns(0), bound_ns(1), bound_ns(4), bound_ns(5)), (1_000, 1_250, 2_000, 2_500));
        assert_eq!(bound_ns(BUCKETS - 2), (1 << 20) * 1_000);
    }

    #[test]
    fn neighbours_are_a_quarter_apart_at_most() {
        let bounds: Vec<_> = (0..BUCKETS - 1).map(bound_ns).collect();
        assert!(bounds.windows(2).all(|pair| pair[0] < pair[1] && pair[1] * 4 <= pair[0] * 5));
    }

    #[test]
    fn everything_is_counted_once() {
        let histogram = Histogram::default();
        [0, 7, 2_000_000, 3_600_000_000].iter().for_each(|us| histogram.record(Duration::from_micros(*us)));
        let counted: Vec<_> = histogram.buckets().filter(|(_, count)| *count > 0).collect();
        assert_eq!(counted, [(Some(1_000), 1), (Some(7_000), 1), (None, 2)]);
    }
}
