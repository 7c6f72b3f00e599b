//! Text tables that drive a world and say what every session is told.
//!
//! A file holds cases: a line `case <promise>`, an optional line `world <option> <value> ...`, then commands
//! (see `command.rs`), each followed by what sessions are told because of it:
//!
//! ```text
//! case a send is acknowledged when it is committed
//! open a1 alice 0
//! a1 < welcome
//! store hold
//! a1 send @bob 1 durable
//! ```
//!
//! `a1 < text` says that a1 is told exactly this, `a1 < 20 of text` that it is told 20 lines with this in them.
//! Before the next command nothing may be left over; the order is compared for messages and acks, for the
//! rest only the content is. `skip` forgets what was told so far. A failing case is printed with what was
//! told instead; so is a failing run of the reference model, in the same language.
#![allow(dead_code)]

pub mod command;
pub mod expect;
pub mod options;
pub mod player;
pub mod run;
pub mod show;
