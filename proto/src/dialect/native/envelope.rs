//! The 16 bytes before every native body. All integers little-endian.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 2 | magic, the letters `CQ` |
//! | 2 | 1 | version, 1 |
//! | 3 | 1 | reserved, 0 |
//! | 4 | 2 | type id |
//! | 6 | 2 | flags, 0 |
//! | 8 | 4 | length of the body |
//! | 12 | 4 | reserved, 0 |
//!
//! What is reserved is refused unless zero, so that a later version can give it a meaning.

use crate::dialect::DecodeError;

/// A multiple of the body's alignment: an aligned frame has an aligned body.
pub const ENVELOPE_BYTES: usize = 16;
pub const MAGIC: [u8; 2] = *b"CQ";
pub const VERSION: u8 = 1;

const _: () = assert!(ENVELOPE_BYTES.is_multiple_of(super::BODY_ALIGN));

/// What an envelope says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Envelope {
    pub type_id: u16,
    pub body_bytes: u32,
}

impl Envelope {
    pub fn to_bytes(self) -> [u8; ENVELOPE_BYTES] {
        let mut bytes = [0; ENVELOPE_BYTES];
        bytes[0..2].copy_from_slice(&MAGIC);
        bytes[2] = VERSION;
        bytes[4..6].copy_from_slice(&self.type_id.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.body_bytes.to_le_bytes());
        bytes
    }

    pub fn from_bytes(bytes: &[u8; ENVELOPE_BYTES]) -> Result<Self, DecodeError> {
        if bytes[0..2] != MAGIC {
            return Err(DecodeError::malformed("the envelope's magic is wrong"));
        }
        if bytes[2] != VERSION {
            return Err(DecodeError::malformed("the envelope's version is not supported"));
        }
        if bytes[3] != 0 || bytes[6..8] != [0; 2] || bytes[12..16] != [0; 4] {
            return Err(DecodeError::malformed("reserved bytes of the envelope are not zero"));
        }
        let type_id = u16::from_le_bytes([bytes[4], bytes[5]]);
        let body_bytes = u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]);
        Ok(Self { type_id, body_bytes })
    }
}

/// Splits a whole frame into its type id and its body, whose length must be the one told.
pub(super) fn open(frame: &[u8]) -> Result<(u16, &[u8]), DecodeError> {
    let (head, body) =
        frame.split_first_chunk().ok_or(DecodeError::malformed("the frame is shorter than its envelope"))?;
    let envelope = Envelope::from_bytes(head)?;
    if body.len() as u64 != u64::from(envelope.body_bytes) {
        return Err(DecodeError::malformed("the body's length is not the envelope's"));
    }
    Ok((envelope.type_id, body))
}
