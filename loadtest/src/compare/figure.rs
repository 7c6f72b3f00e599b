//! The figures that are compared.

use crate::report::Report;

#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Figure {
    /// CPU time of the server for each delivery
    Cpu,
    /// Half of the deliveries came within
    P50,
    /// 99 of 100 deliveries came within
    P99,
    /// Deliveries a second
    Throughput,
}

impl Figure {
    pub const ALL: [Self; 4] = [Self::Cpu, Self::P50, Self::P99, Self::Throughput];

    pub fn label(self) -> &'static str {
        match self {
            Self::Cpu => "CPU us a delivery",
            Self::P50 => "p50 us",
            Self::P99 => "p99 us",
            Self::Throughput => "deliveries/s",
        }
    }

    /// None where it was not measured.
    pub fn of(self, report: &Report) -> Option<f64> {
        let delivery = report.latency_us.as_ref().map(|latencies| latencies.delivery).filter(|it| it.samples > 0);
        let value = match self {
            // Seconds a million are microseconds each.
            Self::Cpu => report.server.cpu_seconds_per_million_deliveries,
            Self::P50 => delivery.map(|delivery| delivery.p50),
            Self::P99 => delivery.map(|delivery| delivery.p99),
            Self::Throughput => report.throughput.map(|throughput| throughput.delivered_per_second),
        };
        // A ratio to nothing is nothing.
        value.filter(|value| *value > 0.0)
    }

    /// How much worse something is that is `ratio` times as much: 0.1 is 10 % worse, below 0 is better.
    pub fn worse_by(self, ratio: f64) -> f64 {
        match self {
            Self::Throughput => 1.0 / ratio - 1.0,
            Self::Cpu | Self::P50 | Self::P99 => ratio - 1.0,
        }
    }

    pub fn text(self, value: f64) -> String {
        match self {
            Self::Cpu => format!("{value:.2}"),
            Self::P50 | Self::P99 | Self::Throughput => format!("{value:.0}"),
        }
    }
}
