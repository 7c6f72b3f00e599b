//! The HTTP/1.1 side of a connection's start: request heads, the upgrade, and plain answers.
//!
//! Place in the flow: the transport collects bytes and shows them to a [`HeadReader`] until it has a
//! [`RequestHead`]; a WebSocket path goes through [`check_upgrade`] and is answered by [`write_switching`], any
//! other by a [`Response`], and whatever fails by [`write_error`]. A [`RequestHead`] names no transport, so
//! what reads tokens, origins and queries serves an HTTP/3 request as well.
//!
//! Limits: `HEAD_BYTES_MAX`, `HEADERS_MAX`. Not here: request bodies, timeouts, routes, tokens.

mod head;
mod parse;
mod response;
mod upgrade;

pub use head::{RequestHead, Version};
pub use parse::{HeadError, HeadReader};
pub use response::{Response, Status, write_error};
pub use upgrade::{Upgrade, UpgradeError, accept_key, check_upgrade, write_switching};
