//! What a client can do wrong on the wire, and the close frame each mistake gets.

use super::Close;
use std::fmt;

/// The connection cannot go on; send [`ProtocolError::close`] and shut it down.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ProtocolError {
    Unmasked,
    ReservedBits,
    ReservedOpcode,
    FragmentedControl,
    ControlTooLong,
    LengthNotMinimal,
    LengthOutOfRange,
    UnexpectedContinuation,
    ExpectedContinuation,
    CloseTooShort,
    CloseCodeInvalid,
    InvalidUtf8,
    MessageTooLarge,
    TooManyFragments,
}

impl ProtocolError {
    pub const ALL: &'static [Self] = &[
        Self::Unmasked,
        Self::ReservedBits,
        Self::ReservedOpcode,
        Self::FragmentedControl,
        Self::ControlTooLong,
        Self::LengthNotMinimal,
        Self::LengthOutOfRange,
        Self::UnexpectedContinuation,
        Self::ExpectedContinuation,
        Self::CloseTooShort,
        Self::CloseCodeInvalid,
        Self::InvalidUtf8,
        Self::MessageTooLarge,
        Self::TooManyFragments,
    ];

    /// The close code (RFC 6455, section 7.4.1).
    pub fn close_code(self) -> u16 {
        match self {
            Self::InvalidUtf8 => 1007,
            Self::MessageTooLarge | Self::TooManyFragments => 1009,
            _ => 1002,
        }
    }

    /// A sentence for the close frame and the log.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Unmasked => "client frames must be masked",
            Self::ReservedBits => "reserved bits are set, but no extension is in use",
            Self::ReservedOpcode => "the opcode is reserved",
            Self::FragmentedControl => "control frames must not be fragmented",
            Self::ControlTooLong => "control frames carry at most 125 bytes",
            Self::LengthNotMinimal => "the length is not in its shortest form",
            Self::LengthOutOfRange => "the length's highest bit is set",
            Self::UnexpectedContinuation => "a continuation without a message to continue",
            Self::ExpectedContinuation => "a new message within an unfinished one",
            Self::CloseTooShort => "a close payload of one byte",
            Self::CloseCodeInvalid => "the close code must not be sent",
            Self::InvalidUtf8 => "text is not valid UTF-8",
            Self::MessageTooLarge => "the message is larger than the limit",
            Self::TooManyFragments => "the message has more fragments than the limit",
        }
    }

    /// The close frame that answers this error.
    pub fn close(self) -> Close<'static> {
        Close { code: self.close_code(), reason: self.reason() }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl std::error::Error for ProtocolError {}
