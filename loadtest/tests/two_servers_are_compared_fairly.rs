//! `compare`: servers in turns under one load, results of one environment only, and an exit code that tells.

mod support;

use std::path::Path;
use std::process::Output;

use serde_json::Value;
use support::{loadtest, relay_binary, told};

const LOAD: [&str; 10] = ["--", "pairs", "--conns", "4", "--rate", "200", "--warmup", "200ms", "--duration", "500ms"];
/// Differences on a busy machine are no matter here.
const ANY: [&str; 2] = ["--threshold", "100000"];

fn compare(args: &[&str]) -> Output {
    loadtest(&["compare"]).args(args).output().unwrap()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn two_servers_take_turns_and_each_figure_has_a_ratio() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("comparison.json");
    let servers = ["--server-a", "floor", "--server-b", "epoll", "--runs", "2", "--json", path.to_str().unwrap()];
    let output = compare(&[&servers[..], &ANY, &LOAD].concat());
    assert!(output.status.success(), "{}", told(&output));
    let comparison = json(&path);
    let rows = comparison["rows"].as_array().unwrap();
    assert_eq!(rows.iter().map(|row| &row["figure"]).collect::<Vec<_>>(), ["cpu", "p50", "p99", "throughput"]);
    for row in rows {
        let median = |side: &str| row[side]["median"].as_f64().unwrap();
        assert!((row["ratio"].as_f64().unwrap() - median("b") / median("a")).abs() < 1e-9, "{row}");
    }
    for (side, server) in [("a", "floor"), ("b", "epoll")] {
        let reports = comparison[side]["reports"].as_array().unwrap();
        assert_eq!(reports.len(), 2);
        assert!(reports.iter().all(|report| report["run"]["server"] == server));
    }
    let order = String::from_utf8_lossy(&output.stderr);
    let order: Vec<_> = order.lines().filter_map(|line| line.get(..5)).collect();
    assert_eq!(order, ["A 1/2", "B 1/2", "A 2/2", "B 2/2"]);
}

#[test]
fn a_relay_is_held_against_the_floor() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("comparison.json");
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/bench.toml");
    let relay = format!(
        "'{}' serve --dev --shards 1 --listen 127.0.0.1:0 --data {{data}} --config '{config}'",
        relay_binary().display()
    );
    let servers = ["--server-a", "floor", "--server-b", &relay, "--runs", "1", "--json", path.to_str().unwrap()];
    let load = [&LOAD[..], &["--dialect", "json", "--transport", "wss"]].concat();
    let output = compare(&[&servers[..], &["--pin-server", "0"], &ANY, &load].concat());
    assert!(output.status.success(), "{}", told(&output));
    let run = |side: &str| json(&path)[side]["reports"][0]["run"].clone();
    let (a, b) = (run("a"), run("b"));
    assert_eq!([&a["server"], &a["transport"], &a["dialect"]], ["floor", "ws", "none"]);
    assert_eq!([&b["server"], &b["transport"], &b["dialect"]], ["relay", "wss", "json"]);
}

#[test]
fn results_are_compared_by_figure_and_only_within_one_environment() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (base, worse, other) = (file("base.json"), file("worse.json"), file("other.json"));
    let run = loadtest(&["floor"]).args(&LOAD[1..]).args(["--json", &base]).output();
    assert!(run.unwrap().status.success());

    let mut report = json(Path::new(&base));
    let cpu = &mut report["server"]["cpu_seconds_per_million_deliveries"];
    *cpu = (cpu.as_f64().unwrap() * 1.2).into();
    std::fs::write(&worse, Value::from(vec![report.clone(), report.clone(), report.clone()]).to_string()).unwrap();
    report["run"]["conns"] = 6.into();
    report["machine"]["kernel"] = "another".into();
    std::fs::write(&other, report.to_string()).unwrap();

    assert!(compare(&[&base, &base]).status.success());
    assert!(compare(&[&base, &worse, "--threshold", "30"]).status.success());
    assert!(compare(&[&base, &worse, "--judge", "p50,p99,throughput"]).status.success());
    let output = compare(&[&base, &worse]);
    assert!(
        !output.status.success() && told(&output).contains("CPU us a delivery is 20.0 % worse"),
        "{}",
        told(&output)
    );
    let output = compare(&[&base, &other]);
    let said = told(&output);
    assert!(!output.status.success() && said.contains("run.conns is 4 and 6"), "{said}");
    assert!(said.contains("machine.kernel is ") && said.contains(" and \"another\""), "{said}");
}

#[test]
fn a_run_that_cannot_be_made_is_an_error_that_says_why() {
    let servers = ["--server-a", "floor", "--server-b", "sh -c 'echo no such luck >&2'"];
    let output = compare(&[&servers[..], &LOAD].concat());
    assert!(!output.status.success() && told(&output).contains("no such luck"), "{}", told(&output));
}
