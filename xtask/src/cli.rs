//! The command line. Small enough to be read by hand.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::steps::{self, Step};
use crate::{instructions, report, run};

const USAGE: &str = "\
cargo xtask test [--only STEP,STEP...]   everything that is checked, or some of it
cargo xtask test --list                  the steps
cargo xtask sim [--seeds N] [--from S]   the simulator; a failing seed prints how to replay it
cargo xtask codes                        rewrite generated files and golden vectors from their source
cargo xtask instructions [--bless]       count the hot path's instructions; compare, or commit to the new counts";

pub fn run(args: &[String]) -> Result<ExitCode> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["test"] => Ok(report::run(steps::ALL)),
        ["test", "--list"] => list(),
        ["test", "--only", names] => Ok(report::run(&selected(names)?)),
        ["sim", rest @ ..] => finish(steps::simulate(rest)),
        ["codes"] => finish(run::cargo(["test", "-p", "chasqui-proto"]).env("CHASQUI_BLESS", "1").go()),
        ["instructions"] => finish(instructions::compare()),
        ["instructions", "--bless"] => finish(instructions::bless()),
        _ => bail!("usage:\n{USAGE}"),
    }
}

fn list() -> Result<ExitCode> {
    for step in steps::ALL {
        println!("{:<12} {}", step.name, step.about);
    }
    Ok(ExitCode::SUCCESS)
}

fn selected(names: &str) -> Result<Vec<Step>> {
    names.split(',').map(steps::by_name).collect()
}

fn finish(result: Result<()>) -> Result<ExitCode> {
    result.map(|()| ExitCode::SUCCESS)
}
