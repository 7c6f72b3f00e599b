//! What the load cost the server and the client.

use serde::{Deserialize, Serialize};

use super::CounterReport;
use crate::probe::{Counters, CpuUse, Pressure};

/// Counters over the measured span.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    pub wall_ns: u64,
    pub sent: u64,
    pub delivered: u64,
    pub own: CpuUse,
    pub server: Option<CpuUse>,
    /// At the span's end.
    pub server_rss_kib: Option<u64>,
    pub counters: Option<Counters>,
    pub pressure: Pressure,
}

/// The server's memory around an idle run.
#[derive(Clone, Copy, Debug)]
pub struct IdleMemory {
    pub before_kib: u64,
    pub after_kib: u64,
    pub conns: usize,
}

/// All absent without `--server-pid`, save the counters, which need `--metrics`.
#[derive(Clone, Copy, PartialEq, Default, Debug, Serialize, Deserialize)]
pub struct ServerCost {
    pub cpu_seconds_per_million_deliveries: Option<f64>,
    /// The same in its two parts. How the time divides comes from clock ticks, so of a span with few of them it is
    /// absent.
    pub user_cpu_seconds_per_million_deliveries: Option<f64>,
    pub system_cpu_seconds_per_million_deliveries: Option<f64>,
    /// CPU time per wall time.
    pub cores: Option<f64>,
    /// How long a thread of the server that was ready to run waited for a CPU, on average.
    pub sched_wait_us: Option<f64>,
    pub rss_kib: Option<u64>,
    /// Resident memory that came with the connections. Under load it includes what the server allocates once; `idle`
    /// leaves that out.
    pub kib_per_connection: Option<f64>,
    pub counters: Option<CounterReport>,
}

#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct ClientCost {
    pub cores: f64,
    /// How near the tool was to what it can do: of its busiest thread, or of the CPUs it may use if that is more.
    pub share: f64,
    /// How long a thread of the tool that was ready to run waited for a CPU, on average.
    pub sched_wait_us: Option<f64>,
}

impl ServerCost {
    /// `connect_grown_kib`: resident memory that came while `conns` connections did.
    pub fn of_load(measured: &Measured, connect_grown_kib: Option<f64>, conns: usize) -> Self {
        let per_million = |ns: f64| (measured.delivered > 0).then(|| ns / 1e9 / (measured.delivered as f64 / 1e6));
        let cpu = measured.server.and_then(|cpu| per_million(cpu.total_ns as f64));
        let user = measured.server.and_then(|cpu| cpu.user_share());
        Self {
            cpu_seconds_per_million_deliveries: cpu,
            user_cpu_seconds_per_million_deliveries: cpu.zip(user).map(|(cpu, user)| cpu * user),
            system_cpu_seconds_per_million_deliveries: cpu.zip(user).map(|(cpu, user)| cpu * (1.0 - user)),
            cores: measured.server.map(|cpu| cpu.total_ns as f64 / measured.wall_ns as f64),
            sched_wait_us: measured.server.and_then(sched_wait_us),
            rss_kib: measured.server_rss_kib,
            kib_per_connection: connect_grown_kib.filter(|_| conns > 0).map(|kib| kib / conns as f64),
            counters: measured.counters.map(|counters| CounterReport::of(&counters, measured.delivered)),
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
        Self { cores, share, sched_wait_us: sched_wait_us(measured.own) }
    }
}

fn sched_wait_us(cpu: CpuUse) -> Option<f64> {
    (cpu.turns > 0).then(|| cpu.waited_ns as f64 / 1e3 / cpu.turns as f64)
}

/// Ten seconds without counters.
#[cfg(test)]
pub(super) fn test_measured(server: Option<CpuUse>, own: CpuUse) -> Measured {
    let pressure = Pressure { cpu_some: None, steal: None, load_before: None, load_after: None };
    Measured {
        wall_ns: 10_000_000_000,
        sent: 1,
        delivered: 1,
        own,
        server,
        server_rss_kib: None,
        counters: None,
        pressure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(server: CpuUse, own: CpuUse) -> Measured {
        Measured { delivered: 200_000, ..test_measured(Some(server), own) }
    }

    #[test]
    fn cpu_is_counted_per_delivery_and_per_second() {
        let server = CpuUse { total_ns: 4_000_000_000, waited_ns: 6_000_000, turns: 1_000, ..CpuUse::default() };
        let ticks = CpuUse { user_ticks: 300, system_ticks: 100, ..server };
        let cost = ServerCost::of_load(&measured(ticks, CpuUse::default()), Some(500.0), 100);
        assert_eq!(cost.cpu_seconds_per_million_deliveries, Some(20.0));
        assert_eq!(cost.user_cpu_seconds_per_million_deliveries, Some(15.0));
        assert_eq!(cost.system_cpu_seconds_per_million_deliveries, Some(5.0));
        assert_eq!((cost.cores, cost.sched_wait_us, cost.kib_per_connection), (Some(0.4), Some(6.0), Some(5.0)));
        let cost = ServerCost::of_load(&measured(server, CpuUse::default()), None, 100);
        assert_eq!((cost.user_cpu_seconds_per_million_deliveries, cost.kib_per_connection), (None, None));
    }

    #[test]
    fn the_client_is_near_its_end_when_a_thread_or_all_cpus_are() {
        let share = |total_ns, busiest_ns, threads, cpus| {
            let own = CpuUse { total_ns, busiest_ns, ..CpuUse::default() };
            ClientCost::of(&measured(CpuUse::default(), own), threads, cpus).share
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
