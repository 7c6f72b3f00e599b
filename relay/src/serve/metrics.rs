//! The metrics page: Prometheus text (exposition format 0.0.4) over all shards.

use std::fmt::Write as _;

use crate::shard::stats::{Counter, Stats};

pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What a page takes, roughly: its heads, and each shard's lines.
const PAGE_BYTES: usize = 2 * 1024;
const SHARD_BYTES: usize = 8 * 1024;

type Look = fn(&Stats) -> &Counter;

/// Name, type, help, and where it is.
const SERIES: &[(&str, &str, &str, Look)] = &[
    ("chasqui_connections", "gauge", "Sessions that are open.", |s| &s.connections),
    ("chasqui_frames_in_total", "counter", "Frames received from clients.", |s| &s.frames_in),
    ("chasqui_frames_out_total", "counter", "Frames queued to clients.", |s| &s.frames_out),
    ("chasqui_datagrams_in_total", "counter", "Frames received as datagrams.", |s| &s.datagrams_in),
    ("chasqui_datagrams_out_total", "counter", "Frames sent as datagrams.", |s| &s.datagrams_out),
    ("chasqui_writes_total", "counter", "Write system calls (WebSocket) and stream writes (WebTransport).", |s| {
        &s.writes
    }),
    ("chasqui_bytes_out_total", "counter", "Bytes written to clients, before TLS or QUIC.", |s| &s.bytes_out),
    ("chasqui_slow_consumers_total", "counter", "Connections cut because they read too slowly.", |s| &s.slow_consumers),
    ("chasqui_wakeups_total", "counter", "Times the driver reported sockets ready.", |s| &s.wakeups),
    ("chasqui_turns_total", "counter", "Turns of the shard.", |s| &s.turns),
    ("chasqui_mesh_messages_total", "counter", "Messages taken from other shards.", |s| &s.mesh_in),
    (
        "chasqui_mesh_ring_depth_max",
        "gauge",
        "The most messages found waiting in one ring from another shard, since the start.",
        |s| &s.mesh_ring_max,
    ),
    ("chasqui_mesh_debts", "gauge", "Messages to other shards that wait for room in a ring.", |s| &s.core.debts),
    (
        "chasqui_mesh_behind",
        "gauge",
        "Conversations that a shard was not told all of, for want of room in its ring.",
        |s| &s.core.behind,
    ),
    ("chasqui_permits_out", "gauge", "Commands whose answers are not back.", |s| &s.core.permits_out),
    ("chasqui_store_inflight", "gauge", "Store requests under way.", |s| &s.core.store_inflight),
    ("chasqui_live_conversations", "gauge", "Conversations in memory.", |s| &s.core.live_conversations),
];

pub fn page(shards: &[std::sync::Arc<Stats>]) -> String {
    let mut out = String::with_capacity(PAGE_BYTES + shards.len() * SHARD_BYTES);
    for (name, kind, help, look) in SERIES {
        head(&mut out, name, kind, help);
        for (shard, stats) in shards.iter().enumerate() {
            let _ = writeln!(out, "{name}{{shard=\"{shard}\"}} {}", look(stats).get());
        }
    }
    head(&mut out, TURNS, "histogram", "How long turns took, from their start to the last write.");
    shards.iter().enumerate().for_each(|(shard, stats)| turns(&mut out, shard, stats));
    out
}

const TURNS: &str = "chasqui_turn_seconds";

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn turns(out: &mut String, shard: usize, stats: &Stats) {
    let mut below = 0;
    for (bound, count) in stats.turn_time.buckets() {
        below += count;
        let le = bound.map_or_else(|| "+Inf".to_owned(), |ns| seconds(ns).to_string());
        let _ = writeln!(out, "{TURNS}_bucket{{shard=\"{shard}\",le=\"{le}\"}} {below}");
    }
    let sum = seconds(stats.turn_time.sum_ns());
    let _ = writeln!(out, "{TURNS}_sum{{shard=\"{shard}\"}} {sum}\n{TURNS}_count{{shard=\"{shard}\"}} {below}");
}

fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rt::turn::TurnCounts;
    use std::sync::Arc;
    use std::time::Duration;

    #[test]
    fn every_shard_has_its_line() {
        let shards = [Arc::new(Stats::default()), Arc::new(Stats::default())];
        shards[1].frames_out.add(7);
        shards[1].end_turn(Duration::from_nanos(3_200), TurnCounts::default());
        shards[1].core.set(chasqui_chat::shard::Gauges { debts: 5, ..Default::default() });
        let page = page(&shards);
        for line in [
            "chasqui_frames_out_total{shard=\"0\"} 0",
            "chasqui_frames_out_total{shard=\"1\"} 7",
            "chasqui_mesh_debts{shard=\"1\"} 5",
            "chasqui_turn_seconds_bucket{shard=\"1\",le=\"0.000003\"} 0",
            "chasqui_turn_seconds_bucket{shard=\"1\",le=\"0.0000035\"} 1",
            "chasqui_turn_seconds_bucket{shard=\"1\",le=\"+Inf\"} 1",
            "chasqui_turn_seconds_count{shard=\"1\"} 1",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} is not in\n{page}");
        }
    }
}
