//! Two servers beside one another, or two results.
//!
//! Promise: servers are run in turns (A B A B ...), each started afresh and measured by a fresh process of this tool,
//! so that what the machine does besides falls on both. Results from different environments are not compared at all.
//!
//! - `runs`: making or reading the runs
//! - `environment`: what must be the same
//! - [`Figure`], [`Comparison`]: medians, intervals, ratios, and the verdict
//! - `table`: the same for people

mod comparison;
mod environment;
mod figure;
mod runs;
mod table;

pub use comparison::{Comparison, Row, Side, Summary};
pub use figure::Figure;

use anyhow::bail;

use crate::cli::CompareArgs;

/// Compares and reports. Whether B is good enough.
pub fn run(args: &CompareArgs) -> anyhow::Result<bool> {
    let [a, b] = match (&args.server_a, &args.server_b, &args.files[..]) {
        (Some(a), Some(b), _) => runs::make([a, b], args)?,
        (_, _, [a, b]) => [runs::read(a)?, runs::read(b)?],
        _ => bail!("name two result files, or --server-a and --server-b"),
    };
    environment::check(&a.reports, &b.reports)?;
    let comparison = Comparison::of(a, b, &args.judge, args.threshold)?;
    print!("{}", table::table(&comparison));
    if let Some(path) = &args.json {
        std::fs::write(path, serde_json::to_string_pretty(&comparison)? + "\n")?;
    }
    Ok(comparison.passed)
}
