//! Everything that is counted, at the two ends of what is measured. Memory is not: reading it walks the server's pages.

use crate::account::{Progress, Snapshot};
use crate::cli::Common;
use crate::clock::{self, Nanos};
use crate::probe::{Counters, CpuTimes, PressureReading};
use crate::report::Measured;

/// One moment.
pub(super) struct Reading {
    at: Nanos,
    counts: Snapshot,
    own: CpuTimes,
    server: Option<CpuTimes>,
    counters: Option<Counters>,
    pressure: PressureReading,
}

impl Reading {
    pub fn now(progress: &Progress, common: &Common) -> anyhow::Result<Self> {
        let metrics = common.metrics.as_ref();
        Ok(Self {
            at: clock::now(),
            counts: progress.snapshot(),
            own: CpuTimes::read(std::process::id())?,
            server: common.server_pid.map(CpuTimes::read).transpose()?,
            counters: metrics.map(|url| url.read()).transpose()?,
            pressure: PressureReading::now(),
        })
    }

    pub fn to(&self, later: &Self) -> Measured {
        let server = later.server.as_ref().zip(self.server.as_ref());
        let counters = later.counters.as_ref().zip(self.counters.as_ref());
        Measured {
            wall_ns: later.at - self.at,
            sent: later.counts.sent - self.counts.sent,
            delivered: later.counts.delivered - self.counts.delivered,
            own: later.own.since(&self.own),
            server: server.map(|(later, earlier)| later.since(earlier)),
            server_rss_kib: None,
            counters: counters.map(|(later, earlier)| later.since(earlier)),
            pressure: self.pressure.to(&later.pressure),
        }
    }
}
