//! However the bytes are cut into chunks, the same events come out, and the same error ends them.

mod ws_support;

use chasqui_proto::ws::{Decoder, Limits};
use proptest::prelude::*;
use ws_support::*;

/// A limit that generated messages reach now and then; above it some are skipped, some are errors.
fn limits() -> Limits {
    Limits { message_bytes_max: 400, skip_bytes_max: 700, fragments_max: 6 }
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => "[a-z é€😀]{0,40}".prop_map(String::into_bytes),
        2 => proptest::collection::vec(any::<u8>(), 0..20),
        2 => (120usize..300).prop_map(|len| vec![b'x'; len]),
        1 => Just(vec![0x03, 0xe8]),
    ]
}

/// A message in fragments, with pings between them.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let fragments = proptest::collection::vec((payload(), any::<bool>()), 1..5);
    (prop_oneof![Just(TEXT), Just(BINARY)], fragments, any::<[u8; 4]>()).prop_map(|(opcode, fragments, key)| {
        let last = fragments.len() - 1;
        let mut bytes = Vec::new();
        for (at, (payload, ping)) in fragments.iter().enumerate() {
            let fin = if at == last { FIN } else { 0 };
            let opcode = if at == 0 { opcode } else { CONTINUATION };
            bytes.extend(keyed_frame(fin | opcode, payload, key));
            if *ping {
                bytes.extend(frame(FIN | PING, &payload[..payload.len().min(125)]));
            }
        }
        bytes
    })
}

/// A single frame of any kind, rarely a right one.
fn stray() -> impl Strategy<Value = Vec<u8>> {
    (any::<u8>(), payload()).prop_map(|(first, payload)| frame(first, &payload))
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(prop_oneof![9 => message(), 1 => stray()], 1..6).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn pieces_equal_the_whole(bytes in stream(), lengths in proptest::collection::vec(1usize..200, 1..8)) {
        let whole = feed(&mut Decoder::new(limits()), &bytes);
        prop_assert_eq!(&feed_pieces(&mut Decoder::new(limits()), &bytes, &[1]), &whole);
        prop_assert_eq!(&feed_pieces(&mut Decoder::new(limits()), &bytes, &lengths), &whole);
    }

    #[test]
    fn one_flipped_bit_is_treated_alike(
        bytes in stream(), flip in any::<proptest::sample::Index>(), bit in 0u8..8,
    ) {
        let mut bytes = bytes;
        let at = flip.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let whole = feed(&mut Decoder::new(limits()), &bytes);
        prop_assert_eq!(&feed_pieces(&mut Decoder::new(limits()), &bytes, &[1]), &whole);
        prop_assert_eq!(&feed_pieces(&mut Decoder::new(limits()), &bytes, &[3, 64]), &whole);
    }
}
