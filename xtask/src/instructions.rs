//! Instructions of the hot path, compared with committed counts.
//!
//! Promise: a bench that takes over `RISE_PERCENT_MAX` % more instructions than `benches/instructions.toml` says fails,
//! by name and amount. Counts do not depend on how busy the machine is, nor on where the checkout or the target folder
//! lies; the seeds of hash tables move those of the core by half a percent.
//!
//! Not here: the benches themselves (`benches/benches/instructions.rs`), and time.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::run::{cargo, root};
use crate::{metadata, provide, run};

/// A rise above this fails. Ten times the noise, and less than what a change that matters costs.
const RISE_PERCENT_MAX: u64 = 5;

const HEAD: &str = "\
# Instructions that each bench takes, compared by `cargo xtask instructions`; `--bless` writes them anew.
# They belong to the compiler and the target named here.

";

/// The committed file.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
pub struct Baseline {
    pub rustc: String,
    pub target: String,
    pub instructions: BTreeMap<String, u64>,
}

fn path() -> PathBuf {
    root().join("benches/instructions.toml")
}

pub fn compare() -> Result<()> {
    let text = std::fs::read_to_string(path()).with_context(|| path().display().to_string())?;
    let baseline: Baseline = toml::from_str(&text)?;
    let now = count()?;
    if now.target != baseline.target {
        println!("  counted for {}, committed for {}: not compared", now.target, baseline.target);
        return Ok(());
    }
    let verdict = judge(&baseline, &now);
    verdict.lines.iter().for_each(|line| println!("  {line}"));
    if verdict.wrong.is_empty() {
        return Ok(());
    }
    let compiler = match baseline.rustc == now.rustc {
        true => String::new(),
        false => format!(" (committed with rustc {}, this is {})", baseline.rustc, now.rustc),
    };
    bail!("{}{compiler}; if that is meant: cargo xtask instructions --bless", verdict.wrong.join("; "))
}

pub fn bless() -> Result<()> {
    let now = count()?;
    std::fs::write(path(), format!("{HEAD}{}", toml::to_string(&now)?))?;
    println!("  {} counts written to {}", now.instructions.len(), path().display());
    Ok(())
}

/// What a comparison found.
#[derive(Default, Debug)]
pub struct Verdict {
    /// A line for each bench.
    pub lines: Vec<String>,
    /// What fails, as sentences; empty if all is well.
    pub wrong: Vec<String>,
}

pub fn judge(baseline: &Baseline, now: &Baseline) -> Verdict {
    let mut verdict = Verdict::default();
    for (name, count) in &now.instructions {
        let Some(before) = baseline.instructions.get(name) else {
            verdict.wrong.push(format!("{name} has no committed count"));
            continue;
        };
        let percent = (*count as f64 / *before as f64 - 1.0) * 100.0;
        verdict.lines.push(format!("{name:<32} {count:>10}  {percent:+6.2} %"));
        if count * 100 > before * (100 + RISE_PERCENT_MAX) {
            verdict.wrong.push(format!("{name} rose by {percent:.1} %, from {before} to {count}"));
        }
    }
    let gone = baseline.instructions.keys().filter(|name| !now.instructions.contains_key(*name));
    verdict.wrong.extend(gone.map(|name| format!("{name} has a committed count and is not there")));
    verdict
}

fn count() -> Result<Baseline> {
    provide::debian(&["valgrind"], "valgrind")?;
    provide::tool("gungraun-runner", &version_of("gungraun")?)?;
    let bench = cargo(["bench", "--quiet", "--package", "chasqui-benches", "--no-default-features"]);
    let output = bench.args(["--bench", "instructions"]).env("GUNGRAUN_OUTPUT_FORMAT", "json").output()?;
    let instructions: BTreeMap<String, u64> = output.lines().map(parse).collect::<Result<_>>()?;
    if instructions.is_empty() {
        bail!("nothing was counted");
    }
    let (rustc, target) = (rustc("release: ")?, rustc("host: ")?);
    Ok(Baseline { rustc, target, instructions })
}

/// One bench of the runner's output.
pub fn parse(line: &str) -> Result<(String, u64)> {
    let it: serde_json::Value = serde_json::from_str(line).with_context(|| format!("not a count: {line}"))?;
    let (function, id) = (it["function_name"].as_str(), it["id"].as_str());
    let count = it["profiles"][0]["data"]["total"]["metrics"]["Ir"]["values"]["new"].as_u64();
    match (function, id, count) {
        (Some(function), Some(id), Some(count)) => Ok((format!("{function}/{id}"), count)),
        _ => bail!("the runner's output has changed its shape: {line}"),
    }
}

fn version_of(package: &str) -> Result<String> {
    let found = metadata::load()?.packages.into_iter().find(|it| it.name == package);
    found.map(|it| it.version).with_context(|| format!("nothing depends on {package}"))
}

fn rustc(key: &str) -> Result<String> {
    let text = run::program("rustc").args(["-vV"]).output()?;
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.map(str::to_owned).with_context(|| format!("rustc does not tell its {key}"))
}
