//! From events to frames: once per wire format, whoever and however many receive them.

use bytes::{BufMut, Bytes, BytesMut};
use chasqui_proto::dialect::{self, Dialect};
use chasqui_proto::event::Event;
use chasqui_proto::ws::{Opcode, encode::frame_head};

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

/// Encodes through one reused buffer; what WebSockets are sent lies in another, which frames share.
#[derive(Default)]
pub struct Encoder {
    payload: Vec<u8>,
    arena: BytesMut,
}

/// A payload buffer above this is given back after use.
const PAYLOAD_KEPT_BYTES_MAX: usize = 64 * 1024;
/// Frames share a buffer of this size, and use it again once all of them are written.
const ARENA_BYTES: usize = 64 * 1024;
/// A larger frame has a buffer of its own.
const ARENA_FRAME_BYTES_MAX: usize = 4 * 1024;

impl Encoder {
    pub fn encode(&mut self, wire: Wire, event: &Event) -> Bytes {
        self.payload.clear();
        dialect::encode_event(wire.dialect(), event, &mut self.payload);
        let frame = self.frame(wire);
        if self.payload.capacity() > PAYLOAD_KEPT_BYTES_MAX {
            self.payload = Vec::new();
        }
        frame
    }

    fn frame(&mut self, wire: Wire) -> Bytes {
        let Some(opcode) = wire.opcode() else {
            // QUIC keeps it until it is acknowledged, and must not keep the others with it.
            return Bytes::from([&self.payload, wire.dialect().stream_terminator()].concat());
        };
        let head = frame_head(opcode, self.payload.len());
        let head: &[u8] = head.as_ref();
        let len = head.len() + self.payload.len();
        if len > ARENA_FRAME_BYTES_MAX {
            return Bytes::from([head, &self.payload].concat());
        }
        self.make_room(len);
        self.arena.put_slice(head);
        self.arena.put_slice(&self.payload);
        self.arena.split().freeze()
    }

    /// The buffer's former frames are usually written by now, and their room can be had again.
    fn make_room(&mut self, len: usize) {
        if self.arena.capacity() < len && !self.arena.try_reclaim(ARENA_BYTES) {
            self.arena = BytesMut::with_capacity(ARENA_BYTES);
        }
    }

    /// At the end of a turn: if all frames are written, the buffer is used from its start again.
    pub fn recycle(&mut self) {
        if self.arena.capacity() < ARENA_BYTES / 2 {
            let _still_read = !self.arena.try_reclaim(ARENA_BYTES);
        }
    }
}
