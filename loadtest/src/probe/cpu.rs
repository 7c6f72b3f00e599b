//! CPU time of a process, thread by thread.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Context;

/// Nanoseconds on a CPU since each thread began.
#[derive(Clone, Debug)]
pub struct CpuTimes {
    threads: BTreeMap<u32, u64>,
}

/// CPU time between two readings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CpuUse {
    pub total_ns: u64,
    /// Of the thread that used most.
    pub busiest_ns: u64,
}

impl CpuTimes {
    pub fn read(pid: u32) -> anyhow::Result<Self> {
        let folder = format!("/proc/{pid}/task");
        let mut threads = BTreeMap::new();
        for entry in fs::read_dir(&folder).with_context(|| format!("no process {pid}"))? {
            let entry = entry?;
            let Some(thread) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            // A thread may end between being listed and being read.
            let Ok(text) = fs::read_to_string(entry.path().join("schedstat")) else { continue };
            threads.insert(thread, on_cpu(&text).with_context(|| format!("{folder}/{thread}/schedstat"))?);
        }
        Ok(Self { threads })
    }

    /// What was used since `earlier`. Threads that ended in between are not counted.
    pub fn since(&self, earlier: &Self) -> CpuUse {
        let used = |(thread, now): (&u32, &u64)| now.saturating_sub(earlier.threads.get(thread).copied().unwrap_or(0));
        let (total_ns, busiest_ns) =
            self.threads.iter().map(used).fold((0, 0), |(sum, most), used| (sum + used, most.max(used)));
        CpuUse { total_ns, busiest_ns }
    }
}

/// The first of three numbers.
fn on_cpu(schedstat: &str) -> Option<u64> {
    schedstat.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(threads: &[(u32, u64)]) -> CpuTimes {
        CpuTimes { threads: threads.iter().copied().collect() }
    }

    #[test]
    fn a_thread_that_came_later_counts_from_its_beginning() {
        let used = times(&[(1, 50), (2, 30), (4, 7)]).since(&times(&[(1, 40), (2, 5), (3, 99)]));
        assert_eq!(used, CpuUse { total_ns: 10 + 25 + 7, busiest_ns: 25 });
    }

    #[test]
    fn the_own_process_can_be_read() {
        let before = CpuTimes::read(std::process::id()).unwrap();
        let until = crate::clock::now() + 20_000_000;
        while crate::clock::now() < until {}
        let used = CpuTimes::read(std::process::id()).unwrap().since(&before);
        assert!(used.busiest_ns > 0 && used.busiest_ns <= used.total_ns);
        assert!(CpuTimes::read(u32::MAX).is_err());
    }
}
