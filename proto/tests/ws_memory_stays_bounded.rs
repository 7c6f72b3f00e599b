//! No input makes a decoder hold more than its limits, what it holds follows what has arrived, and an idle
//! decoder gives everything back.

mod ws_support;

use chasqui_proto::ws::limits::{CONTROL_BYTES_MAX, FRAGMENTS_FLOOR, PARTIAL_FIRST_BYTES};
use chasqui_proto::ws::{Decoder, Limits, ProtocolError};
use proptest::prelude::*;
use ws_support::*;

const MESSAGE_BYTES_MAX: usize = 3000;

fn decoder() -> Decoder {
    Decoder::new(Limits::for_messages(MESSAGE_BYTES_MAX))
}

/// Feeds the bytes in pieces and checks the memory after each.
fn feed_watched(decoder: &mut Decoder, bytes: &[u8], piece: usize) -> Option<ProtocolError> {
    for piece in bytes.chunks(piece) {
        let (_, error) = feed(decoder, piece);
        assert!(decoder.held_bytes() <= MESSAGE_BYTES_MAX + CONTROL_BYTES_MAX);
        if error.is_some() {
            return error;
        }
    }
    None
}

#[test]
fn endless_fragments_end() {
    let table: &[(&[u8], u64, ProtocolError)] = &[
        (b"", u64::from(FRAGMENTS_FLOOR), ProtocolError::TooManyFragments),
        (b"x", u64::from(FRAGMENTS_FLOOR), ProtocolError::TooManyFragments),
        (b"0123456789", 300, ProtocolError::MessageTooLarge),
        (&[b'x'; 3000], 1, ProtocolError::MessageTooLarge),
    ];
    for (payload, allowed, expected) in table {
        let mut decoder = decoder();
        let first = if payload.len() % 2 == 0 { BINARY } else { TEXT };
        assert_eq!(feed_watched(&mut decoder, &frame(first, payload), 1), None);
        for _ in 1..*allowed {
            let bytes = [frame(CONTINUATION, payload), frame(FIN | PING, &[7; 125])].concat();
            assert_eq!(feed_watched(&mut decoder, &bytes, 50), None);
        }
        assert_eq!(feed_watched(&mut decoder, &frame(CONTINUATION, payload), 50), Some(*expected));
        decoder.release();
        assert_eq!(decoder.held_bytes(), 0);
    }
}

#[test]
fn the_last_allowed_fragment_still_completes_the_message() {
    let mut decoder = decoder();
    let middle = frame(CONTINUATION, b"").repeat(FRAGMENTS_FLOOR as usize - 2);
    let bytes = [frame(TEXT, b"a"), middle, frame(FIN, b"b")].concat();
    assert_eq!(feed(&mut decoder, &bytes), (vec![Seen::Text("ab".into())], None));
}

#[test]
fn a_declared_length_reserves_little() {
    for first in [TEXT, FIN | TEXT, BINARY, FIN | BINARY] {
        let mut decoder = decoder();
        assert_eq!(feed_watched(&mut decoder, &head(first, MESSAGE_BYTES_MAX as u64), 99), None);
        assert_eq!(decoder.held_bytes(), 0, "nothing of the payload has come");
        assert_eq!(feed_watched(&mut decoder, b"x", 1), None);
        assert!(decoder.held_bytes() <= PARTIAL_FIRST_BYTES);
        assert!(!decoder.is_idle());
        decoder.release();
        assert!(decoder.held_bytes() > 0, "the unfinished message is kept");
    }
}

#[test]
fn an_idle_decoder_holds_nothing() {
    let mut decoder = decoder();
    let message = frame(FIN | BINARY, &[7; 2000]);
    let (seen, _) = feed_pieces(&mut decoder, &message, &[300]);
    assert_eq!(seen, [Seen::Binary(vec![7; 2000])]);
    assert!(decoder.is_idle());
    assert!(decoder.held_bytes() >= 2000);
    decoder.release();
    assert_eq!(decoder.held_bytes(), 0);
    assert_eq!(feed_pieces(&mut decoder, &message, &[300]).0, seen, "it goes on as before");
}

#[test]
fn half_a_head_and_an_open_message_are_not_idle() {
    let mut decoder = decoder();
    assert!(decoder.is_idle());
    feed(&mut decoder, &[FIN | TEXT]);
    assert!(!decoder.is_idle());
    let mut decoder = self::decoder();
    feed(&mut decoder, &frame(TEXT, b""));
    assert!(!decoder.is_idle());
}

#[test]
fn a_skipped_message_takes_no_memory_and_is_reported() {
    let limits = Limits::for_messages(MESSAGE_BYTES_MAX).skipping_up_to(100_000);
    let after = frame(FIN | TEXT, b"after");
    let whole = [frame(FIN | BINARY, &[1; 100_000]), after.clone()].concat();
    let split = [frame(TEXT, &[b'x'; 2999]), frame(FIN, b"yy"), after.clone()].concat();
    for (bytes, size) in [(whole, 100_000), (split, 3001)] {
        for piece in [bytes.len(), 777] {
            let mut decoder = Decoder::new(limits);
            let (seen, error) = feed_pieces(&mut decoder, &bytes, &[piece]);
            assert_eq!((seen, error), (vec![Seen::TooLarge(size), Seen::Text("after".into())], None));
            assert!(decoder.held_bytes() <= PARTIAL_FIRST_BYTES);
        }
    }
    let (_, error) = feed(&mut Decoder::new(limits), &head(FIN | BINARY, 100_001));
    assert_eq!(error, Some(ProtocolError::MessageTooLarge));
}

proptest! {
    #[test]
    fn random_bytes_stay_within_the_limits(
        bytes in proptest::collection::vec(any::<u8>(), 0..4000), piece in 1usize..600,
    ) {
        feed_watched(&mut decoder(), &bytes, piece);
    }

    /// Right heads before random payloads get deeper than noise does.
    #[test]
    fn random_frames_stay_within_the_limits(
        parts in proptest::collection::vec((0usize..8, 0u64..2000, 0usize..1500), 1..20), piece in 1usize..600,
    ) {
        let firsts = [TEXT, BINARY, CONTINUATION, FIN, FIN | BINARY, FIN | TEXT, FIN | PING, CONTINUATION];
        let mut bytes = Vec::new();
        for (first, len, fill) in parts {
            bytes.extend(head(firsts[first], len));
            bytes.extend(KEY.iter().cycle().take(fill.min(len as usize)));
        }
        feed_watched(&mut decoder(), &bytes, piece);
    }
}
