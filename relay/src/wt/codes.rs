//! Error codes on the wire, and how an application's 32-bit codes travel among HTTP/3's.

use quinn::VarInt;

/// Everything went as it should.
pub(super) const NO_ERROR: VarInt = VarInt::from_u32(0x100);
pub(super) const INTERNAL_ERROR: VarInt = VarInt::from_u32(0x102);
pub(super) const STREAM_CREATION_ERROR: VarInt = VarInt::from_u32(0x103);
/// The peer asks for more than its share.
pub(super) const EXCESSIVE_LOAD: VarInt = VarInt::from_u32(0x107);
pub(super) const ID_ERROR: VarInt = VarInt::from_u32(0x108);
pub(super) const REQUEST_INCOMPLETE: VarInt = VarInt::from_u32(0x10d);
pub(super) const DATAGRAM_ERROR: VarInt = VarInt::from_u32(0x33);
/// A stream for a session not yet known, and no room to keep it.
pub(super) const BUFFERED_STREAM_REJECTED: VarInt = VarInt::from_u32(0x3994_bd84);
/// A stream whose session has ended or never was.
pub(super) const SESSION_GONE: VarInt = VarInt::from_u32(0x170d_7b68);

const APPLICATION_FIRST: u64 = 0x52e4_a40f_a8db;
const APPLICATION_LAST: u64 = 0x52e5_ac98_3162;
/// Every 31st HTTP/3 code is reserved for greasing and skipped by the mapping.
const BETWEEN_GREASE: u64 = 0x1e;

/// The HTTP/3 code that carries an application's stream error code.
pub(super) fn from_application(code: u32) -> VarInt {
    let code = u64::from(code);
    VarInt::from_u64(APPLICATION_FIRST + code + code / BETWEEN_GREASE).expect("the range is below 2^62")
}

/// The application's code, if `code` carries one.
pub(super) fn to_application(code: VarInt) -> Option<u32> {
    let code = code.into_inner();
    let in_range = (APPLICATION_FIRST..=APPLICATION_LAST).contains(&code);
    let grease = in_range && (code - 0x21).is_multiple_of(0x1f);
    if !in_range || grease {
        return None;
    }
    let shifted = code - APPLICATION_FIRST;
    u32::try_from(shifted - shifted / 0x1f).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn application_codes_survive_the_mapping() {
        for code in [0, 1, 0x1d, 0x1e, 0x1f, 4102, u32::MAX - 1, u32::MAX] {
            assert_eq!(to_application(from_application(code)), Some(code));
        }
        assert_eq!(from_application(0).into_inner(), APPLICATION_FIRST);
        assert_eq!(from_application(u32::MAX).into_inner(), APPLICATION_LAST);
        assert_eq!(to_application(NO_ERROR), None);
        assert_eq!(to_application(VarInt::from_u64(APPLICATION_FIRST + 0x1e).unwrap()), None);
    }
}
