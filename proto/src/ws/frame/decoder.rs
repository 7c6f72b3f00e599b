//! The rules of a client's frame sequence.
//!
//! Promises: the same events come out however the bytes are cut into chunks; a message that lies whole in its
//! chunk is handed out from there; after an error or a close frame nothing more is decoded.
//! Invariant: a frame is open exactly while its payload is incomplete; a message is open from its first
//! fragment's head to its last fragment's end.
//! Limits: see [`Limits`]; memory held is bounded as the partial buffer describes, and is none when released.

use super::super::limits::CONTROL_BYTES_MAX;
use super::super::{Limits, ProtocolError, mask};
use super::Input;
use super::event::{Event, Kind};
use super::head::{self, Head, HeadBytes, Opcode};
use super::partial::Partial;
use std::ops::Range;

/// Decodes one connection's frames.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    state: State,
    head: HeadBytes,
    frame: Option<Frame>,
    message: Option<Message>,
    partial: Partial,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Open,
    Closed,
    Failed(ProtocolError),
}

/// A frame whose payload is incomplete; `head.key` fits the next payload byte.
#[derive(Clone, Copy, Debug)]
struct Frame {
    head: Head,
    left: u64,
}

#[derive(Clone, Copy, Debug)]
struct Message {
    text: bool,
    skipped: bool,
    fragments: u32,
    /// Lengths of its frames so far, as their heads declare them.
    bytes: u64,
}

/// A finished message or control frame, and where its payload lies.
struct Done {
    kind: Kind,
    payload: Payload,
}

enum Payload {
    Chunk(Range<usize>),
    Partial(Range<usize>),
}

impl Decoder {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: State::Open,
            head: HeadBytes::default(),
            frame: None,
            message: None,
            partial: Partial::default(),
        }
    }

    /// The next event; `None` once the chunk is used up. An error repeats, a closed decoder ignores its input.
    pub fn next<'a>(&'a mut self, input: &'a mut Input<'_>) -> Result<Option<Event<'a>>, ProtocolError> {
        if let Some((kind, range)) = self.whole_message(input) {
            return kind.event(input.slice(range)).map(Some).inspect_err(|&error| self.state = State::Failed(error));
        }
        self.partial.forget_handed_out();
        let Some(done) = self.advance(input).inspect_err(|&error| self.state = State::Failed(error))? else {
            return Ok(None);
        };
        if done.kind == Kind::Close {
            self.state = State::Closed;
        }
        let Self { state, partial, .. } = self;
        let payload = match done.payload {
            Payload::Chunk(range) => input.slice(range),
            Payload::Partial(range) => partial.slice(range),
        };
        done.kind.event(payload).map(Some).inspect_err(|&error| *state = State::Failed(error))
    }

    /// Whether nothing is unfinished: no part of a frame, no message between fragments.
    pub fn is_idle(&self) -> bool {
        let between = self.head.is_empty() && self.frame.is_none() && self.message.is_none();
        between || self.state != State::Open
    }

    /// Gives back the memory that nothing unfinished needs; call it when the connection goes quiet.
    pub fn release(&mut self) {
        if self.state != State::Open {
            self.partial.discard();
        }
        self.partial.release();
    }

    /// Heap bytes held for unfinished messages.
    pub fn held_bytes(&self) -> usize {
        self.partial.capacity()
    }

    /// Takes a message of one frame that is all there, in a chunk where it may stay: nearly all are. `None` says nothing.
    fn whole_message(&self, input: &mut Input<'_>) -> Option<(Kind, Range<usize>)> {
        let between = self.head.is_empty() && self.frame.is_none() && self.message.is_none();
        if !between || self.state != State::Open || self.limits.fragments_max == 0 {
            return None;
        }
        let (Head { opcode, key, len, .. }, head_len) = head::of_message(input.rest())?;
        if len > self.limits.message_bytes_max as u64 || len > (input.remaining() - head_len) as u64 {
            return None;
        }
        match opcode {
            Opcode::Text => Some((Kind::Text, input.unmask_after(head_len, len as usize, key))),
            _ => Some((Kind::Binary, input.unmask_aligned_after(head_len, len as usize, key)?)),
        }
    }

    fn advance(&mut self, input: &mut Input<'_>) -> Result<Option<Done>, ProtocolError> {
        match self.state {
            State::Open => self.advance_open(input),
            State::Closed => {
                input.skip(input.remaining());
                Ok(None)
            }
            State::Failed(error) => Err(error),
        }
    }

    fn advance_open(&mut self, input: &mut Input<'_>) -> Result<Option<Done>, ProtocolError> {
        while input.remaining() > 0 {
            let mut frame = match self.frame.take() {
                Some(frame) => frame,
                None => match self.head.read(input)? {
                    Some(head) => self.open(head)?,
                    None => return Ok(None),
                },
            };
            if let Some(done) = self.payload(&mut frame, input)? {
                return Ok(Some(done));
            }
            if frame.left > 0 {
                self.frame = Some(frame);
            }
        }
        Ok(None)
    }

    /// Admits a frame, or says why its head alone is wrong.
    fn open(&mut self, head: Head) -> Result<Frame, ProtocolError> {
        let frame = Frame { head, left: head.len };
        let message = match (head.opcode, self.message) {
            (opcode, _) if opcode.is_control() => return Ok(frame),
            (Opcode::Continuation, None) => return Err(ProtocolError::UnexpectedContinuation),
            (Opcode::Continuation, Some(message)) => message,
            (_, Some(_)) => return Err(ProtocolError::ExpectedContinuation),
            (opcode, None) => Message::new(opcode == Opcode::Text),
        };
        self.message = Some(self.admit(message, head.len)?);
        Ok(frame)
    }

    /// The message with one more fragment, if the limits allow it.
    fn admit(&mut self, mut message: Message, len: u64) -> Result<Message, ProtocolError> {
        message.fragments += 1;
        message.bytes = message.bytes.saturating_add(len);
        if message.fragments > self.limits.fragments_max {
            return Err(ProtocolError::TooManyFragments);
        }
        if message.bytes <= self.limits.message_bytes_max as u64 {
            return Ok(message);
        }
        if message.bytes > self.limits.skip_bytes_max as u64 {
            return Err(ProtocolError::MessageTooLarge);
        }
        if !message.skipped {
            message.skipped = true;
            self.partial.discard();
        }
        Ok(message)
    }

    /// Consumes what the chunk has of the frame's payload.
    fn payload(&mut self, frame: &mut Frame, input: &mut Input<'_>) -> Result<Option<Done>, ProtocolError> {
        if let Some(range) = self.whole_in_chunk(frame, input) {
            frame.left = 0;
            return Ok(self.finish(frame, Some(range)));
        }
        let len = frame.left.min(input.remaining() as u64) as usize;
        self.keep(frame, input.peek(len))?;
        input.skip(len);
        frame.left -= len as u64;
        frame.head.key = mask::advance(frame.head.key, len);
        Ok(if frame.left == 0 { self.finish(frame, None) } else { None })
    }

    /// Unmasks a payload within the chunk, if it is all there and all there is of its message.
    fn whole_in_chunk(&self, frame: &Frame, input: &mut Input<'_>) -> Option<Range<usize>> {
        let Head { fin, opcode, key, len } = frame.head;
        let untouched = frame.left == len && len <= input.remaining() as u64;
        let wanted = match self.message {
            _ if opcode.is_control() => true,
            Some(message) => fin && !message.skipped && message.bytes == len,
            None => false,
        };
        if !untouched || !wanted {
            return None;
        }
        match self.message {
            Some(Message { text: false, .. }) if !opcode.is_control() => {
                input.unmask_aligned_after(0, len as usize, key)
            }
            _ => Some(input.unmask_after(0, len as usize, key)),
        }
    }

    /// Copies a piece of payload that has to wait for the rest.
    fn keep(&mut self, frame: &Frame, piece: &[u8]) -> Result<(), ProtocolError> {
        let Head { fin, opcode, key, .. } = frame.head;
        let message = self.message.filter(|_| !opcode.is_control());
        if message.is_some_and(|message| message.skipped) {
            return Ok(());
        }
        let ends_at = self.partial.len().saturating_add(frame.left as usize);
        let bytes_max = if fin { ends_at } else { self.limits.message_bytes_max + CONTROL_BYTES_MAX };
        self.partial.push(piece, key, bytes_max);
        if let Some(message) = message {
            self.partial.extend_message();
            let complete = fin && frame.left == piece.len() as u64;
            if message.text && !complete {
                self.partial.check_text()?; // a complete text is checked as a whole when it is handed out
            }
        }
        Ok(())
    }

    /// The event that ends with this frame, if one does.
    fn finish(&mut self, frame: &Frame, chunk: Option<Range<usize>>) -> Option<Done> {
        let kind = match frame.head.opcode {
            Opcode::Close => Kind::Close,
            Opcode::Ping => Kind::Ping,
            Opcode::Pong => Kind::Pong,
            _ if !frame.head.fin => return None,
            _ => self.message.take()?.kind(),
        };
        let payload = match chunk {
            Some(range) => Payload::Chunk(range),
            None if frame.head.opcode.is_control() => Payload::Partial(self.partial.hand_out_control()),
            None => Payload::Partial(self.partial.hand_out_message()),
        };
        Some(Done { kind, payload })
    }
}

impl Message {
    fn new(text: bool) -> Self {
        Self { text, skipped: false, fragments: 0, bytes: 0 }
    }

    fn kind(self) -> Kind {
        match self {
            Self { skipped: true, bytes, .. } => Kind::TooLarge { bytes },
            Self { text: true, .. } => Kind::Text,
            Self { text: false, .. } => Kind::Binary,
        }
    }
}
