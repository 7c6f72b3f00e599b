//! What waits to be written to one connection, bounded in bytes.
//!
//! Frames lie one after the other in one buffer, so that a write takes them all in one piece. The buffer is the thread's:
//! lent while something waits, and back among the spares as soon as nothing does, so an idle connection has none, and
//! what one connection was written from the next is likely to find in the processor's cache. What a turn sends to many
//! stays in the turn's log until it is written, if it is then written at once, and if nothing else waits.
//!
//! Limits: `SPARE_BYTES_MAX` in sum, each no larger than `SPARE_BUFFER_BYTES_MAX`. Because a buffer doubles as it grows
//! and written frames go when they are half of it, an outbox takes at most four times what it holds, or one spare buffer.

use std::cell::RefCell;

use bytes::Bytes;
use chasqui_chat::fetch;

use super::turn_log::Shared;

/// Spare buffers of a thread, in sum.
const SPARE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// A larger buffer is not kept: the next borrower may have little to say, and be slow to read it; and the first bytes of
/// many large buffers lie where the processor's cache has room for few of them.
const SPARE_BUFFER_BYTES_MAX: usize = 20 * 1024;
/// A buffer's size when it is new.
const BUFFER_BYTES: usize = 1024;
/// Bytes taken at once for a writer that keeps them.
const TAKEN_BYTES_MAX: usize = 64 * 1024;

#[derive(Default)]
pub struct Outbox {
    /// None: nothing waits, or only what is shared.
    frames: Option<Box<Frames>>,
    /// Not beside frames of its own.
    shared: Shared,
}

#[derive(Default)]
struct Frames {
    bytes: Vec<u8>,
    /// Of these, written already.
    written: usize,
    /// Where each frame ends.
    ends: Vec<usize>,
}

impl Outbox {
    /// What the outbox holds: bytes to be written, and where each frame ends.
    pub fn bytes(&self) -> usize {
        self.frames.as_ref().map_or(self.shared.len(), |frames| frames.held() - frames.written)
    }
    pub fn is_empty(&self) -> bool {
        self.frames.is_none() && self.shared.is_empty()
    }
    pub fn with_unwritten<R>(&self, look: impl FnOnce(&[u8]) -> R) -> R {
        match &self.frames {
            Some(frames) => look(&frames.bytes[frames.written..]),
            None if self.shared.is_empty() => look(&[]),
            None => self.shared.with(look),
        }
    }

    /// A frame of this turn's log. [`Self::own`] is due before the log is cleared.
    pub fn share(&mut self, frame: Shared) {
        if self.frames.is_some() || !self.shared.join(frame) {
            frame.with(|bytes| self.push(bytes));
        }
    }

    /// What is shared is copied.
    pub fn own(&mut self) {
        if !self.shared.is_empty() {
            std::mem::take(&mut self.shared).each_frame(|frame| self.push(frame));
        }
    }

    pub fn push(&mut self, frame: &[u8]) {
        self.push_with(|out| out.extend_from_slice(frame));
    }

    /// One frame, which `write` appends.
    pub fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.own();
        let frames = self.frames.get_or_insert_with(lend);
        write(&mut frames.bytes);
        frames.ends.push(frames.bytes.len());
        frames.fetch_room();
        if frames.bytes.is_empty() {
            self.release();
        }
    }

    /// Drops what is not begun: the reader is too slow for it.
    pub fn cut(&mut self) {
        self.shared = Shared::default();
        let Some(frames) = &mut self.frames else { return };
        frames.truncate_to_begun();
        if frames.written == frames.bytes.len() {
            self.release();
        }
    }

    /// `count` bytes were written.
    pub fn advance(&mut self, count: usize) {
        if count > 0 && count == self.shared.len() {
            self.shared = Shared::default();
            return;
        }
        self.own();
        let Some(frames) = &mut self.frames else { return };
        frames.written += count;
        if frames.written == frames.bytes.len() {
            self.release();
        } else if frames.written > frames.bytes.len() / 2 {
            frames.compact();
        }
    }

    /// Takes the first bytes for a writer that keeps them until they have arrived: as much memory as they need.
    pub fn take(&mut self) -> Bytes {
        let taken = self.with_unwritten(|bytes| Bytes::copy_from_slice(&bytes[..bytes.len().min(TAKEN_BYTES_MAX)]));
        self.advance(taken.len());
        taken
    }

    fn release(&mut self) {
        if let Some(frames) = self.frames.take() {
            give_back(frames);
        }
    }
}

impl Frames {
    /// The first frame that is not wholly written.
    fn front(&self) -> usize {
        self.ends.partition_point(|end| *end <= self.written)
    }

    /// Where the frame of that place starts.
    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.ends[before])
    }

    fn truncate_to_begun(&mut self) {
        let front = self.front();
        let begun = self.start(front) < self.written;
        self.ends.truncate(front + usize::from(begun));
        self.bytes.truncate(self.start(self.ends.len()));
    }

    /// Gives the room of whole frames that are written to those that follow, or back, if it is much too large for them.
    fn compact(&mut self) {
        let front = self.front();
        let gone = self.start(front);
        if gone == 0 {
            return;
        }
        self.bytes.drain(..gone);
        self.ends.drain(..front);
        self.ends.iter_mut().for_each(|end| *end -= gone);
        self.written -= gone;
        if self.memory() > SPARE_BUFFER_BYTES_MAX.max(4 * self.held()) {
            self.bytes.shrink_to(SPARE_BUFFER_BYTES_MAX / 2);
            self.ends.shrink_to_fit();
        }
    }

    /// Where the next frame will lie was last written long ago, if acks wait for other frames.
    fn fetch_room(&mut self) {
        fetch::room(self.bytes.spare_capacity_mut());
    }

    fn held(&self) -> usize {
        self.bytes.len() + size_of_val(&*self.ends)
    }

    fn memory(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * size_of::<usize>()
    }
}

/// A thread's spare buffers.
#[derive(Default)]
struct Spares {
    #[allow(clippy::vec_box, reason = "a box is lent and comes back as it is")]
    frames: Vec<Box<Frames>>,
    bytes: usize,
}

thread_local! {
    static SPARES: RefCell<Spares> = const { RefCell::new(Spares { frames: Vec::new(), bytes: 0 }) };
}

fn lend() -> Box<Frames> {
    SPARES.with_borrow_mut(|spares| {
        let Some(frames) = spares.frames.pop() else {
            return Box::new(Frames { bytes: Vec::with_capacity(BUFFER_BYTES), ..Frames::default() });
        };
        spares.bytes -= frames.memory();
        frames
    })
}

fn give_back(mut frames: Box<Frames>) {
    let memory = frames.memory();
    SPARES.with_borrow_mut(|spares| {
        if memory <= SPARE_BUFFER_BYTES_MAX && spares.bytes + memory <= SPARE_BYTES_MAX {
            frames.bytes.clear();
            frames.ends.clear();
            frames.written = 0;
            spares.bytes += memory;
            spares.frames.push(frames);
        }
    });
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::super::encode::Wire;
    use super::super::turn_log;
    use super::*;

    fn unwritten(outbox: &Outbox) -> Vec<u8> {
        outbox.with_unwritten(<[u8]>::to_vec)
    }

    fn holding(frames: &[&[u8]]) -> Outbox {
        let mut outbox = Outbox::default();
        frames.iter().for_each(|frame| outbox.push(frame));
        outbox
    }

    #[test]
    fn a_cut_keeps_the_frame_that_is_half_written() {
        let mut outbox = holding(&[b"abcd", b"efgh"]);
        outbox.advance(1);
        outbox.cut();
        assert_eq!(unwritten(&outbox), b"bcd");
        outbox.advance(3);
        assert!(outbox.is_empty());
        outbox.push(b"x");
        outbox.cut();
        assert!(outbox.is_empty());
        assert_eq!(outbox.bytes(), 0);
    }

    #[test]
    fn a_cut_between_two_frames_keeps_none() {
        let mut outbox = holding(&[b"abcd", b"efgh", b"i"]);
        outbox.advance(4);
        outbox.cut();
        assert!(outbox.is_empty());
    }

    #[test]
    fn written_frames_make_room_and_a_begun_one_stays_whole() {
        let mut outbox = holding(&[b"abcd", b"efgh", b"ij"]);
        outbox.advance(7);
        let frames = outbox.frames.as_ref().unwrap();
        assert_eq!((frames.bytes.as_slice(), frames.written, frames.ends.as_slice()), (&b"efghij"[..], 3, &[4, 6][..]));
        outbox.push(b"kl");
        outbox.cut();
        assert_eq!(unwritten(&outbox), b"h");
    }

    #[test]
    fn what_is_taken_is_written() {
        let mut outbox = holding(&[&[1; TAKEN_BYTES_MAX], &[2; 10]]);
        assert_eq!(outbox.take().len(), TAKEN_BYTES_MAX);
        assert_eq!(&outbox.take()[..], [2; 10]);
        assert!(outbox.is_empty() && outbox.take().is_empty());
    }

    #[test]
    fn a_thread_keeps_no_more_than_its_spares() {
        for size in [3 * 1024, SPARE_BUFFER_BYTES_MAX + 1, 3 * 1024] {
            let full: Vec<_> = (0..2000).map(|_| holding(&[&vec![0; size]])).collect();
            drop(full);
        }
        SPARES.with_borrow(|spares| {
            let memory: Vec<usize> = spares.frames.iter().map(|frames| frames.memory()).collect();
            assert_eq!(spares.bytes, memory.iter().sum::<usize>());
            assert!(spares.bytes <= SPARE_BYTES_MAX && memory.len() > 1000);
            assert!(memory.iter().all(|memory| *memory <= SPARE_BUFFER_BYTES_MAX));
        });
    }

    #[test]
    fn many_small_frames_count_for_what_they_take() {
        let mut outbox = Outbox::default();
        (0..100_000).for_each(|_| outbox.push(b"ab"));
        assert_eq!(outbox.bytes(), 1_000_000);
        assert!(outbox.frames.as_ref().unwrap().memory() <= 4 * outbox.bytes());
    }

    #[test]
    fn what_is_shared_is_copied_when_other_frames_follow_or_a_part_is_written() {
        let share = |frame: &[u8]| turn_log::append(Wire::NativeWebSocket, frame).unwrap();
        let (mut all, mut own, mut slow) = (Outbox::default(), Outbox::default(), Outbox::default());
        for frame in [share(b"abcd"), share(b"ef")] {
            [&mut all, &mut own, &mut slow].into_iter().for_each(|outbox| outbox.share(frame));
        }
        own.push(b"mine");
        slow.advance(3);
        all.advance(6);
        turn_log::clear();
        assert!(all.is_empty() && all.bytes() == 0);
        assert_eq!(unwritten(&own), b"abcdefmine");
        assert_eq!(unwritten(&slow), b"def");
        slow.cut();
        assert_eq!(unwritten(&slow), b"d", "where its frames end is known");
        own.share(share(b"gh"));
        assert_eq!(unwritten(&own), b"abcdefminegh", "in order behind what waits");
        own.cut();
        assert!(own.is_empty());
    }

    #[test]
    fn a_reader_that_keeps_little_back_keeps_little_memory() {
        let mut outbox = holding(&[[0; 1024].as_slice(); 1024]);
        outbox.advance(1024 * 1024 - 1);
        assert_eq!(unwritten(&outbox).len(), 1);
        assert!(outbox.frames.as_ref().unwrap().memory() <= SPARE_BUFFER_BYTES_MAX);
    }
}
