//! The report for people.

use std::fmt::{self, Write};

use super::{Latencies, Report, Run, StepReport};
use crate::account::LatencyUs;

/// A few lines; the whole of it is in the JSON.
pub fn terminal(report: &Report) -> String {
    let mut text = String::new();
    write(report, &mut text).expect("a string takes what is written");
    text
}

fn write(report: &Report, out: &mut String) -> fmt::Result {
    writeln!(out, "{}", heading(report))?;
    if report.counts.counts.sent > 0 {
        counts(report, out)?;
    }
    sessions(report, out)?;
    latency_table(report, out)?;
    search(report, out)?;
    report.isolation.iter().try_for_each(|isolation| out.write_str(&isolation.lines()))?;
    costs(report, out)?;
    verdict(report, out)
}

/// One step of several, on one line.
pub fn step_line(step: &StepReport) -> String {
    let mut text = format!("  {:>11}/s ", grouped(step.rate));
    if let Some(latencies) = &step.latency_us {
        let LatencyUs { p50, p99, p999, .. } = latencies.delivery;
        text += &format!(" p50 {p50:.0} us  p99 {p99:.0} us  p99.9 {p999:.0} us ");
        if latencies.ack.samples > 0 {
            text += &format!(" ack p99 {:.0} us ", latencies.ack.p99);
        }
    }
    let cpu = step.server.cpu_seconds_per_million_deliveries;
    text += &cpu.map_or(String::new(), |cpu| format!(" {cpu:.2} CPU-s/M "));
    text += &if step.passed { " passed".to_owned() } else { format!(" FAILED: {}", step.failures.join("; ")) };
    if step.passed && !step.verdict.doubts.is_empty() {
        text += &format!(" (latencies not valid: {})", step.verdict.doubts.join("; "));
    }
    text
}

/// What was run, on one line.
pub fn heading(report: &Report) -> String {
    let mut text = String::new();
    write_heading(report, &mut text).expect("a string takes what is written");
    text
}

fn write_heading(report: &Report, out: &mut String) -> fmt::Result {
    let run = &report.run;
    match &*run.server {
        "relay" => write!(out, "{} over {}, {}", run.scenario, run.transport, run.dialect)?,
        rival => write!(out, "{} on {rival}, a server without chat", run.scenario)?,
    }
    write!(out, ": {} connections", grouped(run.conns as u64))?;
    match (run.rate, run.window) {
        (Some(rate), _) => {
            write!(out, ", open loop at {}/s", grouped(rate))?;
            run.arrivals.iter().filter(|name| *name != "const").try_for_each(|name| write!(out, " {name}"))?;
        }
        (_, Some(window)) => write!(out, ", CLOSED LOOP with {window} under way a sender")?,
        _ if !report.steps.is_empty() => write!(out, ", open loop at {} rates", report.steps.len())?,
        _ => {}
    }
    if run.size_bytes > 0 {
        let ack = run.ack.as_ref().map_or_else(String::new, |ack| format!(", ack {ack}"));
        write!(out, ", {} B{ack}, {} s after {} s of warm-up", run.size_bytes, run.duration_s, run.warmup_s)?;
    }
    Ok(())
}

fn counts(report: &Report, out: &mut String) -> fmt::Result {
    let counts = &report.counts.counts;
    for (name, count) in [("sent", counts.sent), ("acked", counts.acked), ("delivered", counts.delivered)] {
        write!(out, "  {name} {}", grouped(count))?;
    }
    if let Some(throughput) = &report.throughput {
        write!(out, "  ({}/s)", grouped(throughput.delivered_per_second.round() as u64))?;
    }
    for (name, count) in [
        ("lost", report.counts.lost),
        ("duplicated", counts.duplicated),
        ("out of order", counts.out_of_order),
        ("late", counts.late),
    ] {
        write!(out, "  {name} {}", grouped(count))?;
    }
    if report.counts.lost_allowed > 0 {
        write!(out, "  ({} may be lost)", grouped(report.counts.lost_allowed))?;
    }
    writeln!(out)
}

/// Sessions that came and went in the course of the load.
fn sessions(report: &Report, out: &mut String) -> fmt::Result {
    let counts = &report.counts.counts;
    let told = [
        ("sessions begun", counts.connected),
        ("attempts failed", counts.connect_failed),
        ("dropped on purpose", counts.dropped),
        ("slow readers cut", counts.cut),
    ];
    let told: Vec<_> = told.iter().filter(|(_, count)| *count > 0).collect();
    if told.is_empty() {
        return Ok(());
    }
    told.iter().try_for_each(|(name, count)| write!(out, "  {name} {}", grouped(*count)))?;
    writeln!(out)
}

/// What the scenario is about comes first.
fn latency_table(report: &Report, out: &mut String) -> fmt::Result {
    let mut rows = Vec::new();
    rows.extend(report.connect_us.as_ref().map(|connect| ("connect", connect)));
    if let Some(Latencies { delivery, ack, send_lag }) = &report.latency_us {
        rows.extend([("delivery", delivery), ("ack", ack), ("send lag", send_lag)]);
    }
    if report.run.scenario == "durable" {
        rows.sort_by_key(|(name, _)| *name != "ack");
    }
    rows.retain(|(_, latency)| latency.samples > 0);
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "  {:<12}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}", "us", "p50", "p90", "p99", "p99.9", "p99.99", "max")?;
    for (name, LatencyUs { p50, p90, p99, p999, p9999, max, .. }) in rows {
        writeln!(out, "  {name:<12}{p50:>10.0}{p90:>10.0}{p99:>10.0}{p999:>10.0}{p9999:>10.0}{max:>10.0}")?;
    }
    Ok(())
}

fn search(report: &Report, out: &mut String) -> fmt::Result {
    let Some(search) = &report.search else { return Ok(()) };
    match search.found_rate {
        Some(rate) => writeln!(out, "  HIGHEST RATE that keeps {}: {}/s", search.slo.join(", "), grouped(rate)),
        None => writeln!(out, "  no rate keeps {}", search.slo.join(", ")),
    }
}

fn costs(report: &Report, out: &mut String) -> fmt::Result {
    let parts = server_parts(report);
    if !parts.is_empty() {
        writeln!(out, "  server  {}", parts.join(", "))?;
    }
    let counters = report.server.counters.map(|counters| counters.line()).unwrap_or_default();
    if !counters.is_empty() {
        writeln!(out, "  counted {counters}")?;
    }
    if let Some(soak) = &report.soak {
        let (grown, most) = (soak.rss_grown_kib as f64 / 1024.0, soak.rss_grown_max_kib as f64 / 1024.0);
        writeln!(out, "  memory  {grown:+.1} MiB since the warm-up, {most:.1} allowed")?;
    }
    if let Some(client) = &report.client {
        let (cores, share) = (client.cores, client.share * 100.0);
        write!(out, "  client  {cores:.2} cores, {share:.0} % of what its {} can do", threads(&report.run))?;
        let wait = client.sched_wait_us.map(|us| format!(", {us:.0} us mean wait for a CPU"));
        writeln!(out, "{}", wait.unwrap_or_default())?;
    }
    let pressure = pressure_parts(report);
    if pressure.is_empty() { Ok(()) } else { writeln!(out, "  machine {}", pressure.join(", ")) }
}

fn server_parts(report: &Report) -> Vec<String> {
    let (server, mut parts) = (&report.server, Vec::new());
    if let Some(cpu) = server.cpu_seconds_per_million_deliveries {
        let split =
            server.user_cpu_seconds_per_million_deliveries.zip(server.system_cpu_seconds_per_million_deliveries);
        let split = split.map_or(String::new(), |(user, system)| format!(" ({user:.2} user, {system:.2} system)"));
        parts.push(format!("{cpu:.2} CPU-s per million deliveries{split}"));
    }
    parts.extend(server.cores.map(|cores| format!("{cores:.2} cores")));
    let idle = if report.run.mode == "idle" { "idle " } else { "" };
    parts.extend(server.kib_per_connection.map(|kib| format!("{kib:.2} KiB per {idle}connection")));
    parts.extend(server.rss_kib.map(|kib| format!("{:.1} MiB resident", kib as f64 / 1024.0)));
    parts
}

/// What else the machine did meanwhile.
pub(crate) fn pressure_parts(report: &Report) -> Vec<String> {
    let Some(pressure) = &report.pressure else { return Vec::new() };
    let percent = |part: f64, what: &str| format!("{:.1} % {what}", part * 100.0);
    let mut parts = Vec::new();
    parts.extend(pressure.cpu_some.map(|part| percent(part, "of the time some task waited for a CPU")));
    parts.extend(pressure.steal.map(|part| percent(part, "of the CPU time stolen")));
    parts.extend(pressure.load_before.zip(pressure.load_after).map(|(from, to)| format!("load {from:.2} to {to:.2}")));
    parts
}

fn threads(run: &Run) -> String {
    if run.client_threads == 1 { "thread".into() } else { format!("{} threads", run.client_threads) }
}

fn verdict(report: &Report, out: &mut String) -> fmt::Result {
    let verdict = &report.verdict;
    if !verdict.doubts.is_empty() {
        let what = if verdict.valid { "LATENCIES INVALID" } else { "INVALID" };
        writeln!(out, "  {what}: {}", verdict.doubts.join("; "))?;
    }
    if verdict.passed { writeln!(out, "  passed") } else { writeln!(out, "  FAILED: {}", verdict.failures.join("; ")) }
}

/// 1234567 as 1,234,567.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
