//! `chasqui check-config` and `chasqui default-config`.

use std::path::Path;
use std::process::ExitCode;

use super::print;
use crate::auth;
use crate::config::{Config, Sources, default_toml, load, reference_markdown};

/// Checks the file alone, without environment and flags: the same file gives the same answer everywhere.
pub(super) fn check(file: &Path) -> anyhow::Result<ExitCode> {
    let sources = Sources { file: Some(file.to_owned()), ..Sources::default() };
    let (config, warnings, errors) = match load(&sources) {
        Ok(loaded) => (Some(loaded.config), loaded.warnings, Vec::new()),
        Err(error) => (None, error.warnings, error.problems),
    };
    warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
    errors.iter().for_each(|error| eprintln!("error: {error}"));
    let Some(config) = config else { return Ok(ExitCode::FAILURE) };
    if !check_files(file, &config) {
        return Ok(ExitCode::FAILURE);
    }
    print(&format!("{}: ok\n", file.display()))
}

/// The files that the configuration names must be there and hold what they should.
fn check_files(file: &Path, config: &Config) -> bool {
    let place = file.display();
    for path in [&config.tls.certificate_file, &config.tls.key_file].into_iter().flatten() {
        if let Err(error) = std::fs::File::open(path) {
            eprintln!("error: {place}: tls: {} cannot be opened: {error}", path.display());
            return false;
        }
    }
    match auth::check_keys(&config.auth) {
        Ok(remarks) => {
            remarks.iter().for_each(|remark| eprintln!("warning: {place}: {remark}"));
            true
        }
        Err(auth::KeyError::NoKey) => {
            eprintln!("warning: {place}: {}", auth::KeyError::NoKey);
            true
        }
        Err(error) => {
            eprintln!("error: {place}: {error}");
            false
        }
    }
}

pub(super) fn print_defaults(markdown: bool) -> anyhow::Result<ExitCode> {
    print(&if markdown { reference_markdown() } else { default_toml() })
}
