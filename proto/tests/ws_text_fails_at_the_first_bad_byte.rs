//! Text is judged as it arrives: within a frame and across fragments, the first byte that cannot be continued
//! to valid UTF-8 fails, and no byte before it does.

mod ws_support;

use chasqui_proto::ws::{Decoder, Limits, ProtocolError};
use ws_support::*;

/// Texts, and how many of their bytes can still become valid UTF-8.
const TABLE: &[(&[u8], usize)] = &[
    (b"\xff", 0),
    (b"abc\x80", 3),
    (b"\xc0\x80", 0),
    (b"\xc3(", 1),
    (b"\xe0\x80\x80", 1),
    (b"\xed\xa0\x80", 1),
    (b"\xe2\x82(", 2),
    (b"\xf0\x80\x80\x80", 1),
    (b"\xf4\x90\x80\x80", 1),
    (b"\xf0\x9f\x98(", 3),
    (b"\xf5\x80", 0),
    (b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80edited", 12),
];

#[test]
fn within_a_frame() {
    for (text, good) in TABLE {
        let bytes = frame(FIN | TEXT, &[text, &b" and more".repeat(9)[..]].concat());
        let head = bytes.len() - text.len() - 81;
        for at in 0..head + good {
            let mut decoder = Decoder::new(Limits::default());
            assert_eq!(feed(&mut decoder, &bytes[..at + 1]), (vec![], None), "{text:x?} up to {at}");
        }
        let (seen, error) = feed(&mut Decoder::new(Limits::default()), &bytes[..head + good + 1]);
        assert_eq!((seen, error), (vec![], Some(ProtocolError::InvalidUtf8)), "{text:x?}");
    }
}

#[test]
fn across_fragments_of_one_byte() {
    for (text, good) in TABLE {
        let mut decoder = Decoder::new(Limits::default());
        assert_eq!(feed(&mut decoder, &frame(TEXT, b"")), (vec![], None));
        for byte in &text[..*good] {
            let bytes = [frame(CONTINUATION, &[*byte]), frame(CONTINUATION, b"")].concat();
            assert_eq!(feed(&mut decoder, &bytes), (vec![], None), "{text:x?}");
            let ping = feed_pieces(&mut decoder, &frame(FIN | PING, b"\xff\xff"), &[3]);
            assert_eq!(ping, (vec![Seen::Ping(vec![0xff; 2])], None), "a ping between is not text");
        }
        let (_, error) = feed(&mut decoder, &frame(CONTINUATION, &[text[*good]]));
        assert_eq!(error, Some(ProtocolError::InvalidUtf8), "{text:x?}");
    }
}

#[test]
fn a_character_may_span_fragments_but_not_the_end() {
    let text = "κόσμε 😀";
    for at in 0..=text.len() {
        let (first, second) = text.as_bytes().split_at(at);
        let whole = [frame(TEXT, first), frame(FIN, second)].concat();
        let (seen, error) = feed(&mut Decoder::new(Limits::default()), &whole);
        assert_eq!((seen, error), (vec![Seen::Text(text.into())], None));

        let cut = [frame(TEXT, b""), frame(FIN, first)].concat();
        let (seen, error) = feed(&mut Decoder::new(Limits::default()), &cut);
        assert_eq!((seen.len(), error.is_some()), if text.is_char_boundary(at) { (1, false) } else { (0, true) });
    }
}
