//! Every byte layout that outlives a process, and the model they carry.
//!
//! # Layout
//! - [`ids`], [`command`], [`event`], [`codes`], [`limits`]: the one model behind all wires
//! - [`codes_doc`]: the codes' page and constants, generated
//! - [`row`]: what the store keeps and how it is asked
//! - [`dialect`]: codecs between frames and the model: `native` (rkyv) and `json`
//! - [`ws`]: WebSocket server framing (RFC 6455), without IO

pub mod codes;
pub mod codes_doc;
pub mod command;
pub mod dialect;
pub mod event;
pub mod ids;
pub mod limits;
pub mod row;
pub mod ws;
