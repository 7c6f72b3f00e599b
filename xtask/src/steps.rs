//! What "checked" means, step by step, cheapest first.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::run::{cargo, program, root};
use crate::{licences, metadata, provide};

/// Seeds of the simulator in every run; `cargo xtask sim --seeds N` runs more.
const SIM_SEEDS: &str = "2000";

pub struct Step {
    pub name: &'static str,
    pub about: &'static str,
    pub run: fn() -> Result<()>,
}

macro_rules! steps {
    ($($name:ident: $about:literal;)*) => {
        pub const ALL: &[Step] = &[$(Step { name: stringify!($name), about: $about, run: $name }),*];
    };
}

steps! {
    fmt: "rustfmt has nothing to change";
    licences: "every dependency's licence is in deny.toml's list";
    clippy: "clippy has nothing to say";
    web: "the browser client's rules, by node's test runner";
    tests: "all Rust tests, dependency direction included";
    doorbell: "the doorbell, model-checked";
    docs: "the documentation builds without a warning";
    sim: "the simulator, 2,000 seeds";
    instructions: "the hot path takes hardly more instructions than the committed counts";
    conformance: "Autobahn's WebSocket cases";
    browser: "two Chromium tabs, two transports, one kill -9";
}

pub fn by_name(name: &str) -> Result<Step> {
    let names = || ALL.iter().map(|step| step.name).collect::<Vec<_>>().join(", ");
    let step = ALL.iter().find(|step| step.name == name);
    let Step { name, about, run } = step.with_context(|| format!("no step {name}; there are: {}", names()))?;
    Ok(Step { name, about, run: *run })
}

fn fmt() -> Result<()> {
    cargo(["fmt", "--all", "--check"]).go()
}

fn licences() -> Result<()> {
    let bad = licences::violations(&metadata::load()?, &licences::allowed()?);
    if !bad.is_empty() {
        bail!("not allowed by deny.toml: {}", bad.join("; "));
    }
    Ok(())
}

fn clippy() -> Result<()> {
    cargo(["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]).go()
}

/// The storage tests trace system calls to see that no ack precedes its fdatasync.
fn tests() -> Result<()> {
    provide::debian(&["strace"], "strace")?;
    cargo(["test", "--workspace"]).go()
}

fn doorbell() -> Result<()> {
    cargo(["test", "-p", "chasqui-doorbell", "--features", "model"]).go()
}

fn docs() -> Result<()> {
    cargo(["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings").go()
}

fn sim() -> Result<()> {
    simulate(&["--seeds", SIM_SEEDS])
}

fn instructions() -> Result<()> {
    crate::instructions::compare()
}

/// The simulator with arguments of its own.
pub fn simulate(args: &[&str]) -> Result<()> {
    program(built(&["--bin", "sim"])?.join("sim")).args(args).go()
}

/// Builds one target with the features the whole workspace has, so that nothing the tests have built is built again;
/// the folder it is in.
fn built(target: &[&str]) -> Result<PathBuf> {
    cargo(["build", "--workspace", "--quiet"]).args(target).go()?;
    Ok(metadata::target_folder()?.join("debug"))
}

fn web() -> Result<()> {
    let files = javascript_tests(&root().join("clients/web/tests"))?;
    program(provide::debian(&["node"], "nodejs")?).args(["--test"]).args(files).go()
}

fn javascript_tests(folder: &Path) -> Result<Vec<PathBuf>> {
    let paths = std::fs::read_dir(folder)?.map(|entry| entry.map(|it| it.path()));
    let mut files: Vec<PathBuf> = paths.collect::<Result<_, _>>()?;
    files.retain(|file| file.to_string_lossy().ends_with(".test.js"));
    files.sort();
    if files.is_empty() {
        bail!("no tests in {}", folder.display());
    }
    Ok(files)
}

fn conformance() -> Result<()> {
    let folder = root().join("tests/conformance");
    let python = provide::python("conformance", &folder.join("requirements.txt"))?;
    let echo = built(&["--example", "ws_echo"])?.join("examples/ws_echo");
    let target = metadata::target_folder()?;
    let driver = program(python).args([folder.join("run.py")]).arg("--out").args([target.join("conformance")]);
    driver.arg("--").args([echo]).args(["--listen", "127.0.0.1:0"]).go()
}

fn browser() -> Result<()> {
    let folder = root().join("tests/browser");
    let chromium = provide::debian(&["chromium", "chromium-browser", "google-chrome"], "chromium")?;
    provide::npm(&folder)?;
    let relay = built(&["--bin", "chasqui"])?.join("chasqui");
    let target = metadata::target_folder()?;
    program(provide::debian(&["node"], "nodejs")?)
        // One after another: two browsers at once starve each other on a small machine.
        .args(["--test", "--test-concurrency=1"])
        .args(javascript_tests(&folder)?)
        .env("CHASQUI", relay)
        .env("CHROMIUM", chromium)
        .env("OUT", target.join("browser"))
        .go()
}
