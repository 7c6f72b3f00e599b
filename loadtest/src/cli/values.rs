//! How single values are written on the command line.

use std::time::Duration;

use chasqui_proto::command::AckLevel;
use chasqui_proto::dialect::Dialect;

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
}
