//! An independent client's frames mean the same here, and ours mean the same there: tungstenite for whole
//! connections, fastwebsockets for masking and frame bytes.

mod ws_support;

use chasqui_proto::ws::{Close, Decoder, Limits, Opcode, encode, mask};
use fastwebsockets::{Frame as FastFrame, Payload};
use proptest::prelude::*;
use std::io::{self, Cursor, Read, Write};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Role, WebSocketContext};
use tungstenite::{Error, Message};
use ws_support::*;

/// Reads what was prepared, then blocks; keeps what is written.
struct Wire {
    incoming: Cursor<Vec<u8>>,
    written: Vec<u8>,
}

impl Wire {
    fn with(incoming: &[u8]) -> Self {
        Self { incoming: Cursor::new(incoming.to_vec()), written: Vec::new() }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.incoming.read(buffer)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            len => Ok(len),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What tungstenite makes of the bytes, until it errs or has to wait.
fn tungstenite_reads(role: Role, bytes: &[u8]) -> (Vec<Seen>, Option<Error>) {
    let mut context = WebSocketContext::new(role, None);
    let mut wire = Wire::with(bytes);
    let mut seen = Vec::new();
    loop {
        match context.read(&mut wire) {
            Ok(message) => seen.push(to_seen(message)),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                return (seen, None);
            }
            Err(Error::ConnectionClosed) => return (seen, None),
            Err(error) => return (seen, Some(error)),
        }
        if matches!(seen.last(), Some(Seen::Close(_))) {
            return (seen, None);
        }
    }
}

fn to_seen(message: Message) -> Seen {
    match message {
        Message::Text(text) => Seen::Text(text.as_str().to_owned()),
        Message::Binary(bytes) => Seen::Binary(bytes.to_vec()),
        Message::Ping(bytes) => Seen::Ping(bytes.to_vec()),
        Message::Pong(bytes) => Seen::Pong(bytes.to_vec()),
        Message::Close(close) => Seen::Close(close.map(|close| (close.code.into(), close.reason.as_str().to_owned()))),
        Message::Frame(_) => unreachable!("raw frames are only ever written"),
    }
}

fn to_message(seen: &Seen) -> Message {
    match seen.clone() {
        Seen::Text(text) => Message::text(text),
        Seen::Binary(bytes) => Message::binary(bytes),
        Seen::Ping(bytes) => Message::Ping(bytes.into()),
        Seen::Pong(bytes) => Message::Pong(bytes.into()),
        Seen::Close(close) => Message::Close(
            close.map(|(code, reason)| CloseFrame { code: CloseCode::from(code), reason: reason.into() }),
        ),
        Seen::TooLarge(_) => unreachable!("not a message a client sends"),
    }
}

fn encode_ours(out: &mut Vec<u8>, seen: &Seen) {
    match seen {
        Seen::Text(text) => encode::text(out, text),
        Seen::Binary(bytes) => encode::binary(out, bytes),
        Seen::Ping(bytes) => encode::ping(out, bytes),
        Seen::Pong(bytes) => encode::pong(out, bytes),
        Seen::Close(close) => {
            let close = close.as_ref().map(|(code, reason)| Close { code: *code, reason });
            encode::close(out, close);
        }
        Seen::TooLarge(_) => unreachable!("not a message a server sends"),
    }
}

fn message() -> impl Strategy<Value = Seen> {
    let bytes = |max| proptest::collection::vec(any::<u8>(), 0..max);
    prop_oneof![
        4 => "\\PC{0,200}".prop_map(Seen::Text),
        4 => bytes(400).prop_map(Seen::Binary),
        1 => (65_500usize..=65_536).prop_map(|len| Seen::Binary(vec![42; len])),
        1 => bytes(125).prop_map(Seen::Ping),
        1 => bytes(125).prop_map(Seen::Pong),
    ]
}

fn conversation() -> impl Strategy<Value = Vec<Seen>> {
    let close = prop_oneof![
        Just(None),
        (prop_oneof![Just(1000u16), Just(1001), Just(1011), 3000u16..5000], "[a-zé]{0,60}").prop_map(Some),
    ];
    (proptest::collection::vec(message(), 0..8), close).prop_map(|(mut messages, close)| {
        messages.push(Seen::Close(close));
        messages
    })
}

proptest! {
    #[test]
    fn a_tungstenite_client_is_understood(messages in conversation(), lengths in proptest::collection::vec(1usize..9000, 1..5)) {
        let mut context = WebSocketContext::new(Role::Client, None);
        let mut wire = Wire::with(&[]);
        for message in &messages {
            context.write(&mut wire, to_message(message)).expect("written to memory");
        }
        context.flush(&mut wire).expect("flushed to memory");
        let (seen, error) = feed_pieces(&mut Decoder::new(Limits::default()), &wire.written, &lengths);
        prop_assert_eq!(error, None);
        prop_assert_eq!(seen, messages);
    }

    #[test]
    fn a_tungstenite_client_understands(messages in conversation()) {
        let mut bytes = Vec::new();
        messages.iter().for_each(|message| encode_ours(&mut bytes, message));
        let (seen, error) = tungstenite_reads(Role::Client, &bytes);
        prop_assert!(error.is_none(), "{:?}", error);
        prop_assert_eq!(seen, messages);
    }

    /// We are the stricter one: what passes here passes there, with the same meaning.
    #[test]
    fn what_we_accept_a_tungstenite_server_accepts(
        parts in proptest::collection::vec((0usize..9, proptest::collection::vec(any::<u8>(), 0..6)), 1..8),
        flip in proptest::option::of((any::<proptest::sample::Index>(), 0u8..8)),
    ) {
        let firsts = [TEXT, BINARY, 0, FIN, FIN | BINARY, FIN | TEXT, FIN | PING, FIN | PONG, FIN | CLOSE];
        let mut bytes: Vec<u8> = parts.iter().flat_map(|(first, payload)| frame(firsts[*first], payload)).collect();
        if let Some((at, bit)) = flip {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        let (seen, error) = feed(&mut Decoder::new(Limits::default()), &bytes);
        let (theirs, their_error) = tungstenite_reads(Role::Server, &bytes);
        if error.is_none() {
            prop_assert!(their_error.is_none(), "{:?}", their_error);
            prop_assert_eq!(seen, theirs);
        } else {
            prop_assert!(theirs.starts_with(&seen), "{:?} before {:?}, theirs {:?}", seen, error, theirs);
        }
    }

    #[test]
    fn masking_equals_fastwebsockets(bytes in proptest::collection::vec(any::<u8>(), 0..300), key in any::<[u8; 4]>()) {
        let (mut ours, mut theirs) = (bytes.clone(), bytes);
        mask::unmask(&mut ours, key);
        fastwebsockets::unmask(&mut theirs, key);
        prop_assert_eq!(ours, theirs);
    }
}

fn framed(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    encode::frame(&mut out, opcode, payload);
    out
}

#[test]
fn frame_bytes_equal_fastwebsockets() {
    let mut room = Vec::new();
    for len in [0, 1, 125, 126, 127, 65_535, 65_536, 100_000] {
        let payload = vec![0x61; len];
        let theirs = FastFrame::binary(Payload::Borrowed(&payload)).write(&mut room).to_vec();
        assert!(framed(Opcode::Binary, &payload) == theirs, "binary of {len}");
        let theirs = FastFrame::text(Payload::Borrowed(&payload)).write(&mut room).to_vec();
        assert!(framed(Opcode::Text, &payload) == theirs, "text of {len}");
    }
    let theirs = FastFrame::close(4001, b"slow consumer").write(&mut room).to_vec();
    let mut ours = Vec::new();
    encode::close(&mut ours, Some(Close { code: 4001, reason: "slow consumer" }));
    assert_eq!(ours, theirs);
}

#[test]
fn a_tungstenite_server_derives_the_same_accept_key() {
    for key in ["dGhlIHNhbXBsZSBub25jZQ==", "AQIDBAUGBwgJCgsMDQ4PEA==", "x3JJHMbDL1EzLkh9GBhXDw=="] {
        let theirs = tungstenite::handshake::derive_accept_key(key.as_bytes());
        assert_eq!(chasqui_proto::ws::handshake::accept_key(key), theirs);
    }
}
