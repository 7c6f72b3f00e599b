//! The `loadtest` binary: parses the command line and hands over. Exit code 1: the run failed, or could not be made.

use std::process::ExitCode;

use chasqui_loadtest::{cli::Cli, run};
use clap::Parser;

fn main() -> ExitCode {
    match run::run(&Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("loadtest: {error:#}");
            ExitCode::FAILURE
        }
    }
}
