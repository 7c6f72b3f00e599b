//! From events to frames: once per wire format, whoever and however many receive them.

use chasqui_proto::dialect::{self, Dialect};
use chasqui_proto::event::Event;
use chasqui_proto::ws::Opcode;
use chasqui_proto::ws::encode::{frame_head, medium_head, short_head};

use super::turn_log::{self, Shared};

/// A dialect in its framing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Wire {
    NativeWebSocket = 0,
    JsonWebSocket = 1,
    NativeStream = 2,
    JsonStream = 3,
}

impl Wire {
    pub const COUNT: usize = 4;

    pub fn web_socket(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Native => Self::NativeWebSocket,
            Dialect::Json => Self::JsonWebSocket,
        }
    }
    pub fn stream(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Native => Self::NativeStream,
            Dialect::Json => Self::JsonStream,
        }
    }
    pub fn dialect(self) -> Dialect {
        match self {
            Self::NativeWebSocket | Self::NativeStream => Dialect::Native,
            Self::JsonWebSocket | Self::JsonStream => Dialect::Json,
        }
    }
    fn opcode(self) -> Option<Opcode> {
        match self {
            Self::NativeWebSocket => Some(Opcode::Binary),
            Self::JsonWebSocket => Some(Opcode::Text),
            Self::NativeStream | Self::JsonStream => None,
        }
    }
}

/// Encodes into a buffer for each wire, used again for each event.
#[derive(Default)]
pub struct Encoder {
    frames: [Vec<u8>; Wire::COUNT],
}

/// A buffer above this is given back after use.
const FRAME_KEPT_BYTES_MAX: usize = 64 * 1024;

impl Encoder {
    pub fn begin<'a>(&'a mut self, event: &'a Event) -> Encoding<'a> {
        Encoding { event, encoder: self, encoded: [false; Wire::COUNT], shared: [None; Wire::COUNT] }
    }

    /// At the end of a turn: what a large event needed is given back.
    pub fn trim(&mut self) {
        for frame in self.frames.iter_mut().filter(|frame| frame.capacity() > FRAME_KEPT_BYTES_MAX) {
            *frame = Vec::new();
        }
    }
}

/// One event on its way to its receivers.
pub struct Encoding<'a> {
    event: &'a Event,
    encoder: &'a mut Encoder,
    /// Whether the buffer of each wire holds its frame.
    encoded: [bool; Wire::COUNT],
    /// Its frame in the log of each wire that was asked for; None inside: there was no room.
    shared: [Option<Option<Shared>>; Wire::COUNT],
}

impl Encoding<'_> {
    /// In the turn's log, if it has room.
    #[inline]
    pub fn shared(&mut self, wire: Wire) -> Option<Shared> {
        match self.shared[wire as usize] {
            Some(shared) => shared,
            None => {
                let shared = turn_log::append(wire, self.frame(wire));
                self.shared[wire as usize] = Some(shared);
                shared
            }
        }
    }

    /// Encoded when the first receiver of that wire asks.
    pub fn frame(&mut self, wire: Wire) -> &[u8] {
        let out = &mut self.encoder.frames[wire as usize];
        if !std::mem::replace(&mut self.encoded[wire as usize], true) {
            out.clear();
            append(wire, self.event, out);
        }
        out
    }
}

/// Appends the frame of an event; for one receiver, to what waits for it.
pub fn append(wire: Wire, event: &Event, out: &mut Vec<u8>) {
    let Some(opcode) = wire.opcode() else {
        dialect::encode_event(wire.dialect(), event, out);
        return out.extend_from_slice(wire.dialect().stream_terminator());
    };
    // The head is written last, in the room that it will most likely need.
    match event {
        Event::Message { .. } => append_framed(wire, opcode, event, medium_head, out),
        _ => append_framed(wire, opcode, event, short_head, out),
    }
}

fn append_framed<const HEAD: usize>(
    wire: Wire,
    opcode: Opcode,
    event: &Event,
    usual_head: fn(Opcode, usize) -> Option<[u8; HEAD]>,
    out: &mut Vec<u8>,
) {
    let start = out.len();
    let payload = start + HEAD;
    out.extend_from_slice(&[0; HEAD]);
    dialect::encode_event(wire.dialect(), event, out);
    let len = out.len() - payload;
    match usual_head(opcode, len) {
        Some(head) => out[start..payload].copy_from_slice(&head),
        None => drop(out.splice(start..payload, frame_head(opcode, len).iter().copied())),
    }
}

#[cfg(test)]
mod tests {
    use chasqui_proto::codes::ErrorCode;
    use chasqui_proto::ids::ReqId;
    use chasqui_proto::ws;

    use super::*;

    /// As the parts that others test would make it, one after the other.
    fn expected(wire: Wire, event: &Event) -> Vec<u8> {
        let (mut payload, mut frame) = (Vec::new(), Vec::new());
        dialect::encode_event(wire.dialect(), event, &mut payload);
        match wire.opcode() {
            Some(opcode) => ws::encode::frame(&mut frame, opcode, &payload),
            None => frame = [&payload, wire.dialect().stream_terminator()].concat(),
        }
        frame
    }

    #[test]
    fn a_frame_is_its_head_and_its_payload_for_one_and_for_many() {
        let mut encoder = Encoder::default();
        for wire in [Wire::NativeWebSocket, Wire::JsonWebSocket, Wire::NativeStream, Wire::JsonStream] {
            for length in [0, 1, 30, 60, 100, 126, 65_400, 65_536, 70_000] {
                let (id, message) = (ReqId::new("7"), "x".repeat(length).into());
                let event = Event::Error { id, code: ErrorCode::Malformed, message, retry_after_ms: 0 };
                let (mut out, expected) = (b"before".to_vec(), expected(wire, &event));
                append(wire, &event, &mut out);
                assert!(out[6..] == expected, "{wire:?} {length}");
                let mut encoding = encoder.begin(&event);
                assert!((0..2).all(|_| encoding.frame(wire) == expected), "{wire:?} {length}");
            }
        }
    }
}
