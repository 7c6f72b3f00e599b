//! The page from top to bottom.

use super::text::{escaped, grouped, latency};
use super::{charts, tables};
use crate::report::{Report, heading};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// One run, a ladder, or a search.
pub fn page(report: &Report) -> String {
    let title = escaped(&heading(report));
    let sections = [verdict(report), tiles(report), curves(report), tables::all(report), reading()];
    format!(
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>loadtest: {title}</title><style>{STYLE}</style></head><body><main>\n\
         <p class=soft>loadtest report</p><h1>{title}</h1>\n{}\n\
         <footer>loadtest {} ({} build), {}</footer></main><script>{SCRIPT}</script></body></html>\n",
        sections.join("\n"),
        escaped(&report.tool_version),
        escaped(&report.tool_build),
        date(report.unix_time),
    )
}

fn verdict(report: &Report) -> String {
    let verdict = &report.verdict;
    let (class, word, why) = if verdict.passed {
        ("good", "Passed", "Every message reached everyone it was meant for, once and in order.".to_owned())
    } else {
        ("bad", "Failed", escaped(&verdict.failures.join("; ")))
    };
    let mut out = format!("<div class=\"verdict {class}\">{word}<small>{why}</small></div>");
    if !verdict.doubts.is_empty() {
        let what = if verdict.valid { "The latencies are not valid" } else { "The figures are not valid" };
        let why = escaped(&verdict.doubts.join("; "));
        out += &format!("<div class=\"verdict doubt\">{what}<small>{why}</small></div>");
    }
    out
}

fn tiles(report: &Report) -> String {
    let mut tiles = Vec::new();
    if let Some(delivery) = report.latency_us.as_ref().map(|latencies| latencies.delivery) {
        for (name, value) in [
            ("median latency", delivery.p50),
            ("p99", delivery.p99),
            ("p99.99", delivery.p9999),
            ("slowest", delivery.max),
        ] {
            tiles.push((latency(value), name));
        }
    }
    tiles.extend(report.throughput.map(|it| (grouped(it.delivered_per_second), "deliveries a second")));
    let server = &report.server;
    tiles
        .extend(server.cpu_seconds_per_million_deliveries.map(|cpu| (format!("{cpu:.1} µs"), "server CPU a delivery")));
    // Under load it holds what the server allocates once, too, and is no headline.
    let resting = server.kib_per_connection.filter(|_| report.run.mode == "idle");
    tiles.extend(resting.map(|kib| (format!("{kib:.1} KiB"), "memory a connection")));
    let tile = |(value, name): (String, &str)| format!("<div class=tile><b>{value}</b><span>{name}</span></div>");
    format!("<div class=tiles>{}</div>", tiles.into_iter().map(tile).collect::<String>())
}

fn curves(report: &Report) -> String {
    let mut out = String::new();
    if report.steps.len() > 1 {
        let note = "Each point is one rate, held for the measured time. Where the curve turns up, the server is full.";
        out += &section("Latency by load", note, &(charts::ladder(&report.steps) + &tables::steps(&report.steps)));
    }
    if let Some(distribution) = &report.distribution {
        let note = "Of 100 messages, so many took no longer than this. Each further nine has the same room, so that the \
                    rare slow ones can be seen.";
        out += &section("Latency by percentile", note, &charts::percentiles(distribution));
    }
    if report.timeline.len() > 1 {
        let note = "By the moment a message was due. A stall shows as a peak in all that waited for it.";
        let plots = charts::over_time(&report.timeline) + &charts::deliveries(&report.timeline);
        out += &section("Over time", note, &plots);
    }
    out
}

pub(super) fn section(title: &str, note: &str, body: &str) -> String {
    format!("<section><h2>{title}</h2><p class=note>{note}</p>{body}</section>")
}

fn reading() -> String {
    let body = "<p><b>Latency</b> counts from when a message was due to be sent, not from when the tool got round to it. In an \
        <b>open loop</b> messages are due by the clock, whatever the server does, so a stall is not hidden. In a \
        <b>closed loop</b> the next message waits for a former one; such figures show cost and throughput, and no user's \
        latency.</p>\
        <p><b>p99</b> is the time within which 99 of 100 deliveries came. <b>Send lag</b> is the tool's own lateness: \
        where it is a good part of a latency, the latency says little. <b>Server CPU</b> is time that the server's \
        threads ran, as the kernel's scheduler counts it.</p>";
    section("How to read this", "", body)
}

/// `2026-01-31 12:00 UTC`, by the civil calendar.
fn date(unix_time: u64) -> String {
    let (days, second) = (unix_time / 86_400, unix_time % 86_400);
    // Years begin in March here, so that a leap day is a year's last.
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, year) = (day - (153 * month + 2) / 5 + 1, era * 400 + year);
    let (month, year) = if month < 10 { (month + 3, year) } else { (month - 9, year + 1) };
    format!("{year}-{month:02}-{day:02} {:02}:{:02} UTC", second / 3_600, second % 3_600 / 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_of_the_civil_calendar() {
        for (unix_time, text) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (1_767_225_599, "2025-12-31 23:59 UTC"),
            (1_767_225_600, "2026-01-01 00:00 UTC"),
        ] {
            assert_eq!(date(unix_time), text);
        }
    }
}
