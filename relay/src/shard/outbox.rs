//! What waits to be written to one connection, bounded in bytes.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};

/// Slices given to one write; the kernel takes up to 1,024.
pub const WRITE_SLICES_MAX: usize = 256;

#[derive(Default)]
pub struct Outbox {
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// The first frame has been written in part and must be completed.
    begun: bool,
    /// Frames from the front on that have memory of their own.
    detached: usize,
}

impl Outbox {
    pub fn bytes(&self) -> usize {
        self.bytes
    }
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }
    pub fn push(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }

    /// Drops what is not begun: the reader is too slow for it.
    pub fn cut(&mut self) {
        self.frames.truncate(usize::from(self.begun));
        self.detached = self.detached.min(self.frames.len());
        self.bytes = self.frames.iter().map(Bytes::len).sum();
    }

    pub fn slices(&self) -> impl Iterator<Item = &Bytes> {
        self.frames.iter().take(WRITE_SLICES_MAX)
    }

    /// `count` bytes were written.
    pub fn advance(&mut self, mut count: usize) {
        self.bytes -= count;
        while let Some(front) = self.frames.front_mut()
            && count > 0
        {
            let taken = count.min(front.len());
            front.advance(taken);
            count -= taken;
            self.begun = !front.is_empty();
            if front.is_empty() {
                self.frames.pop_front();
                self.detached = self.detached.saturating_sub(1);
            }
        }
        if self.frames.is_empty() && self.frames.capacity() > WRITE_SLICES_MAX {
            self.frames = VecDeque::new();
        }
    }

    /// The peer does not read: its frames get memory of their own, so that what waits for it is what `bytes` says and
    /// no more, however little it needs of a buffer that many frames share.
    pub fn detach(&mut self) {
        for frame in self.frames.iter_mut().skip(self.detached) {
            *frame = Bytes::copy_from_slice(frame);
        }
        self.detached = self.frames.len();
    }

    /// Takes frames for a writer that keeps them until they are written.
    pub fn take(&mut self) -> Vec<Bytes> {
        let count = self.frames.len().min(WRITE_SLICES_MAX);
        let frames: Vec<Bytes> = self.frames.drain(..count).collect();
        self.detached = self.detached.saturating_sub(count);
        self.bytes -= frames.iter().map(Bytes::len).sum::<usize>();
        frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_keeps_the_frame_that_is_half_written() {
        let mut outbox = Outbox::default();
        outbox.push(Bytes::from_static(b"abcd"));
        outbox.push(Bytes::from_static(b"efgh"));
        outbox.advance(1);
        outbox.cut();
        assert_eq!(outbox.slices().map(|f| f.to_vec()).collect::<Vec<_>>(), [b"bcd".to_vec()]);
        outbox.advance(3);
        assert!(outbox.is_empty());
        outbox.push(Bytes::from_static(b"x"));
        outbox.cut();
        assert!(outbox.is_empty());
        assert_eq!(outbox.bytes(), 0);
    }

    #[test]
    fn what_waits_for_a_slow_reader_holds_no_shared_buffer() {
        let shared = Bytes::from(vec![b'x'; 100]);
        let mut outbox = Outbox::default();
        outbox.push(shared.slice(..1));
        outbox.detach();
        outbox.push(shared.slice(1..3));
        assert!(!shared.is_unique());
        outbox.detach();
        assert!(shared.is_unique(), "nothing else holds it");
        assert_eq!((outbox.bytes(), outbox.slices().count()), (3, 2));
    }
}
