//! One thread's counts and histograms, and their sum.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::Timeline;
use crate::clock::Nanos;

/// Beyond it a latency is recorded as this; a minute says enough.
pub(super) const LATENCY_NS_MAX: u64 = 60_000_000_000;
/// Two digits more than anybody reads.
const SIGNIFICANT_DIGITS: u8 = 3;

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Counts {
    pub sent: u64,
    pub acked: u64,
    /// Answered with an error instead of an ack.
    pub refused: u64,
    /// Went to a server that answers nothing.
    pub unasked: u64,
    /// Deliveries due: of each message that was not refused, its receivers.
    pub expected: u64,
    /// Distinct (message, receiver).
    pub delivered: u64,
    pub duplicated: u64,
    pub out_of_order: u64,
    /// Came longer after they were due than the run allows, or when their step was over; the latter count as lost,
    /// too.
    pub late: u64,
    /// Reached somebody they were not meant for.
    pub misdelivered: u64,
    /// Connections that ended before the run did.
    pub disconnected: u64,
    /// Connections that stopped reading and were ended by the server for it.
    pub cut: u64,
    /// Connections dropped on purpose.
    pub dropped: u64,
    /// Sessions begun, or begun again and caught up, in the course of the load.
    pub connected: u64,
    /// Attempts at it that failed.
    pub connect_failed: u64,
}

#[derive(Clone, Debug)]
pub struct Tally {
    pub counts: Counts,
    pub delivery: Histogram<u64>,
    /// Of deliveries.
    pub timeline: Timeline,
    pub ack: Histogram<u64>,
    /// Of sessions begun in the course of the load.
    pub connect: Histogram<u64>,
    pub send_lag: Histogram<u64>,
    /// The first thing that went wrong, for people.
    pub trouble: Option<String>,
}

/// A histogram as it is reported, in microseconds.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct LatencyUs {
    pub samples: u64,
    pub mean: f64,
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub p999: f64,
    pub p9999: f64,
    pub max: f64,
}

impl Default for Tally {
    fn default() -> Self {
        let empty = || {
            Histogram::new_with_bounds(1, LATENCY_NS_MAX, SIGNIFICANT_DIGITS).expect("the bounds and digits are valid")
        };
        let (delivery, ack, connect, send_lag) = (empty(), empty(), empty(), empty());
        let timeline = Timeline::default();
        Self { counts: Counts::default(), delivery, timeline, ack, connect, send_lag, trouble: None }
    }
}

impl Tally {
    pub fn trouble(&mut self, what: impl FnOnce() -> String) {
        self.trouble.get_or_insert_with(what);
    }

    /// Adds another thread's.
    pub fn merge(&mut self, other: &Tally) {
        self.counts.merge(&other.counts);
        for (own, others) in [
            (&mut self.delivery, &other.delivery),
            (&mut self.ack, &other.ack),
            (&mut self.connect, &other.connect),
            (&mut self.send_lag, &other.send_lag),
        ] {
            own.add(others).expect("histograms of one kind have the same bounds");
        }
        self.timeline.merge(&other.timeline);
        self.trouble = self.trouble.take().or_else(|| other.trouble.clone());
    }
}

impl Counts {
    pub fn merge(&mut self, other: &Counts) {
        self.sent += other.sent;
        self.acked += other.acked;
        self.refused += other.refused;
        self.unasked += other.unasked;
        self.expected += other.expected;
        self.delivered += other.delivered;
        self.duplicated += other.duplicated;
        self.out_of_order += other.out_of_order;
        self.late += other.late;
        self.misdelivered += other.misdelivered;
        self.disconnected += other.disconnected;
        self.cut += other.cut;
        self.dropped += other.dropped;
        self.connected += other.connected;
        self.connect_failed += other.connect_failed;
    }

    /// Deliveries that never came.
    pub fn lost(&self) -> u64 {
        self.expected.saturating_sub(self.delivered)
    }

    /// Sends without any answer.
    pub fn unanswered(&self) -> u64 {
        self.sent.saturating_sub(self.acked + self.refused + self.unasked)
    }
}

/// Records the time from `due` to `now`.
pub(crate) fn record(histogram: &mut Histogram<u64>, due: Nanos, now: Nanos) {
    histogram.saturating_record(now.saturating_sub(due).max(1));
}

impl LatencyUs {
    pub fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile: f64| us(histogram.value_at_quantile(quantile));
        Self {
            samples: histogram.len(),
            mean: histogram.mean() / 1_000.0,
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            p9999: at(0.9999),
            max: us(histogram.max()),
        }
    }
}

pub(crate) fn us(nanos: u64) -> f64 {
    nanos as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_tallies_keep_every_count_and_sample() {
        let mut sum = Tally::default();
        for (sent, latency) in [(3, 1_000), (4, 9_000)] {
            let counts = Counts { sent, acked: sent, expected: sent * 2, delivered: sent * 2 - 1, ..Counts::default() };
            let mut tally = Tally { counts, ..Tally::default() };
            record(&mut tally.delivery, 500, 500 + latency);
            tally.trouble(|| format!("trouble {sent}"));
            sum.merge(&tally);
        }
        assert_eq!((sum.counts.sent, sum.counts.lost(), sum.counts.unanswered()), (7, 2, 0));
        assert_eq!(sum.trouble.as_deref(), Some("trouble 3"));
        let latency = LatencyUs::of(&sum.delivery);
        assert_eq!((latency.samples, latency.max.round(), latency.p50.round()), (2, 9.0, 1.0));
    }
}
