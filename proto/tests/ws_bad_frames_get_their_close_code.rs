//! Each rule of RFC 6455 that a client can break ends the connection with the code it deserves.

mod ws_support;

use chasqui_proto::ws::{Close, Decoder, Limits, ProtocolError, close};
use ws_support::*;

fn raw(head: &[u8]) -> Vec<u8> {
    [head, &KEY, &[0; 200]].concat()
}

fn close_frame(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(FIN | CLOSE, &[&code.to_be_bytes(), reason].concat())
}

#[test]
fn every_rule_has_its_error() {
    use ProtocolError::*;
    let table: Vec<(&str, Vec<u8>, ProtocolError)> = vec![
        ("unmasked text", vec![FIN | TEXT, 2, b'h', b'i'], Unmasked),
        ("unmasked empty ping", vec![FIN | PING, 0], Unmasked),
        ("RSV1", frame(FIN | 0x40 | TEXT, b"hi"), ReservedBits),
        ("RSV2", frame(FIN | 0x20 | TEXT, b"hi"), ReservedBits),
        ("RSV3", frame(FIN | 0x10 | PING, b"hi"), ReservedBits),
        ("opcode 3", frame(FIN | 3, b"hi"), ReservedOpcode),
        ("opcode 7", frame(FIN | 7, b""), ReservedOpcode),
        ("opcode 11", frame(FIN | 11, b""), ReservedOpcode),
        ("opcode 15", frame(FIN | 15, b""), ReservedOpcode),
        ("fragmented ping", frame(PING, b"hi"), FragmentedControl),
        ("fragmented close", frame(CLOSE, b""), FragmentedControl),
        ("long ping", frame(FIN | PING, &[0; 126]), ControlTooLong),
        ("long close", frame(FIN | CLOSE, &[0; 126]), ControlTooLong),
        ("ping in 8-byte form", raw(&[FIN | PING, 0xff, 0, 0, 0, 0, 0, 0, 0, 5]), ControlTooLong),
        ("125 in 2-byte form", raw(&[FIN | TEXT, 0xfe, 0, 125]), LengthNotMinimal),
        ("0 in 2-byte form", raw(&[FIN | TEXT, 0xfe, 0, 0]), LengthNotMinimal),
        ("65535 in 8-byte form", raw(&[FIN | TEXT, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff]), LengthNotMinimal),
        ("highest bit", raw(&[FIN | TEXT, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1]), LengthOutOfRange),
        ("all bits", raw(&[FIN | BINARY, 0xff, 255, 255, 255, 255, 255, 255, 255, 255]), LengthOutOfRange),
        ("lone continuation", frame(FIN | CONTINUATION, b"hi"), UnexpectedContinuation),
        ("lone open continuation", frame(CONTINUATION, b"hi"), UnexpectedContinuation),
        ("text in text", [frame(TEXT, b"a"), frame(FIN | TEXT, b"b")].concat(), ExpectedContinuation),
        ("binary in text", [frame(TEXT, b"a"), frame(BINARY, b"b")].concat(), ExpectedContinuation),
        ("bad text", frame(FIN | TEXT, b"a\xffb"), InvalidUtf8),
        ("cut-off text", frame(FIN | TEXT, "é".as_bytes().split_at(1).0), InvalidUtf8),
        ("surrogate", frame(FIN | TEXT, b"\xed\xa0\x80"), InvalidUtf8),
        ("overlong", frame(FIN | TEXT, b"\xc0\xaf"), InvalidUtf8),
        ("bad second fragment", [frame(TEXT, b"a"), frame(CONTINUATION, b"\xff")].concat(), InvalidUtf8),
        ("close of one byte", frame(FIN | CLOSE, b"x"), CloseTooShort),
        ("close with bad reason", close_frame(1000, b"\xce\xba\xed\xa0\x80"), InvalidUtf8),
        ("too large", head(FIN | BINARY, 65_537), MessageTooLarge),
        ("huge", head(FIN | BINARY, i64::MAX as u64), MessageTooLarge),
        ("fragments add up", [frame(BINARY, &[0; 40_000]), head(FIN, 25_537)].concat(), MessageTooLarge),
        ("lengths overflow", [frame(BINARY, b"a"), head(FIN, i64::MAX as u64)].concat(), MessageTooLarge),
    ];
    for (name, bytes, expected) in table {
        for pieces in [bytes.len(), 1, 7] {
            let (seen, error) = feed_pieces(&mut Decoder::new(Limits::default()), &bytes, &[pieces]);
            assert_eq!((seen, error), (vec![], Some(expected)), "{name} in pieces of {pieces}");
        }
    }
}

#[test]
fn close_codes_that_must_not_travel_are_refused() {
    for code in 0..=u16::MAX {
        let allowed = match code {
            1004..=1006 | 1015 => false,
            1000..=1014 | 3000..=4999 => true,
            _ => false,
        };
        let (seen, error) = feed(&mut Decoder::new(Limits::default()), &close_frame(code, b"why"));
        if allowed {
            assert_eq!((seen, error), (vec![Seen::Close(Some((code, "why".into())))], None));
        } else {
            assert_eq!((seen, error), (vec![], Some(ProtocolError::CloseCodeInvalid)), "{code}");
        }
    }
}

#[test]
fn an_error_repeats_and_a_close_is_the_last_event() {
    let mut decoder = Decoder::new(Limits::default());
    assert_eq!(feed(&mut decoder, &[0xff]).1, Some(ProtocolError::ReservedBits));
    assert_eq!(feed(&mut decoder, &frame(FIN | TEXT, b"hi")).1, Some(ProtocolError::ReservedBits));

    let mut decoder = Decoder::new(Limits::default());
    let bytes = [frame(TEXT, b"unfinished"), frame(FIN | CLOSE, b""), vec![0xff; 40]].concat();
    assert_eq!(feed(&mut decoder, &bytes), (vec![Seen::Close(None)], None));
    assert_eq!(feed(&mut decoder, &frame(FIN | TEXT, b"late")), (vec![], None));
    decoder.release();
    assert!(decoder.is_idle());
    assert_eq!(decoder.held_bytes(), 0);
}

#[test]
fn good_events_before_an_error_are_delivered() {
    let bytes = [frame(FIN | TEXT, b"one"), frame(FIN | PING, b"p"), frame(FIN | 3, b"")].concat();
    let (seen, error) = feed(&mut Decoder::new(Limits::default()), &bytes);
    assert_eq!(seen, [Seen::Text("one".into()), Seen::Ping(b"p".to_vec())]);
    assert_eq!(error, Some(ProtocolError::ReservedOpcode));
}

#[test]
fn every_error_maps_to_a_close_frame_that_may_be_sent() {
    for error in ProtocolError::ALL {
        let Close { code, reason } = error.close();
        let expected = match error {
            ProtocolError::InvalidUtf8 => 1007,
            ProtocolError::MessageTooLarge | ProtocolError::TooManyFragments => 1009,
            _ => 1002,
        };
        assert_eq!(code, expected, "{error}");
        assert!(close::may_travel(code) && reason.len() <= 123, "{error}");
    }
}
