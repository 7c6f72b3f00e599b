//! What the load cost the server and the client.

use serde::{Deserialize, Serialize};

use crate::probe::CpuUse;

/// Counters over the measured span.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    pub wall_ns: u64,
    pub sent: u64,
    pub delivered: u64,
    pub own: CpuUse,
    pub server: Option<CpuUse>,
}

/// The server's memory around an idle run.
#[derive(Clone, Copy, Debug)]
pub struct IdleMemory {
    pub before_kib: u64,
    pub after_kib: u64,
    pub conns: usize,
}

/// All absent without `--server-pid`.
#[derive(Clone, Copy, PartialEq, Default, Debug, Serialize, Deserialize)]
pub struct ServerCost {
    pub cpu_seconds_per_million_deliveries: Option<f64>,
    /// CPU time per wall time.
    pub cores: Option<f64>,
    pub rss_kib: Option<u64>,
    pub kib_per_connection: Option<f64>,
}

#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct ClientCost {
    pub cores: f64,
    /// How near the tool was to what it can do: of its busiest thread, or of the CPUs it may use if that is more.
    pub share: f64,
}

impl ServerCost {
    pub fn of_load(measured: &Measured, rss_kib: Option<u64>) -> Self {
        let per_million = |cpu: CpuUse| {
            (measured.delivered > 0).then(|| cpu.total_ns as f64 / 1e9 / (measured.delivered as f64 / 1e6))
        };
        Self {
            cpu_seconds_per_million_deliveries: measured.server.and_then(per_million),
            cores: measured.server.map(|cpu| cpu.total_ns as f64 / measured.wall_ns as f64),
            rss_kib,
            kib_per_connection: None,
        }
    }

    pub fn of_rest(memory: &IdleMemory) -> Self {
        let grown = memory.after_kib as f64 - memory.before_kib as f64;
        let kib_per_connection = Some(grown / memory.conns as f64);
        Self { rss_kib: Some(memory.after_kib), kib_per_connection, ..Self::default() }
    }
}

impl ClientCost {
    pub fn of(measured: &Measured, threads: usize, cpus: usize) -> Self {
        let wall = measured.wall_ns as f64;
        let cores = measured.own.total_ns as f64 / wall;
        let share = (measured.own.busiest_ns as f64 / wall).max(cores / threads.min(cpus) as f64);
        Self { cores, share }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(server_ns: u64, own: CpuUse) -> Measured {
        let server = Some(CpuUse { total_ns: server_ns, busiest_ns: server_ns });
        Measured { wall_ns: 10_000_000_000, sent: 1, delivered: 200_000, own, server }
    }

    #[test]
    fn cpu_is_counted_per_delivery_and_per_second() {
        let own = CpuUse { total_ns: 0, busiest_ns: 0 };
        let cost = ServerCost::of_load(&measured(4_000_000_000, own), Some(7));
        assert_eq!(cost.cpu_seconds_per_million_deliveries, Some(20.0));
        assert_eq!((cost.cores, cost.rss_kib), (Some(0.4), Some(7)));
    }

    #[test]
    fn the_client_is_near_its_end_when_a_thread_or_all_cpus_are() {
        let share = |total_ns, busiest_ns, threads, cpus| {
            ClientCost::of(&measured(0, CpuUse { total_ns, busiest_ns }), threads, cpus).share
        };
        assert_eq!(share(9_500_000_000, 9_500_000_000, 2, 4), 0.95);
        assert_eq!(share(9_500_000_000, 4_800_000_000, 2, 1), 0.95);
        assert_eq!(share(8_000_000_000, 4_000_000_000, 2, 4), 0.4);
    }

    #[test]
    fn memory_is_shared_out() {
        let memory = IdleMemory { before_kib: 10_000, after_kib: 12_500, conns: 1_000 };
        assert_eq!(ServerCost::of_rest(&memory).kib_per_connection, Some(2.5));
    }
}
