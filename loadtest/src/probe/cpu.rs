//! CPU time of a process, thread by thread.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Context;

/// What the scheduler has counted for each thread since it began.
#[derive(Clone, Debug)]
pub struct CpuTimes {
    threads: BTreeMap<u32, Times>,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Times {
    /// Nanoseconds on a CPU.
    ran_ns: u64,
    /// Nanoseconds ready to run, without a CPU.
    waited_ns: u64,
    /// Times it was given a CPU.
    turns: u64,
    /// Clock ticks in user space and in the kernel.
    user_ticks: u64,
    system_ticks: u64,
}

/// CPU time between two readings.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct CpuUse {
    pub total_ns: u64,
    /// Of the thread that used most.
    pub busiest_ns: u64,
    pub waited_ns: u64,
    pub turns: u64,
    pub user_ticks: u64,
    pub system_ticks: u64,
}

impl CpuTimes {
    pub fn read(pid: u32) -> anyhow::Result<Self> {
        let folder = format!("/proc/{pid}/task");
        let mut threads = BTreeMap::new();
        for entry in fs::read_dir(&folder).with_context(|| format!("no process {pid}"))? {
            let entry = entry?;
            let Some(thread) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            // A thread may end between being listed and being read.
            let read = |file| fs::read_to_string(entry.path().join(file));
            let (Ok(schedstat), Ok(stat)) = (read("schedstat"), read("stat")) else { continue };
            let times = Times::parse(&schedstat, &stat).with_context(|| format!("{folder}/{thread}/schedstat"))?;
            threads.insert(thread, times);
        }
        Ok(Self { threads })
    }

    /// What was used since `earlier`. Threads that ended in between are not counted.
    pub fn since(&self, earlier: &Self) -> CpuUse {
        let mut used = CpuUse::default();
        for (thread, now) in &self.threads {
            let before = earlier.threads.get(thread).copied().unwrap_or_default();
            let ran_ns = now.ran_ns.saturating_sub(before.ran_ns);
            used.total_ns += ran_ns;
            used.busiest_ns = used.busiest_ns.max(ran_ns);
            used.waited_ns += now.waited_ns.saturating_sub(before.waited_ns);
            used.turns += now.turns.saturating_sub(before.turns);
            used.user_ticks += now.user_ticks.saturating_sub(before.user_ticks);
            used.system_ticks += now.system_ticks.saturating_sub(before.system_ticks);
        }
        used
    }
}

impl CpuUse {
    /// The part of the time that was spent in user space. The kernel counts both parts in ticks, so of a short or idle
    /// span it cannot be told.
    pub fn user_share(&self) -> Option<f64> {
        let ticks = self.user_ticks + self.system_ticks;
        (ticks >= TICKS_MIN).then(|| self.user_ticks as f64 / ticks as f64)
    }
}

/// Below it a tick more or less is a visible part.
const TICKS_MIN: u64 = 20;

impl Times {
    fn parse(schedstat: &str, stat: &str) -> Option<Self> {
        let mut numbers = schedstat.split_whitespace().map(|number| number.parse().ok());
        let (ran_ns, waited_ns, turns) = (numbers.next()??, numbers.next()??, numbers.next()??);
        let (user_ticks, system_ticks) = ticks(stat).unwrap_or_default();
        Some(Self { ran_ns, waited_ns, turns, user_ticks, system_ticks })
    }
}

/// Fields 14 and 15. The second field, the name, may hold anything, but is the last in parentheses.
fn ticks(stat: &str) -> Option<(u64, u64)> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(threads: &[(u32, u64)]) -> CpuTimes {
        let threads = threads.iter().map(|(thread, ran_ns)| (*thread, Times { ran_ns: *ran_ns, ..Times::default() }));
        CpuTimes { threads: threads.collect() }
    }

    #[test]
    fn a_thread_that_came_later_counts_from_its_beginning() {
        let used = times(&[(1, 50), (2, 30), (4, 7)]).since(&times(&[(1, 40), (2, 5), (3, 99)]));
        assert_eq!(used, CpuUse { total_ns: 10 + 25 + 7, busiest_ns: 25, ..CpuUse::default() });
    }

    #[test]
    fn the_fields_are_found_whatever_the_thread_is_called() {
        let stat = "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 600 250 0 0 20 0\n";
        let parsed = Times::parse("5000 70 9\n", stat).unwrap();
        assert_eq!((parsed.ran_ns, parsed.waited_ns, parsed.turns), (5_000, 70, 9));
        assert_eq!((parsed.user_ticks, parsed.system_ticks), (600, 250));
        assert_eq!(Times::parse("5000", stat), None);
    }

    #[test]
    fn the_split_is_told_where_there_are_ticks_enough() {
        let share = |user_ticks, system_ticks| CpuUse { user_ticks, system_ticks, ..CpuUse::default() }.user_share();
        assert_eq!((share(30, 10), share(3, 1), share(0, 0)), (Some(0.75), None, None));
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
