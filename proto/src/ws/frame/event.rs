//! What the decoder hands out.

use super::super::{Close, ProtocolError};

/// A complete message or control frame, borrowed from the received chunk or from the decoder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event<'a> {
    Text(&'a str),
    /// The payload starts on an 8-byte boundary.
    Binary(&'a [u8]),
    /// Answer with a pong of the same payload.
    Ping(&'a [u8]),
    Pong(&'a [u8]),
    /// The last event: the decoder ignores whatever follows. Answer with the same close frame.
    Close(Option<Close<'a>>),
    /// A message of that many bytes was skipped, for it was above `message_bytes_max`.
    TooLarge {
        bytes: u64,
    },
}

/// What kind of event is complete, before its bytes are looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Text,
    Binary,
    Ping,
    Pong,
    Close,
    TooLarge { bytes: u64 },
}

impl Kind {
    pub(super) fn event(self, payload: &[u8]) -> Result<Event<'_>, ProtocolError> {
        Ok(match self {
            Self::Text => Event::Text(simdutf8::basic::from_utf8(payload).map_err(|_| ProtocolError::InvalidUtf8)?),
            Self::Binary => Event::Binary(payload),
            Self::Ping => Event::Ping(payload),
            Self::Pong => Event::Pong(payload),
            Self::Close => Event::Close(Close::parse(payload)?),
            Self::TooLarge { bytes } => Event::TooLarge { bytes },
        })
    }
}
