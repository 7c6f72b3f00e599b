//! The payload of a close frame, and which codes may travel in one.

use super::ProtocolError;

/// A close frame's code and reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Close<'a> {
    pub code: u16,
    pub reason: &'a str,
}

impl<'a> Close<'a> {
    /// Reads a received close payload; an empty one carries no code.
    pub fn parse(payload: &'a [u8]) -> Result<Option<Self>, ProtocolError> {
        let (code, reason) = match payload {
            [] => return Ok(None),
            [_] => return Err(ProtocolError::CloseTooShort),
            [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
        };
        if !may_travel(code) {
            return Err(ProtocolError::CloseCodeInvalid);
        }
        let reason = simdutf8::basic::from_utf8(reason).map_err(|_| ProtocolError::InvalidUtf8)?;
        Ok(Some(Self { code, reason }))
    }
}

/// Whether a close frame may carry this code: the registered ones that are not reserved for local use
/// (1004, 1005, 1006, 1015), and the ranges for libraries and applications.
pub fn may_travel(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
