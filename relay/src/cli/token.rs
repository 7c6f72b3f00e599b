//! `chasqui token`: reads the key file, prints the token alone.

use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{bail, ensure};

use super::{TokenArgs, print};
use crate::auth::Signer;
use crate::config::parse_duration;

/// A development token should not outlive its data folder by much.
const TTL_MAX: Duration = Duration::from_secs(365 * 86_400);

pub(super) fn run(args: &TokenArgs) -> anyhow::Result<ExitCode> {
    let ttl = parse_ttl(&args.ttl)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let token = Signer::load(&args.data)?.sign(&args.user, ttl, now.as_millis() as u64)?;
    print(&format!("{token}\n"))
}

fn parse_ttl(text: &str) -> anyhow::Result<Duration> {
    match parse_duration(text) {
        Err(reason) => bail!("--ttl {text:?} {reason}; allowed: a duration such as 30s, 15m, 1h or 7d"),
        Ok(ttl) => {
            ensure!(!ttl.is_zero() && ttl <= TTL_MAX, "--ttl {text} is outside 1ms to 365d");
            Ok(ttl)
        }
    }
}
