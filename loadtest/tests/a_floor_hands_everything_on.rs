//! Every server without chat takes the scenarios of the relay and loses nothing.

mod support;

use serde_json::Value;
use support::{loadtest, told};

/// Runs the built tool on a server that it starts itself; its report.
fn floor(rival: &str, args: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("report.json");
    let output = loadtest(&["floor", "--rival", rival]).args(args).arg("--json").arg(&json).output().unwrap();
    assert!(output.status.success(), "{rival}: {}", told(&output));
    serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap()
}

fn assert_clean(report: &Value, sent: u64, receivers: u64) {
    let counts = &report["counts"];
    assert_eq!(counts["sent"], sent, "{report:#}");
    assert_eq!(counts["delivered"], sent * receivers, "{report:#}");
    for wrong in ["acked", "lost", "unanswered", "duplicated", "out_of_order", "misdelivered", "disconnected"] {
        assert_eq!(counts[wrong], 0, "{wrong}: {report:#}");
    }
    assert!(report["server"]["cpu_seconds_per_million_deliveries"].as_f64().unwrap() > 0.0);
}

const SHORT: [&str; 6] = ["--rate", "200", "--warmup", "500ms", "--duration", "500ms"];

#[test]
fn pairs_reach_their_partners() {
    for rival in ["floor", "epoll", "axum"] {
        let report = floor(rival, &[&["pairs", "--conns", "8"], &SHORT[..]].concat());
        assert_clean(&report, 200, 1);
        assert_eq!((&report["run"]["server"], &report["run"]["ack"]), (&rival.into(), &Value::Null));
    }
}

#[test]
fn a_room_reaches_all_but_the_sender() {
    for rival in ["floor", "epoll", "axum"] {
        let report = floor(rival, &[&["room", "--conns", "10", "--senders", "3"], &SHORT[..]].concat());
        assert_clean(&report, 200, 9);
    }
}

#[test]
fn a_window_is_freed_by_delivery() {
    for rival in ["floor", "epoll", "axum"] {
        let args = ["pairs", "--conns", "4", "--window", "2", "--warmup", "0s", "--duration", "300ms"];
        let report = floor(rival, &args);
        let sent = report["counts"]["sent"].as_u64().unwrap();
        assert!(sent > 8, "the windows were refilled: {report:#}");
        assert_clean(&report, sent, 1);
    }
}

#[test]
fn large_messages_come_whole() {
    for rival in ["floor", "epoll", "axum"] {
        let args =
            ["pairs", "--conns", "4", "--rate", "40", "--size", "60000", "--warmup", "0s", "--duration", "500ms"];
        assert_clean(&floor(rival, &args), 20, 1);
    }
}

#[test]
fn a_run_leaves_curves_a_page_and_a_percentile_text() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (html, hgrm) = (file("report.html"), file("report.hgrm"));
    let load = ["pairs", "--conns", "4", "--rate", "200", "--warmup", "200ms", "--duration", "2s"];
    let report = floor("floor", &[&load[..], &["--html", &html, "--hgrm", &hgrm]].concat());

    let measured = report["latency_us"]["delivery"]["samples"].as_u64().unwrap();
    let timeline = report["timeline"].as_array().unwrap();
    assert_eq!(timeline.iter().map(|point| point["delivered"].as_u64().unwrap()).sum::<u64>(), measured);
    assert_eq!(timeline.len(), 2);
    let last = report["distribution"]["points"].as_array().unwrap().last().unwrap();
    assert_eq!((last["quantile"].as_f64(), last["count"].as_u64()), (Some(1.0), Some(measured)));

    let text = std::fs::read_to_string(hgrm).unwrap();
    assert!(text.contains(&format!("Total count    = {measured:12}]")), "{text}");
    let page = std::fs::read_to_string(html).unwrap();
    assert_eq!(page.matches("<svg").count(), 3, "percentiles, latency over time, deliveries over time");
    assert!(page.contains("Passed") && page.contains("4 connections"));
    for outside in ["src=", "href=", "@import", "url(", "fetch("] {
        assert!(!page.contains(outside), "the page needs nothing else: {outside}");
    }
}

#[test]
fn a_ladder_leaves_its_curve() {
    let folder = tempfile::tempdir().unwrap();
    let html = folder.path().join("report.html");
    let load = ["pairs", "--conns", "4", "--rate-ladder", "100,200", "--warmup", "0s", "--duration", "500ms"];
    let report = floor("floor", &[&load[..], &["--html", html.to_str().unwrap()]].concat());
    assert_eq!(report["steps"].as_array().unwrap().len(), 2);
    let page = std::fs::read_to_string(html).unwrap();
    assert!(page.contains("Latency by load") && !page.contains("Latency by percentile"), "no step stands for all");
}
