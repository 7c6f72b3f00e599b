//! A relay to load, and what its reports are checked for.
//!
//! Needs the relay's binary: `CHASQUI_BIN`, or `chasqui` beside this test's own target folder
//! (`cargo build -p chasqui-relay`).

// Each test binary uses a part of it.
#![allow(dead_code)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;

pub const LIFTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/bench.toml");

/// A relay of its own on a port of its own, gone with its data when dropped.
pub struct Relay {
    process: Child,
    address: String,
    /// Where its counters are.
    pub metrics: String,
    data: tempfile::TempDir,
    /// Kept open, so that what it still prints goes somewhere.
    _stdout: BufReader<ChildStdout>,
}

impl Relay {
    /// With the limits lifted.
    pub fn start() -> Self {
        Self::start_with(&["--config", LIFTED])
    }

    pub fn start_with(args: &[&str]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut process = Command::new(relay_binary())
            .args(["serve", "--dev", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut first_line = String::new();
        stdout.read_line(&mut first_line).unwrap();
        let mut ports = first_line.split([' ', ',', '\n']).filter(|word| word.starts_with("127.0.0.1:"));
        let address = ports.next().unwrap().to_owned();
        let metrics = format!("http://{}/metrics", ports.next().unwrap());
        Self { process, address, metrics, data, _stdout: stdout }
    }

    /// Runs the built tool; its report, and whether it exited with success.
    pub fn load(&self, args: &[&str]) -> (Value, bool) {
        let json = self.data.path().join("report.json");
        let output = self.command(args).arg("--json").arg(&json).output().unwrap();
        let report = std::fs::read(&json).unwrap_or_else(|_| panic!("no report: {}", told(&output)));
        (serde_json::from_slice(&report).unwrap(), output.status.success())
    }

    /// The built tool, told of this relay.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = loadtest(args);
        command.args(["--connect", &self.address, "--server-pid", &self.process.id().to_string(), "--data"]);
        command.arg(self.data.path());
        command
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // Killed, not drained: its data goes with it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn relay_binary() -> PathBuf {
    if let Some(path) = std::env::var_os("CHASQUI_BIN") {
        return path.into();
    }
    let beside = Path::new(env!("CARGO_BIN_EXE_loadtest")).with_file_name("chasqui");
    assert!(beside.exists(), "{} is missing: run `cargo build -p chasqui-relay` first", beside.display());
    beside
}

/// Every message acknowledged and delivered, and nothing else seen.
pub fn assert_clean(report: &Value, sent: u64, receivers: u64) {
    let counts = &report["counts"];
    let count = |name: &str| counts[name].as_u64().unwrap();
    assert_eq!((count("sent"), count("acked"), count("delivered")), (sent, sent, sent * receivers), "{report:#}");
    for wrong in ["lost", "refused", "unanswered", "duplicated", "out_of_order", "misdelivered", "disconnected"] {
        assert_eq!(count(wrong), 0, "{wrong}: {report:#}");
    }
    assert_eq!(report["verdict"]["passed"], true);
}

/// The built tool.
pub fn loadtest(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadtest"));
    command.args(args);
    command
}

/// All that was printed.
pub fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}
