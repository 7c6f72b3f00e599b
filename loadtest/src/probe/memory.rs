//! Resident memory of a process.

use std::fs;

use anyhow::Context;

/// KiB of the process that are in memory. Kernel memory, such as socket buffers, is not among it.
pub fn rss_kib(pid: u32) -> anyhow::Result<u64> {
    // The roll-up walks the pages; the counters of `status` may lag behind by a batch per thread.
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"));
    let (text, field) = match rollup {
        Ok(text) => (text, "Rss:"),
        Err(_) => (fs::read_to_string(format!("/proc/{pid}/status")).context("no such process")?, "VmRSS:"),
    };
    kib(&text, field).with_context(|| format!("process {pid} has no {field}"))
}

fn kib(text: &str, field: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_found() {
        assert_eq!(kib("55 ---p [rollup]\nRss:      1234 kB\nPss:  9 kB\n", "Rss:"), Some(1234));
        assert_eq!(kib("Name: x\nVmRSS:\t  77 kB\n", "VmRSS:"), Some(77));
        assert_eq!(kib("Pss: 1 kB", "Rss:"), None);
        assert!(rss_kib(std::process::id()).unwrap() > 0);
    }
}
