//! A client for the tests: builds masked frames, right or wrong, and feeds them to a decoder in pieces.
#![allow(dead_code, reason = "each test file uses a part of it")]

use chasqui_proto::ws::mask::unmask;
use chasqui_proto::ws::{Decoder, Event, Input, ProtocolError};

pub const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
pub const CONTINUATION: u8 = 0;
pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;
pub const FIN: u8 = 0x80;

/// An event that owns its bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Seen {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
    TooLarge(u64),
}

impl From<Event<'_>> for Seen {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Text(text) => Self::Text(text.to_owned()),
            Event::Binary(bytes) => Self::Binary(bytes.to_vec()),
            Event::Ping(bytes) => Self::Ping(bytes.to_vec()),
            Event::Pong(bytes) => Self::Pong(bytes.to_vec()),
            Event::Close(close) => Self::Close(close.map(|close| (close.code, close.reason.to_owned()))),
            Event::TooLarge { bytes } => Self::TooLarge(bytes),
        }
    }
}

/// A masked frame whose first byte is `first` (flags and opcode).
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    keyed_frame(first, payload, KEY)
}

pub fn keyed_frame(first: u8, payload: &[u8], key: [u8; 4]) -> Vec<u8> {
    let mut bytes = head(first, payload.len() as u64);
    let start = bytes.len();
    bytes[start - 4..].copy_from_slice(&key);
    bytes.extend_from_slice(payload);
    unmask(&mut bytes[start..], key);
    bytes
}

/// The head of a masked frame, which may promise more than follows.
pub fn head(first: u8, len: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match len {
        0..=125 => bytes.push(0x80 | len as u8),
        126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(len as u16).to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&len.to_be_bytes());
        }
    }
    bytes.extend_from_slice(&KEY);
    bytes
}

/// What a decoder makes of one chunk.
pub fn feed(decoder: &mut Decoder, chunk: &[u8]) -> (Vec<Seen>, Option<ProtocolError>) {
    let mut chunk = chunk.to_vec();
    let mut input = Input::new(&mut chunk);
    let mut seen = Vec::new();
    loop {
        match decoder.next(&mut input) {
            Ok(Some(event)) => seen.push(event.into()),
            Ok(None) => {
                assert_eq!(input.remaining(), 0, "a chunk is used up");
                return (seen, None);
            }
            Err(error) => return (seen, Some(error)),
        }
    }
}

/// What a decoder makes of bytes that arrive in pieces of these lengths, over and over.
pub fn feed_pieces(decoder: &mut Decoder, bytes: &[u8], lengths: &[usize]) -> (Vec<Seen>, Option<ProtocolError>) {
    let mut seen = Vec::new();
    let (mut rest, mut lengths) = (bytes, lengths.iter().cycle());
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((*lengths.next().expect("a length")).clamp(1, rest.len()));
        let (more, error) = feed(decoder, piece);
        seen.extend(more);
        if error.is_some() {
            return (seen, error);
        }
        rest = after;
    }
    (seen, None)
}
