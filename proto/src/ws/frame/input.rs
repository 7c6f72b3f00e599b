//! A received chunk while it is being decoded.
//!
//! Payloads are unmasked in place, and a binary one is moved down over bytes already consumed (its own frame's
//! head, mostly) until it starts on a boundary. So the chunk's bytes mean nothing once it is decoded. In a chunk
//! that itself starts on a boundary there is always room for the move; in another one the first payload may have
//! to be copied to the decoder's own buffer.

use super::super::limits::PAYLOAD_ALIGN_BYTES;
use super::super::mask::unmask;
use std::ops::Range;

/// Received bytes, owned by the caller, consumed from the front.
#[derive(Debug)]
pub struct Input<'b> {
    bytes: &'b mut [u8],
    at: usize,
}

impl<'b> Input<'b> {
    pub fn new(bytes: &'b mut [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes not consumed yet.
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(super) fn peek(&self, at_most: usize) -> &[u8] {
        let len = self.remaining().min(at_most);
        &self.bytes[self.at..self.at + len]
    }

    pub(super) fn skip(&mut self, len: usize) {
        self.at += len;
    }

    pub(super) fn slice(&self, range: Range<usize>) -> &[u8] {
        &self.bytes[range]
    }

    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    /// Consumes a head and the `len` bytes behind it, which are unmasked where they lie.
    pub(super) fn unmask_after(&mut self, head: usize, len: usize, key: [u8; 4]) -> Range<usize> {
        let range = self.at + head..self.at + head + len;
        unmask(&mut self.bytes[range.clone()], key);
        self.at = range.end;
        range
    }

    /// Like [`Input::unmask_after`], but moves the payload down to a boundary; `None` when there is no room to, and then
    /// nothing is consumed.
    pub(super) fn unmask_aligned_after(&mut self, head: usize, len: usize, key: [u8; 4]) -> Option<Range<usize>> {
        let at = self.at + head;
        let shift = self.bytes[at..].as_ptr().addr() % PAYLOAD_ALIGN_BYTES;
        let start = at.checked_sub(shift)?;
        self.bytes.copy_within(at..at + len, start);
        unmask(&mut self.bytes[start..start + len], key);
        self.at = at + len;
        Some(start..start + len)
    }
}
