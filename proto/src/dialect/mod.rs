//! Codecs between frames and the model, one per dialect.
//!
//! Promise: what one side encodes the other decodes to the same value, and nothing else is accepted: no trailing
//! or prepended junk, no second meaning. Decoding never panics and allocates no more than the payload warrants.
//!
//! In the flow: a transport cuts a payload (WebSocket message, or [`stream`] on a byte stream), decodes it to a
//! [`Command`] that borrows it, and encodes [`Event`]s. Clients use the mirrored pair.
//!
//! # Layout
//! - [`json`]: one object per frame; a strict reader and a writer of its own
//! - [`native`]: 16-byte envelope + rkyv body, one frozen struct per type id
//! - [`stream`]: cuts frames out of a byte stream
//! - `check`: the limits that hold whatever the wire
//! - [`Scratch`]: memory for what cannot be borrowed from the payload

mod check;
mod error;
pub mod json;
pub mod native;
mod scratch;
pub mod stream;

pub use error::DecodeError;
pub use scratch::Scratch;

use crate::command::Command;
use crate::event::Event;

/// The codec of a connection, chosen once when it opens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Dialect {
    /// Envelope + rkyv; binary WebSocket messages.
    Native,
    /// One object per frame; text WebSocket messages, lines on streams.
    Json,
}

impl Dialect {
    pub const ALL: [Dialect; 2] = [Self::Native, Self::Json];

    /// The WebSocket subprotocol that chooses this dialect.
    pub fn subprotocol(self) -> &'static str {
        match self {
            Self::Native => "chasqui.v1",
            Self::Json => "chasqui.v1.json",
        }
    }

    /// The dialect a subprotocol asks for.
    pub fn from_subprotocol(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.subprotocol() == name)
    }

    /// The name used in `?dialect=` and in configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Json => "json",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }

    /// Whether its WebSocket messages are text.
    pub fn is_text(self) -> bool {
        self == Self::Json
    }

    /// What follows a frame on a byte stream.
    pub fn stream_terminator(self) -> &'static [u8] {
        match self {
            Self::Native => b"",
            Self::Json => b"\n",
        }
    }
}

/// Decodes a client's frame. A payload of the native dialect that is not 8-aligned is first copied into `scratch`.
pub fn decode_command<'a>(
    dialect: Dialect,
    payload: &'a [u8],
    scratch: &'a mut Scratch,
) -> Result<Command<'a>, DecodeError> {
    let command = match dialect {
        Dialect::Native => native::decode_command(payload, scratch),
        Dialect::Json => json::decode_command(payload, scratch),
    }?;
    check::command(&command).map_err(|e| e.with_id(command.id()))?;
    Ok(command)
}

/// Appends an event's frame to `out`.
pub fn encode_event(dialect: Dialect, event: &Event, out: &mut Vec<u8>) {
    match dialect {
        Dialect::Native => native::encode_event(event, out),
        Dialect::Json => json::encode_event(event, out),
    }
}

/// Appends a command's frame to `out`.
pub fn encode_command(dialect: Dialect, command: &Command<'_>, out: &mut Vec<u8>) {
    match dialect {
        Dialect::Native => native::encode_command(command, out),
        Dialect::Json => json::encode_command(command, out),
    }
}

/// Decodes a server's frame.
pub fn decode_event(dialect: Dialect, payload: &[u8]) -> Result<Event, DecodeError> {
    let mut scratch = Scratch::default();
    match dialect {
        Dialect::Native => native::decode_event(payload, &mut scratch),
        Dialect::Json => json::decode_event(payload, &mut scratch),
    }
}
