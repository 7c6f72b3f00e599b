//! Against the real relay: a short run over each transport, and a room, account for every message.
//!
//! Needs the relay's binary: `CHASQUI_BIN`, or `chasqui` beside this test's own target folder
//! (`cargo build -p chasqui-relay`).

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

const LIFTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/bench.toml");

/// A relay of its own on a port of its own, gone with its data when dropped.
struct Relay {
    process: Child,
    address: String,
    data: tempfile::TempDir,
    /// Kept open, so that what it still prints goes somewhere.
    _stdout: BufReader<ChildStdout>,
}

impl Relay {
    /// With the limits lifted.
    fn start() -> Self {
        Self::start_with(&["--config", LIFTED])
    }

    fn start_with(args: &[&str]) -> Self {
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
        let address = first_line.split_whitespace().find(|word| word.starts_with("127.0.0.1:")).unwrap().to_owned();
        Self { process, address, data, _stdout: stdout }
    }

    /// Runs the built tool; its report, and whether it exited with success.
    fn load(&self, args: &[&str]) -> (Value, bool) {
        let json = self.data.path().join("report.json");
        let output = Command::new(env!("CARGO_BIN_EXE_loadtest"))
            .args(args)
            .args(["--connect", &self.address, "--server-pid", &self.process.id().to_string(), "--data"])
            .arg(self.data.path())
            .arg("--json")
            .arg(&json)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        let report = std::fs::read(&json).unwrap_or_else(|_| panic!("no report: {told}"));
        (serde_json::from_slice(&report).unwrap(), output.status.success())
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // Killed, not drained: its data goes with it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn relay_binary() -> PathBuf {
    if let Some(path) = std::env::var_os("CHASQUI_BIN") {
        return path.into();
    }
    let beside = Path::new(env!("CARGO_BIN_EXE_loadtest")).with_file_name("chasqui");
    assert!(beside.exists(), "{} is missing: run `cargo build -p chasqui-relay` first", beside.display());
    beside
}

/// Every message acknowledged and delivered, and nothing else seen.
fn assert_clean(report: &Value, sent: u64, receivers: u64) {
    let counts = &report["counts"];
    let count = |name: &str| counts[name].as_u64().unwrap();
    assert_eq!((count("sent"), count("acked"), count("delivered")), (sent, sent, sent * receivers), "{report:#}");
    for wrong in ["lost", "refused", "unanswered", "duplicated", "out_of_order", "misdelivered", "disconnected"] {
        assert_eq!(count(wrong), 0, "{wrong}: {report:#}");
    }
    assert_eq!(report["verdict"]["passed"], true);
}

const SHORT: [&str; 6] = ["--rate", "200", "--warmup", "500ms", "--duration", "1500ms"];

#[test]
fn pairs_lose_nothing_over_any_transport() {
    let relay = Relay::start();
    for transport in ["ws", "wss", "wt"] {
        for dialect in ["native", "json"] {
            let args =
                [&["pairs", "--transport", transport, "--dialect", dialect, "--conns", "8"], &SHORT[..]].concat();
            let (report, success) = relay.load(&args);
            assert_clean(&report, 400, 1);
            assert!(success);
            assert_eq!(report["latency_us"]["delivery"]["samples"], 300, "the warm-up is not measured");
            assert!(report["server"]["cpu_seconds_per_million_deliveries"].as_f64().unwrap() > 0.0);
        }
    }
}

#[test]
fn a_room_reaches_every_member_from_every_sender() {
    let relay = Relay::start();
    for transport in ["ws", "wt"] {
        let args = [&["room", "--transport", transport, "--conns", "10", "--senders", "3"], &SHORT[..]].concat();
        let (report, success) = relay.load(&args);
        assert_clean(&report, 400, 9);
        assert!(success);
    }
}

#[test]
fn a_closed_loop_sends_as_deliveries_come() {
    let relay = Relay::start_with(&["--config", LIFTED, "--set", "storage.engine=memory"]);
    let args = ["room", "--conns", "4", "--window", "2", "--ack", "accepted", "--warmup", "0s", "--duration", "500ms"];
    let (report, success) = relay.load(&args);
    // The loop runs at memory speed: where the store's thread gets no CPU for a moment, some are refused, and said to be.
    let count = |name: &str| report["counts"][name].as_u64().unwrap();
    assert!(count("acked") > 2, "the window was refilled: {report:#}");
    assert_eq!(count("sent"), count("acked") + count("refused"), "{report:#}");
    assert_eq!((count("delivered"), count("lost")), (count("acked") * 3, 0), "{report:#}");
    assert_eq!(success, count("refused") == 0);
}

#[test]
fn idle_connections_stay_and_are_weighed() {
    let relay = Relay::start();
    let (report, success) = relay.load(&["idle", "--conns", "50", "--duration", "500ms"]);
    assert!(success, "{report:#}");
    assert!(report["server"]["kib_per_connection"].is_f64());
}

#[test]
fn refused_sends_fail_the_run() {
    let relay = Relay::start_with(&[]);
    let (report, success) = relay.load(&[&["pairs", "--conns", "8"], &SHORT[..]].concat());
    assert!(!success);
    assert!(report["counts"]["refused"].as_u64().unwrap() > 0, "the default limits hold: {report:#}");
    assert_eq!(report["counts"]["lost"], 0, "what was refused is not lost");
    assert_eq!(report["verdict"]["passed"], false);
}
