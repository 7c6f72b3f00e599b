//! Everything that is no curve.

use super::page::section;
use super::text::{escaped, grouped, latency};
use crate::account::LatencyUs;
use crate::report::terminal::pressure_parts;
use crate::report::{Latencies, Report, StepReport, Verdict};

pub(super) fn all(report: &Report) -> String {
    latencies(report) + &counts(report) + &costs(report) + &run(report)
}

fn latencies(report: &Report) -> String {
    let columns = ["", "p50", "p90", "p99", "p99.9", "p99.99", "max", "samples"].map(|name| format!("<th>{name}</th>"));
    let mut rows = format!("<tr>{}</tr>", columns.concat());
    let mut known = Vec::new();
    known.extend(report.connect_us.map(|connect| ("connect", connect)));
    if let Some(Latencies { delivery, ack, send_lag }) = report.latency_us {
        known.extend([("delivery", delivery), ("ack", ack), ("send lag of the tool", send_lag)]);
    }
    if known.is_empty() {
        return String::new();
    }
    for (name, LatencyUs { samples, p50, p90, p99, p999, p9999, max, .. }) in known {
        if samples > 0 {
            let cells = [p50, p90, p99, p999, p9999, max].map(|us| format!("<td>{}</td>", latency(us))).concat();
            rows += &format!("<tr><th>{name}</th>{cells}<td>{}</td></tr>", grouped(samples as f64));
        }
    }
    section(
        "Latencies",
        "From the moment each message was due.",
        &format!("<div class=scroll><table>{rows}</table></div>"),
    )
}

/// One row for each rate, in the order they were made.
pub(super) fn steps(steps: &[StepReport]) -> String {
    let columns = ["due a second", "sent a second", "p50", "p99", "p99.9", "server CPU a delivery", ""];
    let mut rows = format!("<tr>{}</tr>", columns.map(|name| format!("<th>{name}</th>")).concat());
    for step in steps {
        let sent = step.throughput.map_or(String::new(), |it| grouped(it.sent_per_second));
        let latencies = step.latency_us.map(|it| [it.delivery.p50, it.delivery.p99, it.delivery.p999].map(latency));
        let cpu = step.server.cpu_seconds_per_million_deliveries.map_or(String::new(), |cpu| format!("{cpu:.1} µs"));
        let cells = [vec![sent], latencies.unwrap_or_default().to_vec(), vec![cpu]].concat();
        let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
        let (class, word) = judged(step);
        let why = escaped(&[&step.failures[..], &step.verdict.doubts].concat().join("; "));
        let rate = grouped(step.rate as f64);
        rows += &format!("<tr><th>{rate}</th>{cells}<td class=\"{class}\" title=\"{why}\">{word}</td></tr>");
    }
    format!("<div class=scroll><table>{rows}</table></div>")
}

fn judged(step: &StepReport) -> (&'static str, &'static str) {
    match step {
        StepReport { passed: false, .. } => ("wrong", "failed"),
        StepReport { verdict: Verdict { latency_valid: false, .. }, .. } => ("unsure", "latencies not valid"),
        _ => ("", "passed"),
    }
}

fn counts(report: &Report) -> String {
    let counts = &report.counts.counts;
    let mut good = vec![("sent", counts.sent), ("acknowledged", counts.acked), ("delivered", counts.delivered)];
    // A server without chat was not asked to.
    good.retain(|(name, _)| *name != "acknowledged" || report.run.ack.is_some());
    let bad = [
        ("lost", report.counts.lost),
        ("refused", counts.refused),
        ("sent without an answer", report.counts.unanswered),
        ("delivered twice", counts.duplicated),
        ("out of order", counts.out_of_order),
        ("delivered to others", counts.misdelivered),
        ("connections ended early", counts.disconnected),
        ("attempts to connect failed", counts.connect_failed),
    ];
    let good: String = good.iter().map(|(name, count)| row(name, &grouped(*count as f64), false)).collect();
    let allowed = |name| if name == "lost" { report.counts.lost_allowed } else { 0 };
    let bad = bad.map(|(name, count)| row(name, &grouped(count as f64), count > allowed(name)));
    let each =
        report.run.receivers_per_message.map_or(String::new(), |each| format!("; each goes to {}", receivers(each)));
    let note = format!("All messages of the run, warm-up included{each}.");
    section("Every message accounted for", &note, &facts(&(good + &bad.concat())))
}

fn receivers(each: u32) -> String {
    if each == 1 { "one receiver".to_owned() } else { format!("{} receivers", grouped(each.into())) }
}

fn costs(report: &Report) -> String {
    let server = &report.server;
    let mut rows = String::new();
    let mut add =
        |name, value: Option<String>| rows += &value.map_or_else(String::new, |value| row(name, &value, false));
    let per_delivery = |cpu: f64| format!("{cpu:.2} µs ({cpu:.2} CPU-seconds a million)");
    add("server CPU a delivery", server.cpu_seconds_per_million_deliveries.map(per_delivery));
    add("server CPU in use", server.cores.map(|cores| format!("{cores:.2} cores")));
    add("server memory", server.rss_kib.map(|kib| format!("{:.1} MiB resident", kib as f64 / 1024.0)));
    add("server memory a connection", server.kib_per_connection.map(|kib| format!("{kib:.2} KiB")));
    let share = |share: f64| format!("{:.0} % of what it can do", share * 100.0);
    add("tool CPU in use", report.client.map(|it| format!("{:.2} cores, {}", it.cores, share(it.share))));
    let counters = server.counters.map(|counters| counters.line()).filter(|line| !line.is_empty());
    add("counted by the relay", counters);
    let pressure = pressure_parts(report).join(", ");
    add("the machine meanwhile", Some(pressure).filter(|text| !text.is_empty()));
    if rows.is_empty() {
        return rows;
    }
    section("Cost", "While it was measured; kernel memory such as socket buffers is not counted.", &facts(&rows))
}

fn run(report: &Report) -> String {
    let (run, machine) = (&report.run, &report.machine);
    let load = match (run.rate, run.window) {
        _ if !report.steps.is_empty() => format!("open loop, {} rates", report.steps.len()),
        (Some(rate), _) => format!("open loop, {} messages a second", grouped(rate as f64)),
        (_, Some(window)) => format!("closed loop, {window} messages under way a sender"),
        _ => "none".to_owned(),
    };
    let mut rows = row("scenario", &run.scenario, false) + &row("server", &run.server, false);
    rows += &row("transport, dialect", &format!("{}, {}", run.transport, run.dialect), false);
    rows += &row("load", &load, false);
    rows += &run.arrivals.as_ref().map_or(String::new(), |arrivals| row("arrivals", arrivals, false));
    rows += &row("connections", &grouped(run.conns as f64), false);
    rows += &row("senders", &grouped(run.senders.into()), false);
    rows += &row("message text", &format!("{} bytes", run.size_bytes), false);
    rows += &row("acknowledged when", run.ack.as_deref().unwrap_or("never"), false);
    rows += &row("warm-up, measured", &format!("{} s, {} s", run.warmup_s, run.duration_s), false);
    rows += &row("threads of the tool", &run.client_threads.to_string(), false);
    rows += &row("machine", &format!("{} CPUs, {}", machine.cpus, machine.cpu), false);
    rows += &row("kernel", &machine.kernel, false);
    section("What was run", "The tool and the server share the machine unless said otherwise.", &facts(&rows))
}

fn facts(rows: &str) -> String {
    format!("<table class=facts>{rows}</table>")
}

fn row(name: &str, value: &str, wrong: bool) -> String {
    let class = if wrong { " class=wrong" } else { "" };
    format!("<tr><th>{name}</th><td{class}>{}</td></tr>", escaped(value))
}
