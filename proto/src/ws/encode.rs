//! Server frames: unmasked, unfragmented, lengths in their shortest form.
//!
//! A frame is the same for every receiver, so a fan-out builds it once, perhaps with [`frame_head`] ahead of bytes that
//! exist already.

use super::limits::{CLOSE_REASON_BYTES_MAX, CONTROL_BYTES_MAX};
use super::{Close, Opcode};
use bytes::BufMut;
use std::ops::Deref;

/// A frame's head of two, four or ten bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameHead {
    bytes: [u8; 10],
    len: u8,
}

impl Deref for FrameHead {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// The head of a final frame with a payload of that length.
pub fn frame_head(opcode: Opcode, payload_len: usize) -> FrameHead {
    let mut bytes = [0; 10];
    bytes[0] = 0x80 | opcode as u8;
    let len = match payload_len {
        0..=125 => {
            bytes[1] = payload_len as u8;
            2
        }
        126..=0xffff => {
            bytes[1] = 126;
            bytes[2..4].copy_from_slice(&(payload_len as u16).to_be_bytes());
            4
        }
        _ => {
            bytes[1] = 127;
            bytes[2..].copy_from_slice(&(payload_len as u64).to_be_bytes());
            10
        }
    };
    FrameHead { bytes, len }
}

/// The head of two bytes, of a payload of at most 125. Made as one number: read as a whole at once, bytes written one by one
/// would have to be waited for.
pub fn short_head(opcode: Opcode, payload_len: usize) -> Option<[u8; 2]> {
    let head = u16::from(0x80 | opcode as u8) | (payload_len as u16) << 8;
    (payload_len <= 125).then_some(head.to_le_bytes())
}

/// The head of four bytes, of a payload of 126 bytes to 64 KiB.
pub fn medium_head(opcode: Opcode, payload_len: usize) -> Option<[u8; 4]> {
    let head = u32::from(0x80 | opcode as u8) | 126 << 8 | u32::from((payload_len as u16).swap_bytes()) << 16;
    (126..=0xffff).contains(&payload_len).then_some(head.to_le_bytes())
}

/// Appends a frame of any kind.
pub fn frame(out: &mut impl BufMut, opcode: Opcode, payload: &[u8]) {
    out.put_slice(&frame_head(opcode, payload.len()));
    out.put_slice(payload);
}

pub fn text(out: &mut impl BufMut, text: &str) {
    frame(out, Opcode::Text, text.as_bytes());
}

pub fn binary(out: &mut impl BufMut, payload: &[u8]) {
    frame(out, Opcode::Binary, payload);
}

/// Appends a ping; its payload is ours, so a long one is a bug.
pub fn ping(out: &mut impl BufMut, payload: &[u8]) {
    assert!(payload.len() <= CONTROL_BYTES_MAX, "a ping carries at most 125 bytes");
    frame(out, Opcode::Ping, payload);
}

/// Appends the answer to a ping, which the decoder has bounded.
pub fn pong(out: &mut impl BufMut, payload: &[u8]) {
    assert!(payload.len() <= CONTROL_BYTES_MAX, "a pong carries at most 125 bytes");
    frame(out, Opcode::Pong, payload);
}

/// Appends a close frame; a reason that does not fit is cut between two characters.
pub fn close(out: &mut impl BufMut, close: Option<Close<'_>>) {
    let Some(Close { code, reason }) = close else {
        return frame(out, Opcode::Close, &[]);
    };
    let reason = &reason[..reason.floor_char_boundary(CLOSE_REASON_BYTES_MAX)];
    out.put_slice(&frame_head(Opcode::Close, 2 + reason.len()));
    out.put_u16(code);
    out.put_slice(reason.as_bytes());
}
