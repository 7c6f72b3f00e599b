//! What this process may use: cores, descriptors, locked memory.

use super::Finding;
use crate::config::nofile::nofile;
use crate::config::{Config, SessionsPerNode};

/// Below this many sessions an operator should know that the limit, not the machine, is the bound.
const SESSIONS_PER_NODE_LOW: u64 = 10_000;
/// What a shard's ring of a few hundred entries locks, generously.
const LOCKED_BYTES_PER_SHARD: u64 = 128 * 1024;

fn usable_cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

pub(super) fn cores(config: &Config) -> Finding {
    const CHECK: &str = "cores";
    let cores = usable_cores();
    let shards = config.server.shards.resolve(cores);
    let found = format!("{cores} usable, {shards} shards");
    if shards > cores {
        return Finding::warn(CHECK, found, "more shards than cores take turns; set server.shards = \"auto\"");
    }
    Finding::ok(CHECK, found)
}

pub(super) fn open_files(config: &Config) -> Finding {
    const CHECK: &str = "open files";
    let limit = match nofile() {
        Ok(limit) => limit,
        Err(error) => return Finding::warn(CHECK, error.to_string(), "check with ulimit -n"),
    };
    // The relay raises the soft limit to the hard one at start.
    let cap = config.limits.sessions_per_node.resolve(limit.hard);
    let found = format!("soft {}, hard {}; up to {cap} connections", limit.soft, limit.hard);
    let advice = "raise the hard limit: LimitNOFILE= in systemd, --ulimit nofile= in a container";
    match config.limits.sessions_per_node {
        SessionsPerNode::Count(count) if u64::from(count) >= limit.hard => {
            Finding::fail(CHECK, found, format!("limits.sessions_per_node = {count} does not fit; {advice}"))
        }
        SessionsPerNode::PercentOfNofile(_) if cap < SESSIONS_PER_NODE_LOW => Finding::warn(CHECK, found, advice),
        _ => Finding::ok(CHECK, found),
    }
}

pub(super) fn locked_memory(config: &Config) -> Finding {
    const CHECK: &str = "locked memory";
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes one `rlimit`, which `limit` is.
    if unsafe { libc::getrlimit(libc::RLIMIT_MEMLOCK, &mut limit) } != 0 {
        return Finding::warn(CHECK, std::io::Error::last_os_error().to_string(), "check with ulimit -l");
    }
    if limit.rlim_cur == libc::RLIM_INFINITY {
        return Finding::ok(CHECK, "unlimited");
    }
    let found = format!("{} KiB", limit.rlim_cur / 1024);
    let needed = config.server.shards.resolve(usable_cores()) as u64 * LOCKED_BYTES_PER_SHARD;
    if limit.rlim_cur < needed {
        let advice = format!("older kernels count rings against it: raise it to {} KiB (LimitMEMLOCK=)", needed / 1024);
        return Finding::warn(CHECK, found, advice);
    }
    Finding::ok(CHECK, found)
}
