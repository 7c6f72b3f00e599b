//! The report for people.

use std::fmt::{self, Write};

use super::{Latencies, Report, Run};
use crate::account::LatencyUs;

/// A few lines; the whole of it is in the JSON.
pub fn terminal(report: &Report) -> String {
    let mut text = String::new();
    write(report, &mut text).expect("a string takes what is written");
    text
}

/// What was run, on one line.
pub fn heading(run: &Run) -> String {
    let mut text = String::new();
    write_heading(run, &mut text).expect("a string takes what is written");
    text
}

fn write(report: &Report, out: &mut String) -> fmt::Result {
    writeln!(out, "{}", heading(&report.run))?;
    if let Some(latencies) = &report.latency_us {
        counts(report, out)?;
        latency_table(latencies, out)?;
    }
    costs(report, out)?;
    verdict(report, out)
}

fn write_heading(run: &Run, out: &mut String) -> fmt::Result {
    match &*run.server {
        "relay" => write!(out, "{} over {}, {}", run.scenario, run.transport, run.dialect)?,
        rival => write!(out, "{} on {rival}, a server without chat", run.scenario)?,
    }
    write!(out, ": {} connections", grouped(run.conns as u64))?;
    match (run.rate, run.window) {
        (Some(rate), _) => write!(out, ", open loop at {}/s", grouped(rate))?,
        (_, Some(window)) => write!(out, ", CLOSED LOOP with {window} under way a sender")?,
        _ => {}
    }
    if run.size_bytes > 0 {
        let ack = run.ack.as_ref().map_or_else(String::new, |ack| format!(", ack {ack}"));
        write!(out, ", {} B{ack}, {} s after {} s", run.size_bytes, run.duration_s, run.warmup_s)?;
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
    for (name, count) in
        [("lost", report.counts.lost), ("duplicated", counts.duplicated), ("out of order", counts.out_of_order)]
    {
        write!(out, "  {name} {}", grouped(count))?;
    }
    writeln!(out)
}

fn latency_table(latencies: &Latencies, out: &mut String) -> fmt::Result {
    writeln!(out, "  {:<12}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}", "us", "p50", "p90", "p99", "p99.9", "p99.99", "max")?;
    let rows = [("delivery", &latencies.delivery), ("ack", &latencies.ack), ("send lag", &latencies.send_lag)];
    for (name, LatencyUs { p50, p90, p99, p999, p9999, max, .. }) in rows.into_iter().filter(|row| row.1.samples > 0) {
        writeln!(out, "  {name:<12}{p50:>10.0}{p90:>10.0}{p99:>10.0}{p999:>10.0}{p9999:>10.0}{max:>10.0}")?;
    }
    Ok(())
}

fn costs(report: &Report, out: &mut String) -> fmt::Result {
    let mut parts = Vec::new();
    let server = &report.server;
    parts.extend(server.cpu_seconds_per_million_deliveries.map(|cpu| format!("{cpu:.2} CPU-s per million deliveries")));
    parts.extend(server.cores.map(|cores| format!("{cores:.2} cores")));
    parts.extend(server.kib_per_connection.map(|kib| format!("{kib:.2} KiB per idle connection")));
    parts.extend(server.rss_kib.map(|kib| format!("{:.1} MiB resident", kib as f64 / 1024.0)));
    if !parts.is_empty() {
        writeln!(out, "  server  {}", parts.join(", "))?;
    }
    if let Some(client) = &report.client {
        let (cores, share) = (client.cores, client.share * 100.0);
        writeln!(out, "  client  {cores:.2} cores, {share:.0} % of what its {} can do", threads(&report.run))?;
    }
    Ok(())
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
