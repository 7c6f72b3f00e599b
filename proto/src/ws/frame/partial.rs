//! Unmasked bytes that have to outlive their chunk: an unfinished message, and behind it an unfinished
//! control frame (the two interleave, so one buffer serves both).
//!
//! Invariants: the first `message_len` bytes are the message; `text_checked` of them are whole characters.
//! Limits: capacity stays within `message_bytes_max` plus one control payload. It follows the bytes that have
//! arrived, not the length a head declares, and doubles, so that tiny fragments cost no quadratic copying.

use super::super::ProtocolError;
use super::super::limits::PARTIAL_FIRST_BYTES;
use super::super::mask::unmask;
use rkyv::util::AlignedVec;
use std::ops::Range;

#[derive(Default, Debug)]
pub(super) struct Partial {
    bytes: AlignedVec<16>,
    message_len: usize,
    text_checked: usize,
    /// Bytes to keep once the event that borrows the buffer is gone.
    keep: Option<usize>,
}

impl Partial {
    pub(super) fn slice(&self, range: Range<usize>) -> &[u8] {
        &self.bytes[range]
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Forgets what the last event borrowed.
    pub(super) fn forget_handed_out(&mut self) {
        if let Some(keep) = self.keep.take() {
            self.bytes.resize(keep, 0);
        }
    }

    /// Appends a piece of a frame's payload; the buffer need not grow beyond `bytes_max` for this frame.
    pub(super) fn push(&mut self, masked: &[u8], key: [u8; 4], bytes_max: usize) {
        let start = self.bytes.len();
        self.make_room(start + masked.len(), bytes_max);
        self.bytes.extend_from_slice(masked);
        unmask(&mut self.bytes[start..], key);
    }

    /// The bytes pushed since the last control frame belong to the message.
    pub(super) fn extend_message(&mut self) {
        self.message_len = self.bytes.len();
    }

    /// Fails at the first byte that no continuation can make valid.
    pub(super) fn check_text(&mut self) -> Result<(), ProtocolError> {
        let fresh = &self.bytes[self.text_checked..];
        match simdutf8::compat::from_utf8(fresh) {
            Ok(_) => self.text_checked = self.bytes.len(),
            Err(error) if error.error_len().is_none() => self.text_checked += error.valid_up_to(),
            Err(_) => return Err(ProtocolError::InvalidUtf8),
        }
        Ok(())
    }

    /// Where the finished message lies; it is forgotten with the next chunk.
    pub(super) fn hand_out_message(&mut self) -> Range<usize> {
        self.keep = Some(0);
        self.text_checked = 0;
        0..std::mem::take(&mut self.message_len)
    }

    /// Where the finished control frame lies, behind the message that goes on.
    pub(super) fn hand_out_control(&mut self) -> Range<usize> {
        self.keep = Some(self.message_len);
        self.message_len..self.bytes.len()
    }

    /// Drops a message that is not wanted any more, and its memory.
    pub(super) fn discard(&mut self) {
        *self = Self::default();
    }

    /// Gives the memory back unless something unfinished is in it.
    pub(super) fn release(&mut self) {
        self.forget_handed_out();
        if self.bytes.is_empty() && self.bytes.capacity() > 0 {
            self.bytes = AlignedVec::new();
        }
    }

    fn make_room(&mut self, needed: usize, bytes_max: usize) {
        if needed > self.bytes.capacity() {
            let doubled = (2 * self.bytes.capacity()).max(PARTIAL_FIRST_BYTES);
            let target = doubled.min(bytes_max).max(needed);
            self.bytes.reserve_exact(target - self.bytes.len());
        }
    }
}
