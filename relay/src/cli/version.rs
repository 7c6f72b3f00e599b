//! `chasqui version`: what to quote in a bug report.

use std::process::ExitCode;

use super::print;

const FEATURES: &[&str] =
    &["websocket", "webtransport", "tls", "io_uring", "epoll", "storage-embedded", "storage-memory"];

pub(super) fn run() -> anyhow::Result<ExitCode> {
    print(&format!(
        "chasqui {}\ncommit {}\nrustc {}\ntarget {} ({})\nfeatures {}\n",
        env!("CARGO_PKG_VERSION"),
        option_env!("CHASQUI_COMMIT").unwrap_or("unknown"),
        option_env!("CHASQUI_RUSTC").map_or("unknown", |it| it.trim_start_matches("rustc ")),
        option_env!("CHASQUI_TARGET").unwrap_or("unknown"),
        option_env!("CHASQUI_PROFILE").unwrap_or("unknown"),
        FEATURES.join(" ")
    ))
}
