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

/// Encodes through one reused buffer.
#[derive(Default)]
pub struct Encoder {
    payload: Vec<u8>,
}

/// A payload buffer above this is given back after use.
const PAYLOAD_KEPT_BYTES_MAX: usize = 64 * 1024;

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

    fn frame(&self, wire: Wire) -> Bytes {
        let terminator = wire.dialect().stream_terminator();
        let mut frame = BytesMut::with_capacity(self.payload.len() + 16);
        match wire.opcode() {
            Some(opcode) => {
                frame.put_slice(frame_head(opcode, self.payload.len()).as_ref());
                frame.put_slice(&self.payload);
            }
            None => {
                frame.put_slice(&self.payload);
                frame.put_slice(terminator);
            }
        }
        frame.freeze()
    }
}
