//! Frame heads: flags, opcode, length and masking key.
//!
//! Each byte is judged as soon as it is there, so a bad first byte fails before the rest of the head arrives.

use super::super::ProtocolError;
use super::super::limits::{CONTROL_BYTES_MAX, FRAME_HEAD_BYTES_MAX};
use super::Input;

/// A frame's opcode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Opcode {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

impl Opcode {
    fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }

    pub fn is_control(self) -> bool {
        self as u8 >= Self::Close as u8
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head {
    pub(super) fin: bool,
    pub(super) opcode: Opcode,
    pub(super) key: [u8; 4],
    pub(super) len: u64,
}

/// Collects a head's bytes over as many chunks as it takes.
#[derive(Default, Debug)]
pub(super) struct HeadBytes {
    bytes: [u8; FRAME_HEAD_BYTES_MAX],
    len: u8,
}

impl HeadBytes {
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes a head's bytes from `input`; `None` when they are not all there yet.
    pub(super) fn read(&mut self, input: &mut Input<'_>) -> Result<Option<Head>, ProtocolError> {
        let had = usize::from(self.len);
        let fresh = input.peek(FRAME_HEAD_BYTES_MAX - had);
        let have = had + fresh.len();
        self.bytes[had..have].copy_from_slice(fresh);
        match parse(&self.bytes[..have])? {
            Some((head, used)) => {
                self.len = 0;
                input.skip(used - had);
                Ok(Some(head))
            }
            None => {
                self.len = have as u8;
                input.skip(have - had);
                Ok(None)
            }
        }
    }
}

/// The head at the start of `bytes`, and its length, of a whole text or binary message below 64 KiB. `None`: it is not all
/// there, or of another kind, or wrong.
#[inline]
pub(super) fn of_message(bytes: &[u8]) -> Option<(Head, usize)> {
    let &[first, second, ..] = bytes else { return None };
    let opcode = match first {
        0x81 => Opcode::Text,
        0x82 => Opcode::Binary,
        _ => return None,
    };
    let (len, at) = match second {
        0x80..=0xfd => (usize::from(second & 0x7f), 2),
        0xfe => (usize::from(u16::from_be_bytes(*bytes.get(2..4)?.first_chunk()?)), 4),
        _ => return None,
    };
    let &key = bytes.get(at..)?.first_chunk()?;
    let minimal = at == 2 || len >= 126;
    minimal.then_some((Head { fin: true, opcode, key, len: len as u64 }, at + 4))
}

/// The head at the start of `bytes` and its length.
fn parse(bytes: &[u8]) -> Result<Option<(Head, usize)>, ProtocolError> {
    let Some(&first) = bytes.first() else {
        return Ok(None);
    };
    let (fin, opcode) = flags(first)?;
    let Some(&second) = bytes.get(1) else {
        return Ok(None);
    };
    judge_second(second, opcode)?;
    let Some((len, at)) = length(second & 0x7f, &bytes[2..])? else {
        return Ok(None);
    };
    let Some(&key) = bytes[at..].first_chunk() else {
        return Ok(None);
    };
    Ok(Some((Head { fin, opcode, key, len }, at + 4)))
}

fn flags(first: u8) -> Result<(bool, Opcode), ProtocolError> {
    if first & 0x70 != 0 {
        return Err(ProtocolError::ReservedBits);
    }
    let opcode = Opcode::from_bits(first & 0x0f).ok_or(ProtocolError::ReservedOpcode)?;
    let fin = first & 0x80 != 0;
    if opcode.is_control() && !fin {
        return Err(ProtocolError::FragmentedControl);
    }
    Ok((fin, opcode))
}

fn judge_second(second: u8, opcode: Opcode) -> Result<(), ProtocolError> {
    if second & 0x80 == 0 {
        return Err(ProtocolError::Unmasked);
    }
    if opcode.is_control() && usize::from(second & 0x7f) > CONTROL_BYTES_MAX {
        return Err(ProtocolError::ControlTooLong);
    }
    Ok(())
}

/// The payload's length and where the masking key starts; `rest` follows the second byte.
fn length(short: u8, rest: &[u8]) -> Result<Option<(u64, usize)>, ProtocolError> {
    let (len, at, form_min) = match short {
        126 => match rest.first_chunk() {
            Some(&long) => (u64::from(u16::from_be_bytes(long)), 4, 126),
            None => return Ok(None),
        },
        127 => match rest.first_chunk() {
            Some(&long) => (u64::from_be_bytes(long), 10, 0x1_0000),
            None => return Ok(None),
        },
        _ => (u64::from(short), 2, 0),
    };
    if len > i64::MAX as u64 {
        return Err(ProtocolError::LengthOutOfRange);
    }
    if len < form_min {
        return Err(ProtocolError::LengthNotMinimal);
    }
    Ok(Some((len, at)))
}
