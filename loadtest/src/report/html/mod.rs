//! The report as one page that needs nothing else: for people who were not there.
//!
//! Promise: it opens offline, in light and dark, and says what was run, where, what came out, and how to read it.

mod axis;
mod charts;
mod page;
mod plot;
mod tables;
mod text;

use serde::Deserialize;

pub use page::page;

/// One rate of a ladder, as far as its curve needs it.
#[derive(Clone, Copy, PartialEq, Debug, Deserialize)]
pub struct Rung {
    pub sent_per_second: f64,
    pub delivery: RungLatency,
}

#[derive(Clone, Copy, PartialEq, Debug, Deserialize)]
pub struct RungLatency {
    pub p50: f64,
    pub p99: f64,
    pub p999: f64,
}
