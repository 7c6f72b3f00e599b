//! The client rules of the protocol as a pure state machine: no sockets, clock, threads or randomness.
//!
//! Promise: while the server keeps its own promises, every message is shown to the app exactly once, whatever
//! happens to connections and however the server crashes; a message shown too early and lost by a crash is
//! withdrawn by name; a send stays in the outbox until it has an answer.
//!
//! Place in the flow: the driver (the tokio client, the load generator, the simulator) owns connection and clock.
//! One input, drain all outputs, next input:
//!
//! ```text
//! rules.handle(now, input);
//! while let Some(output) = rules.poll() { .. }     // commands to write, notices for the app, in order
//! rules.next_deadline()                            // when to call again with Input::Tick
//! ```
//!
//! # Layout
//! - [`io`]: inputs, commands and notices; [`config`]: options and limits
//! - [`rules`]: the machine and its dispatch; one file per concern behind it: `live` (events as they come, holes),
//!   `shown` (what the app shows), `own` (where own sends lie), `sends` (the outbox at work), `sync` (rounds of
//!   SYNC), `marks` (receipts)
//! - `conversation`: what is known of one conversation: cursor, reach, provisional messages
//!
//! # Invariants
//! - The cursor never passes the highest `durableSeq` told, nor a message not received. It falls only when the
//!   server says `recovered: false`.
//! - All messages held above a cursor belong to one epoch; a newer epoch makes them suspects until a SYNC has
//!   confirmed each or not.
//! - Same inputs, same outputs.

pub mod config;
mod conversation;
pub mod io;
mod live;
mod marks;
mod outbox;
mod own;
pub mod rules;
mod sends;
mod shown;
mod sync;
mod timers;

pub use config::Config;
pub use conversation::Known;
pub use io::{Input, Notice, Output, OwnedCommand, OwnedTarget, SendFailure, Stats};
pub use outbox::Outgoing;
pub use rules::Rules;
