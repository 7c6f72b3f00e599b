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

    /// Consumes `len` bytes, unmasked where they lie.
    pub(super) fn unmask(&mut self, len: usize, key: [u8; 4]) -> Range<usize> {
        let range = self.at..self.at + len;
        unmask(&mut self.bytes[range.clone()], key);
        self.at = range.end;
        range
    }

    /// Like [`Input::unmask`], but moves the payload down to a boundary; `None` when there is no room to.
    pub(super) fn unmask_aligned(&mut self, len: usize, key: [u8; 4]) -> Option<Range<usize>> {
        let shift = self.bytes[self.at..].as_ptr().addr() % PAYLOAD_ALIGN_BYTES;
        let start = self.at.checked_sub(shift)?;
        let end = self.at + len;
        self.bytes.copy_within(self.at..end, start);
        unmask(&mut self.bytes[start..start + len], key);
        self.at = end;
        Some(start..start + len)
    }
}
