//! The relay's own counters, from its Prometheus page.
//!
//! Limits: plain HTTP to a numeric address; a page beyond [`PAGE_BYTES_MAX`] is refused.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, bail, ensure};

const TIMEOUT: Duration = Duration::from_secs(5);
const PAGE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Where the page is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MetricsUrl {
    address: SocketAddr,
    path: String,
}

/// Sums over all labels; absent where the server does not count it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counters {
    pub frames_in: Option<u64>,
    pub frames_out: Option<u64>,
    pub datagrams_in: Option<u64>,
    pub datagrams_out: Option<u64>,
    pub writes: Option<u64>,
    pub bytes_out: Option<u64>,
    pub wakeups: Option<u64>,
    pub turns: Option<u64>,
}

impl FromStr for MetricsUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || "http://IP:PORT/metrics".to_owned();
        let rest = text.strip_prefix("http://").ok_or_else(wanted)?;
        let (address, path) = rest.split_once('/').unwrap_or((rest, "metrics"));
        Ok(Self { address: address.parse().map_err(|_| wanted())?, path: format!("/{path}") })
    }
}

impl MetricsUrl {
    pub fn read(&self) -> anyhow::Result<Counters> {
        let page = self.page().with_context(|| format!("metrics of http://{}{}", self.address, self.path))?;
        Ok(Counters::parse(&page))
    }

    pub(super) fn page(&self) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect_timeout(&self.address, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        let Self { address, path } = self;
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())?;
        let mut answer = String::new();
        let read = stream.take(PAGE_BYTES_MAX).read_to_string(&mut answer)? as u64;
        ensure!(read < PAGE_BYTES_MAX, "the page is too long");
        let (head, body) = answer.split_once("\r\n\r\n").context("the answer is not HTTP")?;
        let status = head.split_whitespace().nth(1).unwrap_or_default();
        if status != "200" {
            bail!("the server answered {status}");
        }
        Ok(body.to_owned())
    }
}

impl Counters {
    fn parse(page: &str) -> Self {
        let mut sums = Self::default();
        for line in page.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, value)) = sample(line) else { continue };
            if let Some(sum) = sums.named(name) {
                *sum = Some(sum.unwrap_or(0) + value);
            }
        }
        sums
    }

    fn named(&mut self, name: &str) -> Option<&mut Option<u64>> {
        Some(match name {
            "chasqui_frames_in_total" => &mut self.frames_in,
            "chasqui_frames_out_total" => &mut self.frames_out,
            "chasqui_datagrams_in_total" => &mut self.datagrams_in,
            "chasqui_datagrams_out_total" => &mut self.datagrams_out,
            "chasqui_writes_total" => &mut self.writes,
            "chasqui_bytes_out_total" => &mut self.bytes_out,
            "chasqui_wakeups_total" => &mut self.wakeups,
            "chasqui_turns_total" => &mut self.turns,
            _ => return None,
        })
    }

    /// What was counted since `earlier`.
    pub fn since(&self, earlier: &Self) -> Self {
        let grown =
            |now: Option<u64>, before: Option<u64>| now.zip(before).map(|(now, before)| now.saturating_sub(before));
        Self {
            frames_in: grown(self.frames_in, earlier.frames_in),
            frames_out: grown(self.frames_out, earlier.frames_out),
            datagrams_in: grown(self.datagrams_in, earlier.datagrams_in),
            datagrams_out: grown(self.datagrams_out, earlier.datagrams_out),
            writes: grown(self.writes, earlier.writes),
            bytes_out: grown(self.bytes_out, earlier.bytes_out),
            wakeups: grown(self.wakeups, earlier.wakeups),
            turns: grown(self.turns, earlier.turns),
        }
    }
}

/// `name{labels} value`, perhaps with a time behind it.
fn sample(line: &str) -> Option<(&str, u64)> {
    let name_ends = line.find(['{', ' '])?;
    let (name, rest) = line.split_at(name_ends);
    let rest = if rest.starts_with('{') { rest.rsplit_once('}')?.1 } else { rest };
    let value: f64 = rest.split_whitespace().next()?.parse().ok()?;
    Some((name, value as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    const PAGE: &str = "# HELP chasqui_writes_total Writes\n# TYPE chasqui_writes_total counter\n\
        chasqui_writes_total{shard=\"0\"} 10\nchasqui_writes_total{shard=\"1\"} 5 1700000000\n\
        chasqui_turns_total 1e3\nchasqui_writes_total_other 99\nother{x=\"}\"} 1\n";

    fn serving(answer: String) -> MetricsUrl {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        });
        format!("http://{address}/metrics").parse().unwrap()
    }

    #[test]
    fn shards_are_added_up_and_what_is_not_told_is_absent() {
        let expected = Counters { writes: Some(15), turns: Some(1_000), ..Counters::default() };
        assert_eq!(Counters::parse(PAGE), expected);
        let earlier = Counters { writes: Some(5), frames_in: Some(1), ..Counters::default() };
        assert_eq!(expected.since(&earlier), Counters { writes: Some(10), ..Counters::default() });
    }

    #[test]
    fn a_page_is_fetched_and_a_refusal_is_told() {
        let url = serving(format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n{PAGE}"));
        assert_eq!(url.read().unwrap().writes, Some(15));
        let error = serving("HTTP/1.1 404 Not Found\r\n\r\n".into()).read().unwrap_err();
        assert!(format!("{error:#}").contains("404"), "{error:#}");
    }

    #[test]
    fn only_plain_addresses_are_taken() {
        assert_eq!("http://127.0.0.1:9".parse::<MetricsUrl>(), "http://127.0.0.1:9/metrics".parse());
        for bad in ["https://127.0.0.1:9/metrics", "http://localhost:9/metrics", "127.0.0.1:9"] {
            assert!(bad.parse::<MetricsUrl>().is_err(), "{bad}");
        }
    }
}
