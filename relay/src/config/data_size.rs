//! Sizes in bytes as people write them: "64KiB". Only binary units, so nobody has to guess what a kilobyte is.

use std::fmt;

use super::value::{Raw, Setting, quoted, text};

const UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DataSize(u64);

impl DataSize {
    pub const fn bytes(count: u64) -> Self {
        Self(count)
    }
    pub const fn kib(count: u64) -> Self {
        Self(count << 10)
    }
    pub const fn mib(count: u64) -> Self {
        Self(count << 20)
    }
    pub fn as_bytes(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl fmt::Display for DataSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, factor): &(&str, u64)| self.0.is_multiple_of(*factor) && self.0 > 0;
        let (unit, factor) = UNITS.into_iter().find(fits).unwrap_or(("B", 1));
        write!(f, "{}{unit}", self.0 / factor)
    }
}

fn parse_size(text: &str) -> Result<DataSize, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| "is not a size".to_owned())?;
    let (_, factor) = UNITS.into_iter().find(|(name, _)| *name == unit.trim()).ok_or_else(|| {
        if unit.is_empty() { "lacks a unit".to_owned() } else { format!("has an unknown unit {unit:?}") }
    })?;
    number.checked_mul(factor).map(DataSize).ok_or_else(|| "is too large".into())
}

impl Setting for DataSize {
    const ALLOWED: &'static str = "a size such as \"512B\", \"64KiB\", \"1MiB\", \"1GiB\"";
    fn parse(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Integer(_) => Err("lacks a unit".into()),
            _ => parse_size(text(raw)?),
        }
    }
    fn render(&self) -> String {
        quoted(&self.to_string())
    }
}
