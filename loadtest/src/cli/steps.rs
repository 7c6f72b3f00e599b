//! Several rates in one run.

use std::time::Duration;

use clap::Args;

use super::TrafficArgs;
use super::values::{duration, rate};

/// A load that may be made at several rates.
#[derive(Debug, Clone, Args)]
pub struct LoadArgs {
    #[command(flatten)]
    pub traffic: TrafficArgs,
    #[command(flatten)]
    pub steps: StepArgs,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Several rates")]
pub struct StepArgs {
    /// One step of --warmup and --duration for each rate, over the same connections, and a row for each
    #[arg(long, value_name = "5k,20k", value_delimiter = ',', value_parser = rate, conflicts_with_all = ["rate", "window", "find_max", "hgrm"])]
    pub rate_ladder: Vec<u64>,
    /// Looks for the highest rate that keeps --slo: doubles from --rate until a step fails, then halves the gap down to
    /// 5 %. A step that loses anything, or whose client was too busy to be believed, has failed
    #[arg(long, conflicts_with_all = ["window", "hgrm"], requires = "slo")]
    pub find_max: bool,
    /// What a step must keep, such as p99=5ms or ack-p99=20ms; several are separated by commas. Percentiles: p50, p90,
    /// p99, p99.9, p99.99, max; of the delivery, or with ack- of the ack. The client's own lag counts in
    #[arg(long, value_name = "GOAL", value_delimiter = ',', requires = "find_max")]
    pub slo: Vec<Slo>,
}

/// A bound on one percentile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slo {
    pub of: Measure,
    pub percentile: Percentile,
    pub at_most: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    Delivery,
    Ack,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Percentile {
    P50,
    P90,
    P99,
    P999,
    P9999,
    Max,
}

impl Percentile {
    const NAMES: [(&str, Self); 8] = [
        ("p50", Self::P50),
        ("p90", Self::P90),
        ("p99", Self::P99),
        ("p99.9", Self::P999),
        ("p99.99", Self::P9999),
        ("max", Self::Max),
        ("p999", Self::P999),
        ("p9999", Self::P9999),
    ];
}

impl std::str::FromStr for Slo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || "such as p99=5ms or ack-p99=20ms".to_owned();
        let (name, time) = text.split_once('=').ok_or_else(wanted)?;
        let (of, name) = match name.strip_prefix("ack-") {
            Some(name) => (Measure::Ack, name),
            None => (Measure::Delivery, name),
        };
        let found = Percentile::NAMES.iter().find(|(known, _)| *known == name);
        Ok(Self { of, percentile: found.ok_or_else(wanted)?.1, at_most: duration(time)? })
    }
}

impl std::fmt::Display for Slo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of = if self.of == Measure::Ack { "ack-" } else { "" };
        let name = Percentile::NAMES.iter().find(|(_, known)| *known == self.percentile).map_or("", |found| found.0);
        write!(f, "{of}{name}={:?}", self.at_most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_are_read_and_told_alike() {
        for (text, told) in [("p99=5ms", "p99=5ms"), ("ack-p999=20ms", "ack-p99.9=20ms"), ("max=1s", "max=1s")] {
            assert_eq!(text.parse::<Slo>().unwrap().to_string(), told);
        }
        for bad in ["p99", "p98=5ms", "p99=5", "=5ms"] {
            assert!(bad.parse::<Slo>().is_err(), "{bad}");
        }
    }
}
