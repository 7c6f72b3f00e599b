//! One reading of the metrics page.

use std::collections::BTreeMap;

use super::{Server, http};

/// Values by series and shard; of histograms, the count and the sum.
#[derive(Debug)]
pub struct Metrics(BTreeMap<(String, u16), u64>);

impl Metrics {
    pub fn read(server: &Server) -> Self {
        let page = http(server.internal, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
        Self(page.lines().filter_map(sample).collect())
    }

    pub fn of(&self, shard: u16, series: &str) -> u64 {
        let found = self.0.get(&(format!("chasqui_{series}"), shard));
        *found.unwrap_or_else(|| panic!("no {series} of shard {shard}"))
    }

    /// How much a counter has grown since `earlier`.
    pub fn grown(&self, earlier: &Self, shard: u16, series: &str) -> u64 {
        self.of(shard, series) - earlier.of(shard, series)
    }

    /// Whether anything of this shard is under way or waits for room.
    pub fn is_quiet(&self, shard: u16) -> bool {
        let depths = ["mesh_debts", "mesh_behind", "permits_out", "store_inflight"];
        depths.iter().all(|series| self.of(shard, series) == 0)
    }
}

/// `name{shard="N"} value`
fn sample(line: &str) -> Option<((String, u16), u64)> {
    let (name, rest) = line.split_once("{shard=\"")?;
    let (shard, value) = rest.split_once("\"} ")?;
    Some(((name.to_owned(), shard.parse().ok()?), value.parse::<f64>().ok()? as u64))
}
