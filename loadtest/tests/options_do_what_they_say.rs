//! Against the real relay: options that shape a load or look further.

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;

use support::{Relay, assert_clean, loadtest, told};

const SHORT: [&str; 8] = ["--conns", "8", "--rate", "200", "--warmup", "0s", "--duration", "1s"];
/// Without a rate.
const STEP: [&str; 6] = ["--conns", "8", "--warmup", "100ms", "--duration", "500ms"];

#[test]
fn arrivals_are_reproducible_and_lose_nothing() {
    let relay = Relay::start();
    let load = |pattern, seed| {
        let args = [&["pairs", "--arrivals", pattern, "--seed", seed], &SHORT[..]].concat();
        let (report, success) = relay.load(&args);
        let sent = report["counts"]["sent"].as_u64().unwrap();
        assert_clean(&report, sent, 1);
        assert!(success && report["run"]["arrivals"] == pattern);
        sent
    };
    assert_eq!(load("burst:20", "1"), 200);
    let sent = load("poisson", "1");
    assert!((120..280).contains(&sent), "{sent} is far from the mean of 200");
    assert_eq!(load("poisson", "1"), sent);
}

#[test]
fn each_rate_of_a_ladder_has_books_of_its_own() {
    let relay = Relay::start();
    let (report, success) = relay.load(&[&["pairs", "--rate-ladder", "100,0.2k"], &STEP[..]].concat());
    assert!(success, "{report:#}");
    let steps = report["steps"].as_array().unwrap();
    let figure = |step: usize, of: &str, name: &str| steps[step][of][name].as_u64().unwrap();
    assert_eq!((figure(0, "counts", "sent"), figure(1, "counts", "sent")), (60, 120));
    assert_eq!((figure(0, "counts", "delivered"), figure(1, "counts", "delivered")), (60, 120));
    assert_eq!(report["counts"]["delivered"], 180);
    assert_eq!(steps[1]["latency_us"]["delivery"]["samples"], 100);
}

/// The limit is that of a relay for people: 10 sends a second and a burst of 20.
#[test]
fn a_search_ends_below_the_rate_that_is_refused() {
    let relay = Relay::start_with(&[]);
    let args = ["pairs", "--find-max", "--slo", "max=60s,ack-p50=60s", "--rate", "10", "--conns", "2"];
    let (report, success) = relay.load(&[&args[..], &["--warmup", "0s", "--duration", "500ms"]].concat());
    assert!(success, "{report:#}");
    let steps = report["steps"].as_array().unwrap();
    let refused = steps.iter().filter(|step| step["counts"]["refused"].as_u64().unwrap() > 0);
    assert!(refused.clone().count() > 0 && refused.clone().all(|step| step["passed"] == false), "{report:#}");
    let found = report["search"]["found_rate"].as_u64().unwrap();
    assert!(found >= 10 && refused.clone().all(|step| step["rate"].as_u64().unwrap() > found));
    assert_eq!(report["run"]["rate"], found);
}

#[test]
fn a_goal_that_no_rate_keeps_fails_the_search() {
    let relay = Relay::start();
    let args = ["pairs", "--find-max", "--slo", "p50=0ms", "--rate", "40", "--conns", "2"];
    let (report, success) = relay.load(&[&args[..], &["--warmup", "0s", "--duration", "200ms"]].concat());
    assert!(!success && report["search"]["found_rate"].is_null());
    let rates: Vec<_> = report["steps"].as_array().unwrap().iter().map(|step| step["rate"].as_u64().unwrap()).collect();
    assert_eq!(rates, [40, 20, 10, 5, 2, 1]);
}

#[test]
fn runs_are_repeated_and_their_figures_spread() {
    let relay = Relay::start();
    let (repeated, success) = relay.load(&[&["pairs", "--repeat", "2"], &SHORT[..]].concat());
    assert!(success && repeated["passed"] == true);
    let runs = repeated["runs"].as_array().unwrap();
    runs.iter().for_each(|run| assert_clean(run, 200, 1));
    assert_eq!(runs.len(), 2);
    let spread = repeated["spread"].as_array().unwrap();
    let rate = spread.iter().find(|figure| figure["name"] == "deliveries a second").unwrap();
    assert!(rate["min"].as_f64() <= rate["median"].as_f64() && rate["median"].as_f64() <= rate["max"].as_f64());
}

#[test]
fn threads_are_pinned_and_addresses_spread() {
    let relay = Relay::start();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap().trim();
    let cpu = allowed.split([',', '-']).next().unwrap();
    for transport in ["ws", "wt-stream"] {
        let place = ["pairs", "--pin", cpu, "--bind-ips", "127.0.0.2-4", "--transport", transport];
        let (report, success) = relay.load(&[&place[..], &SHORT[..]].concat());
        assert_clean(&report, 200, 1);
        assert!(success && report["run"]["client_threads"] == 1);
    }
}

#[test]
fn an_address_that_is_not_here_cannot_be_used() {
    let relay = Relay::start();
    let output = relay.command(&[&["pairs", "--bind-ips", "192.0.2.1"], &SHORT[..]].concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
}

#[test]
fn late_deliveries_are_counted_and_do_not_fail() {
    let relay = Relay::start();
    let (report, success) = relay.load(&[&["pairs", "--late-after", "0ms"], &SHORT[..]].concat());
    assert_clean(&report, 200, 1);
    assert!(success && report["counts"]["late"] == 200);
}

/// A page whose counters rise from one reading to the next.
fn counting_page() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/metrics", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for (count, stream) in (1..).zip(listener.incoming()) {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1024]).unwrap();
            let page = format!(
                "chasqui_frames_out_total{{shard=\"0\"}} {}\nchasqui_frames_out_total{{shard=\"1\"}} 7\n\
                 chasqui_writes_total{{shard=\"0\"}} {}\n",
                count * 800,
                count * 200,
            );
            write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{page}").unwrap();
        }
    });
    url
}

#[test]
fn the_relay_s_counters_are_put_beside_the_deliveries() {
    let relay = Relay::start();
    let (report, success) = relay.load(&[&["pairs", "--metrics", &counting_page()], &SHORT[..]].concat());
    assert!(success, "{report:#}");
    let counters = &report["server"]["counters"];
    assert_eq!((&counters["frames_out"], &counters["writes"]), (&800.into(), &200.into()));
    assert_eq!(counters["frames_per_write"], 4.0);
    assert!(counters["writes_per_delivery"].as_f64().unwrap() >= 1.0);
    assert!(counters["wakeups"].is_null() && counters["wakeups_per_delivery"].is_null());
}

#[test]
fn what_the_relay_does_not_offer_is_said() {
    for (args, said) in [
        (&["room", "--transport", "wt-datagram"][..], "only pairs"),
        (&["idle", "--transport", "wt-datagram"], "only pairs"),
        (&["pairs", "--transport", "wt-datagram", "--window", "4"], "--window 1"),
    ] {
        let output = loadtest(args).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(told(&output).contains(said), "{}", told(&output));
    }
}
