//! `chasqui doctor`: looks at the machine and the configuration, changes nothing, and gives advice.
//!
//! A check is a function of the configuration that returns a [`Finding`]; adding one is a function and a line
//! in [`CHECKS`]. `fail` means the relay would not start, `warn` that it would run worse than it could. The
//! exit code is 1 if any check fails.

mod disk;
mod kernel;
mod network;
mod process;

use std::fmt::Write;
use std::process::ExitCode;

use serde::Serialize;

use super::{Settings, print};
use crate::config::{Config, Sources, load};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Warn,
    Fail,
}

/// What a check found, and what to do about it.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    status: Status,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, status: Status::Ok, found: found.into(), advice: None }
    }
    fn warn(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, status: Status::Warn, found: found.into(), advice: Some(advice.into()) }
    }
    fn fail(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, status: Status::Fail, found: found.into(), advice: Some(advice.into()) }
    }
}

type Check = fn(&Config) -> Finding;

const CHECKS: &[Check] = &[
    kernel::version,
    kernel::io_uring,
    kernel::seccomp,
    process::cores,
    process::open_files,
    process::locked_memory,
    disk::data_folder,
    disk::file_system,
    disk::free_space,
    network::public_port,
    network::internal_port,
    network::udp_buffers,
    keys,
];

#[derive(Serialize)]
struct Report {
    version: &'static str,
    status: Status,
    findings: Vec<Finding>,
}

pub(super) fn run(settings: &Settings, json: bool) -> anyhow::Result<ExitCode> {
    let report = examine(settings);
    print(&if json { serde_json::to_string_pretty(&report)? + "\n" } else { lines(&report) })?;
    Ok(if report.status == Status::Fail { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn examine(settings: &Settings) -> Report {
    const ADVICE: &str = "see `chasqui default-config`";
    let findings: Vec<Finding> = match load(&settings.sources(Sources::process_env())) {
        Ok(loaded) => {
            let remarks = loaded.warnings.iter().map(|it| Finding::warn("configuration", it.to_string(), ADVICE));
            remarks.chain(CHECKS.iter().map(|check| check(&loaded.config))).collect()
        }
        Err(error) => error.problems.iter().map(|it| Finding::fail("configuration", it.to_string(), ADVICE)).collect(),
    };
    let status = findings.iter().map(|finding| finding.status).max().unwrap_or(Status::Ok);
    Report { version: env!("CARGO_PKG_VERSION"), status, findings }
}

fn lines(report: &Report) -> String {
    let mut out = String::new();
    for Finding { check, status, found, advice } in &report.findings {
        let mark = match status {
            Status::Ok => "ok  ",
            Status::Warn => "warn",
            Status::Fail => "FAIL",
        };
        let _ = writeln!(out, "{mark}  {check}: {found}");
        if let Some(advice) = advice {
            let _ = writeln!(out, "      -> {advice}");
        }
    }
    out
}

fn keys(config: &Config) -> Finding {
    const CHECK: &str = "token keys";
    match crate::auth::check_keys(&config.auth) {
        Ok(remarks) if remarks.is_empty() => Finding::ok(CHECK, "usable"),
        Ok(remarks) => Finding::warn(CHECK, remarks.join("; "), "remove them from the set if that is not meant"),
        Err(crate::auth::KeyError::NoKey) if config.dev => Finding::ok(CHECK, "the development key, made at start"),
        Err(error @ crate::auth::KeyError::NoKey) => Finding::warn(
            CHECK,
            "none is configured, so `serve` without --dev would refuse to start",
            error.to_string(),
        ),
        Err(error) => Finding::fail(CHECK, error.to_string(), "correct the setting or the file"),
    }
}
