//! How long the turns of a relay's shards took, by the relay's own histogram.

use std::str::FromStr;

use anyhow::ensure;

use super::MetricsUrl;

const BUCKETS: &str = "chasqui_turn_seconds_bucket{";

/// One shard's, since its start or between two readings.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct TurnTimes {
    /// Upper bounds in microseconds, rising, the last infinite; and how many turns took no longer.
    buckets: Vec<(f64, u64)>,
}

impl TurnTimes {
    /// Of each shard, in order.
    pub fn read(url: &MetricsUrl) -> anyhow::Result<Vec<Self>> {
        let shards = Self::parse(&url.page()?);
        ensure!(!shards.is_empty(), "the server's metrics tell nothing of its turns");
        Ok(shards)
    }

    fn parse(page: &str) -> Vec<Self> {
        let mut shards = Vec::new();
        for (shard, bound_us, count) in page.lines().filter_map(bucket) {
            shards.resize_with(shards.len().max(shard + 1), Self::default);
            shards[shard].buckets.push((bound_us, count));
        }
        shards
    }

    pub fn since(&self, earlier: &Self) -> Self {
        let grown = self.buckets.iter().zip(&earlier.buckets).map(|(now, before)| (now.0, now.1 - before.1));
        Self { buckets: grown.collect() }
    }

    pub fn add(&mut self, other: &Self) {
        if self.buckets.is_empty() {
            self.buckets.clone_from(&other.buckets);
        } else {
            self.buckets.iter_mut().zip(&other.buckets).for_each(|(own, others)| own.1 += others.1);
        }
    }

    pub fn count(&self) -> u64 {
        self.buckets.last().map_or(0, |(_, count)| *count)
    }

    /// In microseconds, as if the turns of a bucket were spread over it evenly; of what has no upper bound, the lower.
    pub fn quantile_us(&self, quantile: f64) -> f64 {
        let rank = quantile * self.count() as f64;
        let (mut from_us, mut below) = (0.0, 0);
        for (until_us, count) in &self.buckets {
            if *count as f64 >= rank && *count > below && until_us.is_finite() {
                let part = (rank - below as f64) / (count - below) as f64;
                return from_us + (until_us - from_us) * part.max(0.0);
            }
            if until_us.is_finite() {
                (from_us, below) = (*until_us, *count);
            }
        }
        from_us
    }
}

/// Shard, bound in microseconds, count.
fn bucket(line: &str) -> Option<(usize, f64, u64)> {
    let (labels, count) = line.strip_prefix(BUCKETS)?.split_once("} ")?;
    let seconds: f64 = label(labels, "le")?;
    Some((label(labels, "shard")?, seconds * 1e6, count.split_whitespace().next()?.parse().ok()?))
}

fn label<T: FromStr>(labels: &str, name: &str) -> Option<T> {
    let named = labels.split(',').find_map(|label| label.strip_prefix(name)?.strip_prefix('='))?;
    named.trim_matches('"').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(counts: [u64; 3]) -> String {
        let bounds = ["0.00001", "0.00002", "+Inf"];
        let lines = bounds.iter().zip(counts).flat_map(|(le, count)| {
            [0, 1].map(|shard| format!("{BUCKETS}shard=\"{shard}\",le=\"{le}\"}} {}\n", count * shard))
        });
        lines.collect()
    }

    #[test]
    fn a_shard_is_read_by_itself_and_what_was_before_is_taken_away() {
        let [before, after] = [[5, 5, 5], [55, 105, 105]].map(|counts| TurnTimes::parse(&page(counts)));
        assert_eq!((after.len(), after[0].count(), after[1].count()), (2, 0, 105));
        let mut turns = after[1].since(&before[1]);
        assert_eq!(turns.count(), 100);
        assert_eq!((turns.quantile_us(0.25).round(), turns.quantile_us(0.75).round()), (5.0, 15.0));
        turns.add(&turns.clone());
        assert_eq!((turns.count(), turns.quantile_us(0.5).round()), (200, 10.0));
    }

    #[test]
    fn what_has_no_bound_is_at_least_the_last() {
        let turns = &TurnTimes::parse(&page([0, 1, 100]))[1];
        assert_eq!((turns.quantile_us(0.99).round(), TurnTimes::default().quantile_us(0.99)), (20.0, 0.0));
    }
}
