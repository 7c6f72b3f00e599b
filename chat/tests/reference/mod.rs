//! The core against a naive model, in lock-step.
//!
//! The model (`model.rs`, `conversation.rs`) has no shards, no rings and a store that answers at once: plain maps, from
//! which it says what every session must be told because of a command. `plan.rs` draws the commands, `lockstep.rs`
//! plays them on both sides. A failing run is shrunk and printed as a script of `script/mod.rs`.
//!
//! Deliberately not here: what depends on who is faster (full rings, a store that hangs); the simulator has that.

mod conversation;
mod lockstep;
mod model;
mod plan;

pub use lockstep::run;
pub use plan::plans;
