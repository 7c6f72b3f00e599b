//! Child processes, run from the workspace's root with their output passed through.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The workspace's root, wherever the command is called from.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}

/// A command about to run.
pub struct Run(Command);

pub fn program(name: impl AsRef<OsStr>) -> Run {
    let mut command = Command::new(name);
    command.current_dir(root()).stdin(Stdio::null());
    Run(command)
}

/// Cargo, the one that runs this command.
pub fn cargo<const N: usize>(args: [&str; N]) -> Run {
    program(std::env::var_os("CARGO").unwrap_or("cargo".into())).args(args)
}

impl Run {
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.0.args(args);
        self
    }

    pub fn arg(self, arg: impl AsRef<OsStr>) -> Self {
        self.args([arg])
    }

    pub fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(key, value);
        self
    }

    pub fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.0.current_dir(dir);
        self
    }

    /// Runs to the end; anything but success is an error that names the command.
    pub fn go(mut self) -> Result<()> {
        let shown = self.shown();
        println!("  $ {shown}");
        let status = self.0.status().with_context(|| format!("cannot start: {shown}"))?;
        if !status.success() {
            bail!("{status}: {shown}");
        }
        Ok(())
    }

    /// Runs to the end and gives its standard output.
    pub fn output(mut self) -> Result<String> {
        let shown = self.shown();
        let output = self.0.stderr(Stdio::inherit()).output().with_context(|| format!("cannot start: {shown}"))?;
        if !output.status.success() {
            bail!("{}: {shown}", output.status);
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    fn shown(&self) -> String {
        let words = std::iter::once(self.0.get_program()).chain(self.0.get_args());
        words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
    }
}

/// The first of `names` that is on the path.
pub fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|file| file.is_file())
}
