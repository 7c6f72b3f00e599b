//! The project's own commands: `cargo xtask test`, `sim`, `codes` and `instructions`.
//!
//! Promise: `cargo xtask test` is the one definition of "checked", on a developer's machine and in CI alike. It
//! needs a Rust toolchain, a C compiler, Python 3 and Node; whatever else a step uses it installs, and says so.
//!
//! # Layout
//! - [`cli`]: the command line
//! - [`steps`]: what is checked, one function per step, and the table of them
//! - [`report`]: runs steps, times them, adds them up
//! - [`provide`]: installs what a step needs, or says how to
//! - [`instructions`]: counts of the hot path against the committed ones
//! - [`run`]: child processes
//! - [`metadata`], [`direction`], [`licences`]: checks over `cargo metadata`

pub mod cli;
pub mod direction;
pub mod instructions;
pub mod licences;
pub mod metadata;
pub mod provide;
pub mod report;
pub mod run;
pub mod steps;
