//! What the relay's own counters say of the measured span.

use serde::{Deserialize, Serialize};

use super::terminal::grouped;
use crate::probe::Counters;

/// Each absent where the relay does not count it.
#[derive(Clone, Copy, PartialEq, Default, Debug, Serialize, Deserialize)]
pub struct CounterReport {
    pub frames_in: Option<u64>,
    pub frames_out: Option<u64>,
    /// Those of the frames that came, or went, as datagrams.
    pub datagrams_in: Option<u64>,
    pub datagrams_out: Option<u64>,
    pub writes: Option<u64>,
    pub bytes_out: Option<u64>,
    pub wakeups: Option<u64>,
    pub turns: Option<u64>,
    /// Acks and all else that is sent are frames, too.
    pub frames_per_write: Option<f64>,
    pub writes_per_delivery: Option<f64>,
    pub wakeups_per_delivery: Option<f64>,
    pub turns_per_delivery: Option<f64>,
    pub bytes_out_per_delivery: Option<f64>,
}

impl CounterReport {
    pub fn of(counters: &Counters, delivered: u64) -> Self {
        let Counters { frames_in, frames_out, datagrams_in, datagrams_out, writes, bytes_out, wakeups, turns } =
            *counters;
        let per_delivery = |count: Option<u64>| ratio(count, Some(delivered));
        Self {
            frames_in,
            frames_out,
            datagrams_in,
            datagrams_out,
            writes,
            bytes_out,
            wakeups,
            turns,
            frames_per_write: ratio(frames_out, writes),
            writes_per_delivery: per_delivery(writes),
            wakeups_per_delivery: per_delivery(wakeups),
            turns_per_delivery: per_delivery(turns),
            bytes_out_per_delivery: per_delivery(bytes_out),
        }
    }

    /// For people; empty if nothing is known.
    pub fn line(&self) -> String {
        let parts = [
            ("frames per write", self.frames_per_write),
            ("writes per delivery", self.writes_per_delivery),
            ("wakeups per delivery", self.wakeups_per_delivery),
            ("turns per delivery", self.turns_per_delivery),
        ];
        let known = parts.iter().filter_map(|(name, value)| value.map(|value| format!("{value:.3} {name}")));
        let datagrams = [("datagrams in", self.datagrams_in), ("datagrams out", self.datagrams_out)];
        let some = datagrams.iter().filter_map(|(name, count)| count.map(|count| (name, count)));
        let some = some.filter(|(_, count)| *count > 0).map(|(name, count)| format!("{} {name}", grouped(count)));
        known.chain(some).collect::<Vec<_>>().join(", ")
    }
}

fn ratio(of: Option<u64>, to: Option<u64>) -> Option<f64> {
    let to = to.filter(|to| *to > 0)?;
    Some(of? as f64 / to as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_need_both_counts() {
        let counters = Counters { frames_out: Some(300), writes: Some(100), ..Counters::default() };
        let report = CounterReport::of(&counters, 200);
        assert_eq!((report.frames_per_write, report.writes_per_delivery), (Some(3.0), Some(0.5)));
        assert_eq!(report.line(), "3.000 frames per write, 0.500 writes per delivery");
        let typing = Counters { datagrams_in: Some(0), datagrams_out: Some(1_200), ..Counters::default() };
        assert_eq!(CounterReport::of(&typing, 200).line(), "1,200 datagrams out");
        assert_eq!(CounterReport::of(&Counters::default(), 200).line(), "");
        assert_eq!(CounterReport::of(&counters, 0).writes_per_delivery, None);
    }
}
