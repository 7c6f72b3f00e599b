//! The command line: what each command prints, and how it exits.
//!
//! Exit codes: 0 fine, 1 a command that ran and failed (configuration, missing key, a failed check), 2 a
//! command line that could not be parsed. Results go to stdout, complaints and logs to stderr.
//!
//! [`run`] is given the server as a function, so that everything here can be tested without one.

mod args;
mod config;
mod doctor;
pub mod logging;
mod serve;
mod token;
mod version;

use std::process::ExitCode;

use clap::Parser;

pub use args::{Cli, Command, Settings, TokenArgs};

use crate::config::Config;

/// Runs the server until it ends.
pub type Serve = fn(Config) -> anyhow::Result<ExitCode>;

/// Parses this process's command line and does as it says.
pub fn run(serve: Serve) -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(settings) => serve::run(&settings, serve),
        Command::Token(args) => token::run(&args),
        Command::CheckConfig { file } => config::check(&file),
        Command::DefaultConfig { markdown } => config::print_defaults(markdown),
        Command::Doctor { settings, json } => doctor::run(&settings, json),
        Command::Version => version::run(),
    };
    result.unwrap_or_else(|error| {
        eprintln!("chasqui: {error:#}");
        ExitCode::FAILURE
    })
}

/// Writes a result to stdout. A reader that has gone (`chasqui default-config | head`) is no failure.
fn print(text: &str) -> anyhow::Result<ExitCode> {
    use std::io::{ErrorKind, Write};
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}
