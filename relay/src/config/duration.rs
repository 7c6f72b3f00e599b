//! Durations as people write them: one whole number and one unit ("25s", "500ms").

use std::time::Duration;

use super::value::{Raw, Setting, quoted, text};

/// Milliseconds in each unit, largest first.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
/// Far beyond any setting, and far from overflow when added to a timestamp.
const DURATION_MS_MAX: u64 = 3650 * 86_400_000;

/// Parses a whole number and a unit: `ms`, `s`, `m`, `h` or `d`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| "is not a duration".to_owned())?;
    let (_, factor) = UNITS.into_iter().find(|(name, _)| *name == unit.trim()).ok_or_else(|| {
        if unit.is_empty() { "lacks a unit".to_owned() } else { format!("has an unknown unit {unit:?}") }
    })?;
    match number.checked_mul(factor) {
        Some(ms) if ms <= DURATION_MS_MAX => Ok(Duration::from_millis(ms)),
        _ => Err("is longer than ten years".into()),
    }
}

/// In the largest unit that divides it.
pub fn render_duration(duration: Duration) -> String {
    let ms = duration.as_millis() as u64;
    let fits = |(_, factor): &(&str, u64)| ms.is_multiple_of(*factor) && ms > 0;
    let (unit, factor) = UNITS.into_iter().find(fits).unwrap_or(("s", 1000));
    format!("{}{unit}", ms / factor)
}

impl Setting for Duration {
    const ALLOWED: &'static str = "a duration such as \"500ms\", \"25s\", \"2m\", \"1h\"";
    fn parse(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Integer(_) => Err("lacks a unit".into()),
            _ => parse_duration(text(raw)?),
        }
    }
    fn render(&self) -> String {
        quoted(&render_duration(*self))
    }
}
