//! How hard others pressed for the machine's CPUs while something was measured.

use std::fs;

use serde::{Deserialize, Serialize};

/// Counters of the whole machine; absent where the kernel does not tell.
#[derive(Clone, Copy, Debug)]
pub struct PressureReading {
    at: crate::clock::Nanos,
    /// Microseconds in which some task waited for a CPU.
    stalled_us: Option<u64>,
    /// Ticks in all, and of them those that the hypervisor gave to others.
    ticks: Option<(u64, u64)>,
    load: Option<f64>,
}

/// Between two readings.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Pressure {
    /// The part of the time in which some task of the machine waited for a CPU.
    pub cpu_some: Option<f64>,
    /// The part of the CPU time that the hypervisor gave to others.
    pub steal: Option<f64>,
    /// The one-minute load average before and after.
    pub load_before: Option<f64>,
    pub load_after: Option<f64>,
}

impl PressureReading {
    pub fn now() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Self {
            at: crate::clock::now(),
            stalled_us: some_total(&read("/proc/pressure/cpu")),
            ticks: ticks(&read("/proc/stat")),
            load: read("/proc/loadavg").split_whitespace().next().and_then(|load| load.parse().ok()),
        }
    }

    pub fn to(&self, later: &Self) -> Pressure {
        let wall_us = later.at.saturating_sub(self.at) / 1_000;
        let stalled_us = later.stalled_us.zip(self.stalled_us).map(|(later, earlier)| later.saturating_sub(earlier));
        let ticks = later.ticks.zip(self.ticks);
        let ticks =
            ticks.map(|(later, earlier)| (later.0.saturating_sub(earlier.0), later.1.saturating_sub(earlier.1)));
        Pressure {
            cpu_some: stalled_us.and_then(|stalled| part(stalled, wall_us)),
            steal: ticks.and_then(|(all, stolen)| part(stolen, all)),
            load_before: self.load,
            load_after: later.load,
        }
    }
}

fn part(of: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| of as f64 / whole as f64)
}

fn some_total(pressure: &str) -> Option<u64> {
    let line = pressure.lines().find(|line| line.starts_with("some"))?;
    line.split_whitespace().find_map(|field| field.strip_prefix("total="))?.parse().ok()
}

/// All but the last two of the first line's numbers, which are counted among the first two; steal is the eighth.
fn ticks(stat: &str) -> Option<(u64, u64)> {
    let numbers: Vec<u64> = stat.lines().next()?.split_whitespace().skip(1).filter_map(|n| n.parse().ok()).collect();
    let numbers = numbers.get(..8)?;
    Some((numbers.iter().sum(), numbers[7]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_of_what_passed_between() {
        let before = PressureReading { at: 0, stalled_us: Some(100), ticks: Some((1_000, 10)), load: Some(1.5) };
        let after = PressureReading { at: 1_000_000, stalled_us: Some(350), ticks: Some((1_200, 20)), load: Some(2.0) };
        let (load_before, load_after) = (Some(1.5), Some(2.0));
        let expected = Pressure { cpu_some: Some(0.25), steal: Some(0.05), load_before, load_after };
        assert_eq!(before.to(&after), expected);
    }

    #[test]
    fn the_kernel_s_texts_are_read() {
        assert_eq!(some_total("some avg10=1.0 avg60=0.5 total=77\nfull avg10=0.0 total=5\n"), Some(77));
        assert_eq!(ticks("cpu  1 2 3 4 5 6 7 8 100 100\ncpu0 9\n"), Some((36, 8)));
        assert_eq!((some_total(""), ticks("cpu 1 2")), (None, None));
    }
}
