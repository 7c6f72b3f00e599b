//! What steps need beside the toolchain: Debian packages, programs of crates, Python packages in an environment of their
//! own, npm packages.
//!
//! Promise: nothing is installed without a word, and nothing twice. Without the right to install, the error is the
//! exact command to run.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{metadata, run};

/// The program, from the Debian package if it is missing.
pub fn debian(programs: &[&str], package: &str) -> Result<PathBuf> {
    if let Some(found) = run::find(programs) {
        return Ok(found);
    }
    install_debian(&[package])?;
    run::find(programs).with_context(|| format!("{package} is installed, yet {} is not on the path", programs[0]))
}

fn install_debian(packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    if run::find(&["apt-get"]).is_none() {
        bail!("missing: {list}; install it with this system's package manager");
    }
    if run::program("id").args(["-u"]).output()?.trim() != "0" {
        bail!("missing: {list}; run: sudo apt-get update && sudo apt-get install -y --no-install-recommends {list}");
    }
    println!("  installing Debian packages: {list}");
    apt(&["update", "-qq"])?;
    apt(&[&["install", "-y", "-qq", "--no-install-recommends"], packages].concat())
}

fn apt(args: &[&str]) -> Result<()> {
    run::program("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive").go()
}

/// The program of a crate, in exactly that version, built once in a folder for tools under the target folder.
pub fn tool(krate: &str, version: &str) -> Result<PathBuf> {
    let tools = metadata::target_folder()?.join("tools");
    let (program, stamp) = (tools.join("bin").join(krate), tools.join(format!("{krate}.version")));
    if program.is_file() && std::fs::read_to_string(&stamp).is_ok_and(|built| built == version) {
        return Ok(program);
    }
    println!("  building {krate} {version} in {}", tools.display());
    let exact = format!("={version}");
    // Built in haste: it waits for others most of its time.
    run::cargo(["install", krate, "--version", &exact, "--locked", "--debug", "--quiet", "--force", "--root"])
        .args([&tools])
        .env("CARGO_TARGET_DIR", tools.join("build"))
        .go()?;
    std::fs::write(stamp, version)?;
    Ok(program)
}

/// A Python that has exactly the packages of `requirements`, in an environment under the target folder.
pub fn python(name: &str, requirements: &Path) -> Result<PathBuf> {
    let home = metadata::target_folder()?.join("python").join(name);
    let (python, stamp) = (home.join("bin/python"), home.join("installed.txt"));
    let wanted = std::fs::read_to_string(requirements).with_context(|| requirements.display().to_string())?;
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    println!("  installing Python packages in {}: {}", home.display(), wanted.trim().replace('\n', ", "));
    make_environment(&home)?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    run::program(&python).args(pip).args([requirements]).go()?;
    std::fs::write(stamp, wanted)?;
    Ok(python)
}

/// Debian ships Python without the part that makes environments.
fn make_environment(home: &Path) -> Result<()> {
    let system = debian(&["python3"], "python3")?;
    let make = || run::program(&system).args(["-m", "venv", "--clear"]).args([home]).go();
    make().or_else(|_| install_debian(&["python3-venv"]).and_then(|()| make()))
}

/// The packages of a folder's lock file, in its `node_modules`.
pub fn npm(folder: &Path) -> Result<()> {
    let lock = folder.join("package-lock.json");
    let stamp = folder.join("node_modules/installed-lock.json");
    let wanted = std::fs::read_to_string(&lock).with_context(|| lock.display().to_string())?;
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("  installing the npm packages of {}", folder.display());
    let npm = debian(&["npm"], "npm")?;
    run::program(npm).dir(folder).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).go()?;
    std::fs::write(stamp, wanted)?;
    Ok(())
}
