//! Memory for what a command cannot borrow from its payload, reused from frame to frame.
//!
//! Two cases need it: JSON strings with escapes, and native payloads that are not 8-aligned. Neither holds more
//! than one payload, so a scratch stays as large as the largest payload it met.

use rkyv::util::AlignedVec;

use super::native::BODY_ALIGN;

/// One per shard or connection; lives at least as long as the command decoded with it.
#[derive(Default, Debug)]
pub struct Scratch {
    text: Vec<u8>,
    aligned: AlignedVec<BODY_ALIGN>,
}

impl Scratch {
    /// A place for unescaped strings of at most `bytes_max` in sum; nothing is allocated before the first one.
    pub(crate) fn strings(&mut self, bytes_max: usize) -> Strings<'_> {
        Strings { lazy: Some(&mut self.text), free: &mut [], bytes_max }
    }

    /// The payload itself if it is aligned, else its copy.
    pub(crate) fn align<'a>(&'a mut self, payload: &'a [u8]) -> &'a [u8] {
        if payload.as_ptr().addr().is_multiple_of(BODY_ALIGN) {
            return payload;
        }
        self.aligned.clear();
        self.aligned.extend_from_slice(payload);
        &self.aligned
    }

    /// Gives the memory back.
    pub fn release(&mut self) {
        *self = Self::default();
    }
}

/// Hands out pieces of one buffer, each as long as its string.
pub(crate) struct Strings<'a> {
    lazy: Option<&'a mut Vec<u8>>,
    free: &'a mut [u8],
    bytes_max: usize,
}

impl<'a> Strings<'a> {
    /// For text without strings.
    pub fn none() -> Self {
        Strings { lazy: None, free: &mut [], bytes_max: 0 }
    }

    /// Room for the next string.
    pub fn room(&mut self) -> &mut [u8] {
        if let Some(buffer) = self.lazy.take() {
            if buffer.len() < self.bytes_max {
                buffer.resize(self.bytes_max, 0);
            }
            self.free = buffer.as_mut_slice();
        }
        self.free
    }

    /// Keeps the first `len` bytes of the room as a string.
    pub fn keep(&mut self, len: usize) -> Option<&'a str> {
        let (kept, rest) = std::mem::take(&mut self.free).split_at_mut_checked(len)?;
        self.free = rest;
        core::str::from_utf8(kept).ok()
    }
}
