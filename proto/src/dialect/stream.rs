//! Cuts frames out of a byte stream, without IO.
//!
//! Native frames are cut by the length in their envelope, JSON frames by newlines. The caller offers what it read
//! and takes frames until the input is used up:
//!
//! ```
//! # use chasqui_proto::dialect::{Dialect, stream::{Cut, FrameCutter}};
//! let mut cutter = FrameCutter::new(Dialect::Json, 1024);
//! let mut input: &[u8] = b"{\"type\":\"SYNC\"}\n{\"ty";
//! let mut frames = 0;
//! while let Some(cut) = cutter.cut(&mut input) {
//!     match cut {
//!         Cut::Frame(_payload) => frames += 1,
//!         Cut::Oversize => { /* answer 413; the frame is being skipped */ }
//!         Cut::Fatal(_reason) => { /* close */ break }
//!     }
//! }
//! assert_eq!(frames, 1);
//! ```
//!
//! Invariants: at most one frame is kept, and only while it is incomplete, so memory never exceeds the frame limit.
//! A native frame is given 8-aligned. A frame that lies whole (and for native, aligned) in the input is not copied.
//!
//! Limits: a frame above the limit is skipped, up to [`STREAM_SKIP_BYTES_MAX`]; beyond that the stream is given up.

use rkyv::util::AlignedVec;

use super::Dialect;
use super::native::{BODY_ALIGN, ENVELOPE_BYTES, Envelope};

/// How much of one oversize frame is read and dropped. Some sixteen frames: enough for a client that misjudged a
/// content, too little to keep a shard reading for nothing.
pub const STREAM_SKIP_BYTES_MAX: usize = 1024 * 1024;

/// What [`FrameCutter::cut`] found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut<'a> {
    /// A payload for the decoder.
    Frame(&'a [u8]),
    /// A frame above the limit. Told once, when it is seen; its bytes are dropped as they come.
    Oversize,
    /// Where the next frame begins cannot be known. Nothing follows.
    Fatal(&'static str),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Collecting,
    /// Bytes of a native frame still to be dropped.
    SkippingBytes(usize),
    /// A line being dropped, and how much of it may still come.
    SkippingLine(usize),
    Dead,
}

/// The state of one stream.
#[derive(Debug)]
pub struct FrameCutter {
    dialect: Dialect,
    frame_bytes_max: usize,
    state: State,
    /// The beginning of an incomplete frame.
    held: AlignedVec<BODY_ALIGN>,
    /// The frame in `held` was given out and goes when the next is asked for.
    given: bool,
}

impl FrameCutter {
    pub fn new(dialect: Dialect, frame_bytes_max: usize) -> Self {
        Self { dialect, frame_bytes_max, state: State::Collecting, held: AlignedVec::new(), given: false }
    }

    /// Whether a frame has begun that is not complete: an end of the stream here cuts it off.
    pub fn is_mid_frame(&self) -> bool {
        (!self.held.is_empty() && !self.given) || !matches!(self.state, State::Collecting | State::Dead)
    }

    /// Gives memory back while nothing is held; for connections that fall idle.
    pub fn release(&mut self) {
        if self.held.is_empty() || self.given {
            self.held = AlignedVec::new();
            self.given = false;
        }
    }

    /// Takes the next frame, advancing `input` past what was used. None: all input is used, read more.
    pub fn cut<'s, 'i: 's>(&'s mut self, input: &mut &'i [u8]) -> Option<Cut<'s>> {
        if std::mem::take(&mut self.given) {
            self.held.clear();
        }
        self.skip(input);
        match self.state {
            State::Collecting => match self.dialect {
                Dialect::Native => self.cut_native(input),
                Dialect::Json => self.cut_line(input),
            },
            State::SkippingLine(0) => Some(self.fatal("an oversize line has no end")),
            State::SkippingBytes(_) | State::SkippingLine(_) | State::Dead => None,
        }
    }

    fn cut_native<'s, 'i: 's>(&'s mut self, input: &mut &'i [u8]) -> Option<Cut<'s>> {
        self.hold_up_to(ENVELOPE_BYTES, input);
        let seen: &[u8] = if self.held.is_empty() { input } else { &self.held };
        let head = seen.first_chunk()?;
        let Ok(envelope) = Envelope::from_bytes(head) else {
            return Some(self.fatal("no envelope where one must be"));
        };
        let frame_bytes = (envelope.body_bytes as usize).saturating_add(ENVELOPE_BYTES);
        if frame_bytes > self.frame_bytes_max {
            return Some(self.oversize_native(frame_bytes, input));
        }
        if self.held.is_empty() && input.len() >= frame_bytes && is_aligned(input) {
            return Some(Cut::Frame(take(input, frame_bytes)));
        }
        self.hold(frame_bytes, input);
        self.give_if(self.held.len() == frame_bytes)
    }

    fn oversize_native(&mut self, frame_bytes: usize, input: &mut &[u8]) -> Cut<'static> {
        if frame_bytes > STREAM_SKIP_BYTES_MAX {
            return self.fatal("a frame is too large to be skipped");
        }
        self.state = State::SkippingBytes(frame_bytes - self.held.len());
        self.held.clear();
        self.skip(input);
        Cut::Oversize
    }

    /// Empty lines are nothing: a client may send them to keep a path open.
    fn cut_line<'s, 'i: 's>(&'s mut self, input: &mut &'i [u8]) -> Option<Cut<'s>> {
        while self.held.is_empty() && input.first() == Some(&b'\n') {
            *input = &input[1..];
        }
        // One byte more than the limit, so that a line of exactly the limit finds its newline.
        let window_bytes = (self.frame_bytes_max + 1).saturating_sub(self.held.len()).min(input.len());
        let window = &input[..window_bytes];
        match window.iter().position(|byte| *byte == b'\n') {
            Some(line_bytes) if self.held.is_empty() => {
                let line = take(input, line_bytes);
                take(input, 1);
                Some(Cut::Frame(line))
            }
            Some(line_bytes) => {
                self.held.extend_from_slice(take(input, line_bytes));
                take(input, 1);
                self.give_if(true)
            }
            None if self.held.len() + window_bytes > self.frame_bytes_max => {
                self.held.clear();
                self.state = State::SkippingLine(STREAM_SKIP_BYTES_MAX);
                self.skip(input);
                Some(Cut::Oversize)
            }
            None => {
                self.held.extend_from_slice(take(input, window_bytes));
                None
            }
        }
    }

    fn skip(&mut self, input: &mut &[u8]) {
        match self.state {
            State::Collecting => {}
            State::SkippingBytes(left) => {
                let skipped = take(input, left.min(input.len())).len();
                self.state = if skipped == left { State::Collecting } else { State::SkippingBytes(left - skipped) };
            }
            State::SkippingLine(left) => self.skip_line(left, input),
            State::Dead => *input = &[],
        }
    }

    fn skip_line(&mut self, left: usize, input: &mut &[u8]) {
        let window = &input[..left.min(input.len())];
        match window.iter().position(|byte| *byte == b'\n') {
            Some(line_bytes) => {
                take(input, line_bytes + 1);
                self.state = State::Collecting;
            }
            None => self.state = State::SkippingLine(left - take(input, window.len()).len()),
        }
    }

    /// Completes what is held to `bytes`, unless nothing is held and the input has them.
    fn hold_up_to(&mut self, bytes: usize, input: &mut &[u8]) {
        if !self.held.is_empty() || input.len() < bytes {
            self.hold(bytes, input);
        }
    }

    fn hold(&mut self, bytes: usize, input: &mut &[u8]) {
        let missing = bytes.saturating_sub(self.held.len()).min(input.len());
        self.held.extend_from_slice(take(input, missing));
    }

    fn give_if(&mut self, whole: bool) -> Option<Cut<'_>> {
        self.given = whole;
        whole.then_some(Cut::Frame(&self.held))
    }

    fn fatal(&mut self, reason: &'static str) -> Cut<'static> {
        self.state = State::Dead;
        self.held = AlignedVec::new();
        Cut::Fatal(reason)
    }
}

fn is_aligned(bytes: &[u8]) -> bool {
    bytes.as_ptr().addr().is_multiple_of(BODY_ALIGN)
}

fn take<'a>(input: &mut &'a [u8], bytes: usize) -> &'a [u8] {
    let (taken, rest) = input.split_at(bytes);
    *input = rest;
    taken
}
