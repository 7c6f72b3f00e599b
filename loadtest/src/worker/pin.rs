//! Binding a thread to a CPU.

use anyhow::Context;
use rustix::thread::{CpuSet, sched_setaffinity};

/// Binds the calling thread, the `index`th of its kind, to one of `cpus` in turn. Without any it stays free.
pub fn pin(cpus: &[usize], index: usize) -> anyhow::Result<()> {
    let Some(cpu) = cpus.get(index % cpus.len().max(1)) else { return Ok(()) };
    anyhow::ensure!(*cpu < CpuSet::MAX_CPU, "no CPU has the number {cpu}");
    let mut set = CpuSet::new();
    set.set(*cpu);
    sched_setaffinity(None, &set).with_context(|| format!("a thread cannot be bound to CPU {cpu}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_stays_where_it_is_bound() {
        std::thread::spawn(|| {
            let before = rustix::thread::sched_getaffinity(None).unwrap();
            let cpus: Vec<_> = (0..CpuSet::MAX_CPU).filter(|cpu| before.is_set(*cpu)).collect();
            pin(&[], 3).unwrap();
            pin(&cpus, cpus.len()).unwrap();
            let after = rustix::thread::sched_getaffinity(None).unwrap();
            assert!(after.count() == 1 && after.is_set(cpus[0]));
            assert!(pin(&[CpuSet::MAX_CPU], 0).is_err());
        })
        .join()
        .unwrap();
    }
}
