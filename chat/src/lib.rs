//! The pure core: every rule of chat, and no socket, clock, thread, randomness or async.
//!
//! One [`Shard`] per core thread. The contract:
//!
//! ```text
//! shard.step(now, input, &mut effects);   // total: expected failures are events with codes
//! shard.next_deadline();                  // when to step with Input::Tick
//! shard.check();                          // invariants
//! ```
//!
//! One input, drain all effects in order, next input. Time comes in with [`Now`]; persist results, store
//! pages and closings come back as inputs. The order between effects is meaning.
//!
//! # Layout
//! - [`contract`]: what goes in and out, and the limits a shell chooses
//! - [`msg`]: what shards say to one another
//! - [`shard`]: the one dispatch; [`router`]: whether a message is a call or a ring push, permits, debts
//! - [`gate`]: store requests under way, repeated until their outcome is known
//! - [`spares`]: memory of forgotten messages, used again
//! - [`session`]: connections on this shard and their roster; [`user`]: users whose home is here
//! - [`conversation`]: conversations whose home is here

pub mod contract;
pub mod conversation;
pub mod fetch;
pub mod gate;
pub mod limits;
pub mod msg;
pub mod router;
pub mod session;
pub mod shard;
pub mod spares;
pub mod timers;
pub mod user;

pub use contract::{Class, Config, DeliveryOrder, Effect, Effects, Input, Links, Now, ShardId};
pub use msg::Msg;
pub use shard::Shard;
