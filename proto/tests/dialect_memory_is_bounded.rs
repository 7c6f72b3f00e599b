//! No input makes a decoder panic or allocate more than its size warrants; the hot native paths allocate nothing.

mod dialect_common;

use chasqui_proto::command::Command;
use chasqui_proto::dialect::{Dialect, Scratch, decode_command, decode_event, encode_command, encode_event};
use dialect_common::{aligned, any, count, sample_frames, samples};
use proptest::prelude::*;

#[global_allocator]
static ALLOCATOR: count::Counting = count::Counting;

/// A decoded value holds its text, ids and lists (which double as they grow): some bytes per byte of payload.
const BYTES_PER_PAYLOAD_BYTE_MAX: u64 = 24;
/// A refusal's sentence and a list's first elements.
const BYTES_BASE_MAX: u64 = 2048;

fn decode_both_ways(dialect: Dialect, payload: &[u8]) {
    let (_, bytes, ()) = count::during(|| {
        let mut scratch = Scratch::default();
        if let Err(e) = decode_command(dialect, payload, &mut scratch) {
            drop(e.into_event());
        }
        if let Err(e) = decode_event(dialect, payload) {
            drop(e.into_event());
        }
    });
    let bytes_max = BYTES_BASE_MAX + BYTES_PER_PAYLOAD_BYTE_MAX * payload.len() as u64;
    assert!(bytes <= bytes_max, "{dialect:?}: {bytes} bytes for a payload of {}", payload.len());
}

/// JSON-like noise gets further into the reader than bytes do.
fn json_noise() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(":"),
        Just(","),
        Just("\""),
        Just("\\"),
        Just("\\u"),
        Just("\"type\""),
        Just("\"id\""),
        Just("\"SYNC\""),
        Just("\"heads\""),
        Just("\"members\""),
        Just("d800"),
        Just("null"),
        Just("true"),
        Just("-1e9"),
        Just("0"),
        Just("18446744073709551615"),
        Just(" "),
        Just("é"),
    ];
    proptest::collection::vec(token, 0..120).prop_map(|tokens| tokens.concat().into_bytes())
}

fn mutate(mut frame: Vec<u8>, edits: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    for (index, value, kind) in edits {
        if frame.is_empty() {
            break;
        }
        let at = index.index(frame.len());
        match kind % 4 {
            0 => frame[at] = *value,
            1 => frame.insert(at, *value),
            2 => drop(frame.remove(at)),
            _ => frame.truncate(at),
        }
    }
    frame
}

fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, u8)>> {
    proptest::collection::vec(any::<(prop::sample::Index, u8, u8)>(), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..256), noise in json_noise()) {
        for dialect in Dialect::ALL {
            decode_both_ways(dialect, &bytes);
            decode_both_ways(dialect, &noise);
        }
    }

    /// A right envelope and tag around anything, so that the body's own checks are met.
    #[test]
    fn random_bodies(type_id in 0..0x90u16, words in proptest::collection::vec(prop_oneof![0..64u32, any::<u32>()], 0..40)) {
        let mut body: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        body.extend_from_slice(&u32::from(type_id).to_le_bytes());
        let body_bytes = body.len() as u32;
        let mut frame = chasqui_proto::dialect::native::Envelope { type_id, body_bytes }.to_bytes().to_vec();
        frame.extend_from_slice(&body);
        decode_both_ways(Dialect::Native, &aligned(&frame));
    }

    #[test]
    fn mutated_commands(owned in any::command(), edits in edits()) {
        for dialect in Dialect::ALL {
            let mut frame = Vec::new();
            encode_command(dialect, &owned.get(), &mut frame);
            decode_both_ways(dialect, &aligned(&mutate(frame, &edits)));
        }
    }

    #[test]
    fn mutated_events(event in any::event(), edits in edits()) {
        for dialect in Dialect::ALL {
            let mut frame = Vec::new();
            encode_event(dialect, &event, &mut frame);
            decode_both_ways(dialect, &aligned(&mutate(frame, &edits)));
        }
    }
}

#[test]
fn a_native_send_decodes_and_a_message_encodes_without_allocating() {
    for (name, command) in samples::commands() {
        if matches!(command, Command::Sync { .. } | Command::CreateConversation { .. }) {
            continue;
        }
        let mut bytes = Vec::new();
        encode_command(Dialect::Native, &command, &mut bytes);
        let frame = aligned(&bytes);
        let mut scratch = Scratch::default();
        let (allocations, ..) = count::during(|| decode_command(Dialect::Native, &frame, &mut scratch).is_ok());
        assert_eq!(allocations, 0, "{name}");
    }
    let message = samples::received(samples::message(1, "hello"), 0);
    for dialect in Dialect::ALL {
        let mut out = Vec::with_capacity(4096);
        // The first body of a thread makes its arena.
        encode_event(dialect, &message, &mut out);
        let (allocations, ..) = count::during(|| encode_event(dialect, &message, &mut out));
        assert_eq!(allocations, 0, "{dialect:?}");
    }
}

#[test]
fn json_without_escapes_decodes_without_allocating() {
    for (name, frame) in sample_frames(Dialect::Json) {
        if !name.starts_with("send") && !name.starts_with("mark") || name.ends_with("escapes") {
            continue;
        }
        let mut scratch = Scratch::default();
        let (allocations, ..) = count::during(|| decode_command(Dialect::Json, &frame, &mut scratch).is_ok());
        assert_eq!(allocations, 0, "{name}");
    }
}

#[test]
fn a_warm_scratch_decodes_escapes_without_allocating() {
    let frames = sample_frames(Dialect::Json);
    let (_, frame) = frames.iter().find(|(name, _)| *name == "send_escapes").expect("the sample");
    let mut scratch = Scratch::default();
    assert!(decode_command(Dialect::Json, frame, &mut scratch).is_ok());
    let (allocations, ..) = count::during(|| decode_command(Dialect::Json, frame, &mut scratch).is_ok());
    assert_eq!(allocations, 0);
}
