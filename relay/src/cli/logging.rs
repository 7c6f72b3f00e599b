//! Structured logs on stderr. Never a message body, never a token: callers log names, ids and counts.

use std::io::IsTerminal;

use tracing_subscriber::fmt;

use crate::config::{LogFormat, LogLevel};

/// Installs the process's logger. A second call leaves the first in place, so that tests can share a process.
pub fn init(format: LogFormat, level: &LogLevel) {
    let logger = fmt().with_env_filter(level.filter()).with_writer(std::io::stderr);
    let installed = match format {
        LogFormat::Text => logger.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => logger.json().flatten_event(true).try_init(),
    };
    drop(installed);
}
