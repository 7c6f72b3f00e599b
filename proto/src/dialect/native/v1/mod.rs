//! Version 1's frozen structs, one file per type id, all of the same shape: the struct, what of it lies outside the
//! root, `encode` from the model and `decode` to it.
//!
//! Fields go from wide to narrow so that no padding is implied; where bytes remain they are named `zero`.

pub mod ack;
pub mod add_member;
pub mod authenticate;
pub mod conversation_created;
mod convert;
pub mod create_conversation;
pub mod draining;
pub mod error;
pub mod mark;
pub mod member_added;
pub mod message;
pub mod presence;
pub mod receipt;
pub mod retracted;
pub mod send;
pub mod sync;
pub mod sync_result;
pub mod typing;
pub mod user_typing;
pub mod welcome;
