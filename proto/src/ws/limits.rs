//! What one WebSocket connection may make the server hold or scan.

use crate::limits::FRAME_BYTES_MAX;

/// A request head; browsers send below 2 KiB, the rest is room for a token and cookies.
pub const HEAD_BYTES_MAX: usize = 8 * 1024;
/// Headers in a request head.
pub const HEADERS_MAX: usize = 64;
/// A control frame's payload (RFC 6455, section 5.5).
pub const CONTROL_BYTES_MAX: usize = 125;
/// A close frame's reason: its control payload without the code.
pub const CLOSE_REASON_BYTES_MAX: usize = CONTROL_BYTES_MAX - 2;
/// Flags, length byte, eight length bytes and the masking key.
pub const FRAME_HEAD_BYTES_MAX: usize = 14;
/// Fragments any message may use, however small its limit; frames without payload count too.
pub const FRAGMENTS_FLOOR: u32 = 1024;
/// Above the floor, the smallest average fragment that a message at its size limit may be cut into.
pub const FRAGMENT_AVERAGE_BYTES_MIN: usize = 64;
/// First allocation for an unfinished message; a declared length alone reserves no more than this.
pub const PARTIAL_FIRST_BYTES: usize = 1024;
/// Boundary on which every binary payload starts.
pub const PAYLOAD_ALIGN_BYTES: usize = 8;

const _: () = assert!(PARTIAL_FIRST_BYTES >= CONTROL_BYTES_MAX);

/// Limits of one decoder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// A message, all its fragments together.
    pub message_bytes_max: usize,
    /// A message above `message_bytes_max` but not above this is skipped and reported as
    /// [`Event::TooLarge`](super::Event::TooLarge); above both it is a protocol error (1009).
    pub skip_bytes_max: usize,
    /// Fragments of one message.
    pub fragments_max: u32,
}

impl Limits {
    /// Messages of at most `message_bytes_max`; larger ones are never skipped, always an error.
    pub fn for_messages(message_bytes_max: usize) -> Self {
        let by_size = u32::try_from(message_bytes_max / FRAGMENT_AVERAGE_BYTES_MIN).unwrap_or(u32::MAX);
        Self { message_bytes_max, skip_bytes_max: 0, fragments_max: by_size.max(FRAGMENTS_FLOOR) }
    }

    /// The same limits, but messages up to `bytes` are skipped and reported instead of ending the connection.
    pub fn skipping_up_to(self, bytes: usize) -> Self {
        Self { skip_bytes_max: bytes, ..self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::for_messages(FRAME_BYTES_MAX)
    }
}
