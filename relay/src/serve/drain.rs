//! Stopping in phases with barriers: refuse, finish, say goodbye, stop; the store last.

use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use chasqui_storage::service::Service;

use crate::config::Config;
use crate::shard::Phase;

const POLL: Duration = Duration::from_millis(5);
/// All shards must be quiet in this many looks in a row: a message may be between two of them.
const QUIET_LOOKS: u32 = 4;

pub fn run(config: &Config, phase: &Phase, threads: Vec<JoinHandle<()>>, service: Option<Service>) -> ExitCode {
    let end = Instant::now() + config.server.drain_within;
    phase.set(Phase::REFUSING);
    let mut left = Vec::new();
    if !quiet(phase, end) {
        left.push("commands under way");
    }
    phase.quiet.iter().for_each(|quiet| quiet.store(false, Ordering::SeqCst));
    phase.set(Phase::CLOSING);
    if !quiet(phase, end) {
        left.push("connections");
    }
    phase.set(Phase::STOPPING);
    for thread in threads {
        let _ = thread.join();
    }
    if let Some(service) = service {
        service.stop();
    }
    if left.is_empty() {
        tracing::info!("stopped");
        return ExitCode::SUCCESS;
    }
    tracing::error!(left = left.join(", "), "stopped at the end of drain_within, with something left");
    ExitCode::FAILURE
}

fn quiet(phase: &Phase, end: Instant) -> bool {
    let mut looks = 0;
    while Instant::now() < end {
        thread::sleep(POLL);
        looks = if phase.quiet.iter().all(|quiet| quiet.load(Ordering::SeqCst)) { looks + 1 } else { 0 };
        if looks == QUIET_LOOKS {
            return true;
        }
    }
    false
}
