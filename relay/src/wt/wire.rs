//! The few bytes of HTTP/3 and WebTransport that this crate reads and writes itself.
//!
//! Promises: reading is total; a short input says so and is not an error.

use bytes::BufMut;
use quinn::VarInt;

/// First varint of a client's bidirectional stream that belongs to a session.
pub(super) const BIDI_STREAM: u64 = 0x41;
/// Stream type of a unidirectional stream that belongs to a session.
pub(super) const UNI_STREAM: u64 = 0x54;
/// The unidirectional streams HTTP/3 itself needs: control, QPACK encoder, QPACK decoder.
pub(super) const H3_UNI_STREAMS: [u64; 3] = [0x00, 0x02, 0x03];

pub(super) const FRAME_DATA: u64 = 0x00;
pub(super) const FRAME_HEADERS: u64 = 0x01;

/// Reads a QUIC varint from the front of `bytes`: its value and its length.
pub(super) fn read_varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let len = 1 << (first >> 6);
    let rest = bytes.get(1..len)?;
    let value = rest.iter().fold(u64::from(first & 0x3f), |value, byte| value << 8 | u64::from(*byte));
    Some((value, len))
}

/// Writes `value`, which must be below 2^62.
pub(super) fn write_varint(value: u64, out: &mut impl BufMut) {
    match value {
        0..0x40 => out.put_u8(value as u8),
        0x40..0x4000 => out.put_u16(0x4000 | value as u16),
        0x4000..0x4000_0000 => out.put_u32(0x8000_0000 | value as u32),
        _ => {
            debug_assert!(value <= VarInt::MAX.into_inner());
            out.put_u64(0xc000_0000_0000_0000 | value);
        }
    }
}

/// Whether a stream id is one a session may have: a client's bidirectional stream.
pub(super) fn is_session_id(id: u64) -> bool {
    id & 0b11 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_varint_reads_back_and_a_short_one_waits() {
        for value in [0, 0x3f, 0x40, 0x41, 0x3fff, 0x4000, 0x3fff_ffff, 0x4000_0000, (1 << 62) - 1] {
            let mut bytes = Vec::new();
            write_varint(value, &mut bytes);
            assert_eq!(read_varint(&bytes), Some((value, bytes.len())));
            for end in 0..bytes.len() {
                assert_eq!(read_varint(&bytes[..end]), None);
            }
        }
    }
}
