//! Against the real relay: each scenario beyond plain load shows what it is there for.

mod support;

use support::{Relay, assert_clean};

const SHORT: [&str; 6] = ["--rate", "200", "--warmup", "300ms", "--duration", "1s"];

#[test]
fn durable_acks_are_timed() {
    let relay = Relay::start();
    let (report, success) = relay.load(&[&["durable", "--conns", "8"], &SHORT[..]].concat());
    assert_clean(&report, 260, 1);
    assert!(success && report["run"]["scenario"] == "durable" && report["run"]["ack"] == "durable");
    assert_eq!(report["latency_us"]["ack"]["samples"], 200);
}

#[test]
fn mixed_rooms_are_the_same_for_a_seed() {
    let relay = Relay::start();
    let load = |seed| {
        let (report, success) = relay.load(&[&["mixed", "--conns", "60", "--seed", seed], &SHORT[..]].concat());
        assert!(success && report["counts"]["lost"] == 0, "{report:#}");
        (report["run"]["senders"].as_u64().unwrap(), report["counts"]["delivered"].as_u64().unwrap())
    };
    let first = load("5");
    assert!(first.1 >= 260, "every room has receivers");
    assert_eq!(first, load("5"));
}

#[test]
fn a_storm_times_every_session_from_when_it_was_due() {
    let relay = Relay::start();
    for transport in ["ws", "wt-stream"] {
        let args = ["connect-storm", "--transport", transport, "--conns", "40", "--rate", "80"];
        let (report, success) = relay.load(&args);
        assert!(success, "{report:#}");
        assert_eq!((&report["counts"]["connected"], &report["connect_us"]["samples"]), (&40.into(), &40.into()));
    }
}

#[test]
fn sessions_that_are_refused_fail_a_storm() {
    let relay = Relay::start();
    let folder = tempfile::tempdir().unwrap();
    let wrong_key = folder.path().join("key");
    std::fs::write(&wrong_key, [b'x'; 32]).unwrap();
    let key = wrong_key.to_str().unwrap();
    let (report, success) = relay.load(&["connect-storm", "--conns", "5", "--rate", "100", "--token-key", key]);
    assert!(!success);
    assert_eq!((&report["counts"]["connect_failed"], &report["counts"]["connected"]), (&5.into(), &0.into()));
}

#[test]
fn slow_readers_are_cut_and_the_others_miss_nothing() {
    let relay = Relay::start();
    let load = ["--rate", "100", "--size", "30000", "--warmup", "0s", "--duration", "5s"];
    let (report, success) = relay.load(&[&["slow-reader", "--conns", "5", "--slow", "2"], &load[..]].concat());
    assert!(success, "{report:#}");
    assert_clean(&report, 500, 2);
    assert_eq!(report["counts"]["cut"], 2);
}

#[test]
fn who_comes_back_has_missed_nothing() {
    let relay = Relay::start();
    for transport in ["ws", "wt-stream"] {
        let habit = ["--drops", "20", "--away", "100ms"];
        let args = [&["reconnect", "--transport", transport, "--conns", "8"], &SHORT[..], &habit[..]].concat();
        let (report, success) = relay.load(&args);
        assert!(success, "{report:#}");
        assert_clean(&report, 260, 1);
        let dropped = report["counts"]["dropped"].as_u64().unwrap();
        assert!(dropped >= 20, "{report:#}");
        assert_eq!(
            (&report["counts"]["connected"], &report["connect_us"]["samples"]),
            (&dropped.into(), &dropped.into())
        );
    }
}

#[test]
fn a_soak_tells_lines_and_weighs_the_server() {
    let relay = Relay::start();
    for load in ["pairs", "mixed"] {
        let args = [&["soak", "--load", load, "--conns", "12", "--every", "500ms", "--growth", "1000"], &SHORT[..]];
        let (report, success) = relay.load(&args.concat());
        assert!(success, "{report:#}");
        let lines = report["soak"]["lines"].as_array().unwrap();
        assert!(lines.len() >= 2 && lines.iter().all(|line| line["rss_kib"].as_u64().unwrap() > 0));
        assert!(report["soak"]["rss_grown_kib"].is_i64());
    }
}

#[test]
fn a_shard_is_weighed_alone_and_beside_a_busy_room() {
    // A store that answers at once, which so small a room does not outrun.
    let store = ["--set", "storage.engine=memory"];
    let relay = Relay::start_with(&[&["--shards", "2", "--config", support::LIFTED], &store[..]].concat());
    // No time is judged: whatever else the machine does, the ratio stays below this.
    let judged = ["--ratio", "1000000", "--metrics", &relay.metrics];
    let load = ["--rounds", "2", "--rate", "1000", "--conns", "8", "--members", "30"];
    let spans = ["--warmup", "100ms", "--duration", "1s"];
    let (report, success) = relay.load(&[&["isolation"], &judged[..], &load, &spans].concat());
    assert!(success, "{report:#}");
    let shown = &report["isolation"];
    assert_eq!((shown["rounds"].as_array().unwrap().len(), &shown["members"]), (2, &30.into()));
    for round in shown["rounds"].as_array().unwrap() {
        assert!(round["room_deliveries_per_second"].as_f64().unwrap() > 0.0, "{round:#}");
        for phase in ["quiet", "beside_room"] {
            assert!(round[phase]["turns"].as_u64().unwrap() > 100, "{round:#}");
        }
    }
}

#[test]
fn isolation_needs_two_shards() {
    let relay = Relay::start_with(&["--shards", "1", "--config", support::LIFTED]);
    let output = relay.command(&["isolation", "--metrics", &relay.metrics]).output().unwrap();
    assert!(!output.status.success() && support::told(&output).contains("this one has 1"), "{output:?}");
}
