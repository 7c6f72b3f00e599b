//! The report as one page that needs nothing else: for people who were not there.
//!
//! Promise: it opens offline, in light and dark, and says what was run, where, what came out, and how to read it.

mod axis;
mod charts;
mod page;
mod plot;
mod tables;
mod text;

pub use page::page;
