//! Open-loop load for a chat relay, and the account of every message.
//!
//! Promise: a run says for each message whether it was acknowledged and reached everyone it was meant for, exactly
//! once and in order; latency counts from the moment a message was due, not from when the tool got round to sending
//! it, so a stall of the server is not hidden by the client waiting for it. What the client itself did to the
//! figures (send lag, CPU share) stands beside them.
//!
//! In the flow: [`scenario`] plans who connects and who sends; each [`worker`] thread runs its [`peer`]s over
//! connections of `chasqui-client`; [`account`] keeps the books; [`probe`] reads the processes; [`report`] judges and prints.
//!
//! Limits: one process both sends and receives, so that all times are from one clock; a load that needs more than one
//! machine to make is out of reach.
//!
//! # Layout
//! - [`cli`], [`run`]: the command line, and the phases of a run: one load, several rates, a storm, a soak
//! - [`clock`], [`pacing`]: nanoseconds, when things are due, and the timer that keeps to it
//! - [`stamp`], [`account`], [`window`]: what messages carry, what arrived, closed loops
//! - [`token`], [`dial`], [`peer`], [`worker`]: connections and the threads that drive them
//! - [`scenario`], [`probe`], [`report`]
//! - [`rival`], [`server`], [`compare`]: what the relay is measured against, servers started for a run, runs side by side

#![forbid(unsafe_code)]

pub mod account;
pub mod cli;
pub mod clock;
pub mod compare;
pub mod dial;
pub mod pacing;
pub mod peer;
pub mod probe;
pub mod report;
pub mod rival;
pub mod run;
pub mod scenario;
pub mod server;
pub mod stamp;
pub mod token;
pub mod window;
pub mod worker;
