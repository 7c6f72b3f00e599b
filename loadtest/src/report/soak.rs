//! What a long run has shown of the server's memory.

use serde::{Deserialize, Serialize};

/// One line of it.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct SoakLine {
    pub at_s: f64,
    pub sent_per_second: f64,
    pub delivered_per_second: f64,
    /// Deliveries due and not there yet.
    pub under_way: u64,
    pub refused: u64,
    pub rss_kib: u64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Soak {
    pub lines: Vec<SoakLine>,
    /// From after the warm-up to the end.
    pub rss_grown_kib: i64,
    pub rss_grown_max_kib: u64,
}

impl Soak {
    /// The server's memory after the warm-up and at the end.
    pub fn of(lines: Vec<SoakLine>, before_kib: u64, after_kib: u64, rss_grown_max_kib: u64) -> Self {
        Self { lines, rss_grown_kib: after_kib as i64 - before_kib as i64, rss_grown_max_kib }
    }

    pub fn failure(&self) -> Option<String> {
        let (grown, most) = (self.rss_grown_kib, self.rss_grown_max_kib);
        let too_much = grown > i64::try_from(most).unwrap_or(i64::MAX);
        let mib = |kib: f64| kib / 1024.0;
        let told = || format!("memory grew by {:.1} MiB, {:.1} are allowed", mib(grown as f64), mib(most as f64));
        too_much.then(told)
    }
}

/// A line for people.
pub fn soak_line(line: &SoakLine) -> String {
    let SoakLine { at_s, sent_per_second, delivered_per_second, under_way, refused, rss_kib } = *line;
    let mib = rss_kib as f64 / 1024.0;
    format!(
        "  {at_s:7.1} s  {sent_per_second:.0}/s sent  {delivered_per_second:.0}/s delivered  {under_way} under way  \
         {refused} refused  server {mib:.1} MiB"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_beyond_the_allowance_fails() {
        let soak = |before, after| Soak::of(Vec::new(), before, after, 2_048);
        assert_eq!((soak(5_000, 7_048).failure(), soak(5_000, 100).failure()), (None, None));
        assert_eq!(soak(5_000, 8_072).failure().as_deref(), Some("memory grew by 3.0 MiB, 2.0 are allowed"));
    }
}
