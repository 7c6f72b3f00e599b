//! The `chasqui` binary: parses the command line and hands over.

use std::process::ExitCode;

fn main() -> ExitCode {
    chasqui_relay::cli::run(chasqui_relay::serve::run)
}
