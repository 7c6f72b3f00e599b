//! How single values are written on the command line.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use chasqui_proto::command::AckLevel;
use chasqui_proto::dialect::Dialect;

use crate::pacing::Arrivals;

/// Own addresses to connect from.
pub type Ips = std::sync::Arc<[IpAddr]>;

pub(super) fn dialect(name: &str) -> Result<Dialect, String> {
    Dialect::from_name(name).ok_or_else(|| "native or json".into())
}

pub(super) fn ack(name: &str) -> Result<AckLevel, String> {
    match name {
        "accepted" => Ok(AckLevel::Accepted),
        "durable" => Ok(AckLevel::Durable),
        // The receivers of a load say nothing back, so the other levels would never come.
        _ => Err("accepted or durable".into()),
    }
}

/// Beyond it a closed loop is an overload test without a clock.
const WINDOW_MAX: usize = 65_536;

pub(super) fn window(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(size @ 1..=WINDOW_MAX) => Ok(size),
        _ => Err(format!("a number from 1 to {WINDOW_MAX}")),
    }
}

/// `const`, `poisson`, `burst`, `burst:20`.
pub(super) fn arrivals(text: &str) -> Result<Arrivals, String> {
    match text.split_once(':').unwrap_or((text, "")) {
        ("const", "") => Ok(Arrivals::Const),
        ("poisson", "") => Ok(Arrivals::Poisson),
        ("burst", "") => Ok(Arrivals::Burst(BURST_DEFAULT)),
        ("burst", size) => match size.parse() {
            Ok(size @ 1..=BURST_MAX) => Ok(Arrivals::Burst(size)),
            _ => Err(format!("burst:N with N from 1 to {BURST_MAX}")),
        },
        _ => Err("const, poisson or burst:N".into()),
    }
}

const BURST_DEFAULT: u32 = 10;
/// Beyond it a burst is longer than what it interrupts.
const BURST_MAX: u32 = 100_000;

/// Per second: `500`, `20k`, `2.5k`, `1M`.
pub(super) fn rate(text: &str) -> Result<u64, String> {
    let (number, scale) = match text.strip_suffix(['k', 'K']) {
        Some(number) => (number, 1e3),
        None => text.strip_suffix('M').map_or((text, 1.0), |number| (number, 1e6)),
    };
    let rate = number.parse::<f64>().map_or(0.0, |number| (number * scale).round());
    if (1.0..=RATE_MAX).contains(&rate) { Ok(rate as u64) } else { Err("a number a second, such as 500 or 20k".into()) }
}

/// More than one machine can make.
const RATE_MAX: f64 = 1e9;

/// `127.0.0.2-9`, `127.0.0.2,127.0.0.3`, `::1`.
pub(super) fn ips(text: &str) -> Result<Ips, String> {
    let mut all = Vec::new();
    for part in text.split(',') {
        all.extend(ip_range(part).ok_or_else(|| format!("{part} is no address, nor a range such as 127.0.0.2-9"))?);
    }
    Ok(all.into())
}

fn ip_range(text: &str) -> Option<Vec<IpAddr>> {
    let Some((first, last)) = text.split_once('-') else { return Some(vec![text.parse().ok()?]) };
    let [a, b, c, first] = first.parse::<Ipv4Addr>().ok()?.octets();
    let last: u8 = last.parse().ok().filter(|last| *last >= first)?;
    Some((first..=last).map(|d| Ipv4Addr::new(a, b, c, d).into()).collect())
}

/// `500ms`, `10s`, `2m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let ms_per_unit = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => return Err("a number with ms, s or m".into()),
    };
    let number: u64 = number.parse().map_err(|_| "a number with ms, s or m".to_owned())?;
    Ok(Duration::from_millis(number.saturating_mul(ms_per_unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        for bad in ["", "5", "s", "1h", "-1s"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn patterns_have_names_and_bursts_a_size() {
        for (text, pattern) in
            [("const", Arrivals::Const), ("burst", Arrivals::Burst(10)), ("burst:3", Arrivals::Burst(3))]
        {
            assert_eq!(arrivals(text), Ok(pattern));
        }
        for bad in ["", "poisson:3", "burst:0", "burst:x", "even"] {
            assert!(arrivals(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn rates_may_be_in_thousands() {
        for (text, wanted) in [("500", 500), ("20k", 20_000), ("2.5k", 2_500), ("1M", 1_000_000)] {
            assert_eq!(rate(text), Ok(wanted));
        }
        for bad in ["", "0", "-5", "k", "1e30", "NaN"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_are_listed_or_ranged() {
        assert_eq!(ips("127.0.0.2-9").unwrap().len(), 8);
        assert_eq!(&*ips("127.0.0.2,::1").unwrap(), ["127.0.0.2".parse::<IpAddr>().unwrap(), "::1".parse().unwrap()]);
        for bad in ["", "127.0.0.9-2", "127.0.0.2-300", "localhost"] {
            assert!(ips(bad).is_err(), "{bad}");
        }
    }
}
