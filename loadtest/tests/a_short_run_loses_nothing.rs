//! Against the real relay: a short run over each transport, and a room, account for every message.

mod support;

use support::{LIFTED, Relay, assert_clean};

const SHORT: [&str; 6] = ["--rate", "200", "--warmup", "500ms", "--duration", "1500ms"];

#[test]
fn pairs_lose_nothing_over_any_transport() {
    let relay = Relay::start();
    for transport in ["ws", "wss", "wt-stream"] {
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

#[test]
fn typing_signals_go_as_datagrams_and_all_arrive() {
    let relay = Relay::start();
    for dialect in ["native", "json"] {
        let args = ["pairs", "--transport", "wt-datagram", "--dialect", dialect, "--conns", "8"];
        let (report, success) = relay.load(&[&args[..], &["--metrics", &relay.metrics], &SHORT[..]].concat());
        let count = |name: &str| report["counts"][name].as_u64().unwrap();
        assert_eq!((count("sent"), count("acked"), count("unasked")), (400, 0, 400), "{report:#}");
        assert_eq!(count("delivered") + count("lost"), 400);
        // A machine that is busy enough may lose one by right.
        assert!(count("lost") <= count("lost_allowed") && count("lost_allowed") == 4, "{report:#}");
        assert!(success && report["run"]["ack"].is_null());
        // The measured part of the run, as sharply as its ends are met.
        for counter in ["datagrams_in", "datagrams_out"] {
            let counted = report["server"]["counters"][counter].as_u64().unwrap();
            assert!((100..=400).contains(&counted), "{counter}: {report:#}");
        }
    }
}

#[test]
fn a_window_of_one_signal_is_refilled() {
    let relay = Relay::start();
    let args = ["pairs", "--transport", "wt-datagram", "--conns", "4", "--window", "1", "--warmup", "0s"];
    let (report, success) = relay.load(&[&args[..], &["--duration", "500ms"]].concat());
    assert!(success && report["counts"]["delivered"].as_u64().unwrap() > 10, "{report:#}");
}
