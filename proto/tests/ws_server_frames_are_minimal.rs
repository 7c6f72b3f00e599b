//! Server frames are final, unmasked, of the shortest length form, and the same for every receiver.

use bytes::BytesMut;
use chasqui_proto::ws::{Close, Opcode, encode};

#[test]
fn heads_use_the_shortest_length() {
    let table: &[(Opcode, usize, &[u8])] = &[
        (Opcode::Text, 0, &[0x81, 0]),
        (Opcode::Binary, 125, &[0x82, 125]),
        (Opcode::Binary, 126, &[0x82, 126, 0, 126]),
        (Opcode::Text, 65_535, &[0x81, 126, 0xff, 0xff]),
        (Opcode::Text, 65_536, &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        (Opcode::Ping, 3, &[0x89, 3]),
        (Opcode::Pong, 125, &[0x8a, 125]),
        (Opcode::Close, 2, &[0x88, 2]),
    ];
    for (opcode, len, expected) in table {
        assert_eq!(&encode::frame_head(*opcode, *len)[..], *expected, "{opcode:?} of {len}");
    }
}

#[test]
fn frames_append_to_any_buffer() {
    let mut vec = b"before".to_vec();
    encode::text(&mut vec, "hi");
    encode::binary(&mut vec, &[1, 2]);
    assert_eq!(vec, b"before\x81\x02hi\x82\x02\x01\x02");

    let mut bytes = BytesMut::new();
    encode::text(&mut bytes, "hi");
    assert_eq!(bytes, &b"\x81\x02hi"[..]);
}

#[test]
fn close_frames_carry_a_code_and_a_reason_that_fits() {
    let mut out = Vec::new();
    encode::close(&mut out, None);
    assert_eq!(out, [0x88, 0]);

    out.clear();
    encode::close(&mut out, Some(Close { code: 4000, reason: "draining" }));
    assert_eq!(out, b"\x88\x0a\x0f\xa0draining");

    out.clear();
    let long = "é".repeat(100);
    encode::close(&mut out, Some(Close { code: 1011, reason: &long }));
    let payload = &out[2..];
    assert_eq!(payload.len(), 124, "an odd limit between two-byte characters");
    assert_eq!(Close::parse(payload), Ok(Some(Close { code: 1011, reason: &long[..122] })));
}
