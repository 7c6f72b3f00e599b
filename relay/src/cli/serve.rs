//! `chasqui serve`: configuration, logs and limits, then the server.

use std::process::ExitCode;

use super::{Serve, Settings, logging};
use crate::config::nofile::raise_nofile;
use crate::config::{Sources, load};

pub(super) fn run(settings: &Settings, serve: Serve) -> anyhow::Result<ExitCode> {
    let loaded = load(&settings.sources(Sources::process_env()))?;
    let config = loaded.config;
    logging::init(config.log.format, &config.log.level);
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    match raise_nofile() {
        Ok(limit) => {
            let sessions_max = config.limits.sessions_per_node.resolve(limit.soft);
            tracing::info!(nofile = limit.soft, sessions_max, "open-files limit");
        }
        Err(error) => tracing::warn!(%error, "the open-files limit could not be raised"),
    }
    serve(config)
}
