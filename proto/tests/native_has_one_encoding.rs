//! A native body is accepted only as its writer makes it: nothing before, after or between, no other type's bytes.

mod dialect_common;

use chasqui_proto::codes::ErrorCode;
use chasqui_proto::dialect::native::{ENVELOPE_BYTES, Envelope};
use chasqui_proto::dialect::{
    DecodeError, Dialect, Scratch, decode_command, decode_event, encode_command, encode_event,
};
use chasqui_proto::event::Event;
use dialect_common::{aligned, sample_frames, samples};

const NATIVE: Dialect = Dialect::Native;

/// Decodes as whichever side knows the type, and encodes again.
fn recode(frame: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let frame = aligned(frame);
    let mut scratch = Scratch::default();
    let mut again = Vec::new();
    match decode_command(NATIVE, &frame, &mut scratch) {
        Err(e) if e.code == ErrorCode::UnknownType => encode_event(NATIVE, &decode_event(NATIVE, &frame)?, &mut again),
        command => encode_command(NATIVE, &command?, &mut again),
    }
    Ok(again)
}

fn type_of(frame: &[u8]) -> u16 {
    u16::from_le_bytes([frame[4], frame[5]])
}

fn frame(type_id: u16, body: &[u8]) -> Vec<u8> {
    let body_bytes = body.len() as u32;
    [&Envelope { type_id, body_bytes }.to_bytes()[..], body].concat()
}

#[track_caller]
fn refused(what: &str, bytes: &[u8]) {
    let error = recode(bytes).expect_err(what);
    assert_eq!(error.code, ErrorCode::Malformed, "{what}: {error}");
}

#[test]
fn junk_before_or_after_the_body_is_refused() {
    for (name, good) in sample_frames(NATIVE) {
        let body = &good[ENVELOPE_BYTES..];
        for junk in (1..=32).flat_map(|len| [vec![0; len], vec![0xa5; len]]) {
            refused(name, &frame(type_of(&good), &[&junk, body].concat()));
            refused(name, &frame(type_of(&good), &[body, &junk].concat()));
            refused(name, &[&good[..], &junk].concat());
        }
    }
}

#[test]
fn a_frame_cut_short_is_refused() {
    for (name, good) in sample_frames(NATIVE) {
        for len in 0..good.len() {
            refused(name, &good[..len]);
            if let Some(body) = good[..len].get(ENVELOPE_BYTES..) {
                refused(name, &frame(type_of(&good), body));
            }
        }
    }
}

#[test]
fn another_types_body_is_refused() {
    let frames = sample_frames(NATIVE);
    for (name, good) in &frames {
        for (other_name, other) in &frames {
            if type_of(good) != type_of(other) {
                let what = format!("{other_name} as {name}");
                refused(&what, &frame(type_of(good), &other[ENVELOPE_BYTES..]));
            }
        }
    }
}

/// Whatever one bit does, the frame is refused or it is another frame's only encoding.
#[test]
fn every_accepted_body_is_the_one_its_value_encodes_to() {
    for (name, good) in sample_frames(NATIVE) {
        // An error's name and number may be a later server's, so they are read leniently.
        if name.starts_with("error") {
            continue;
        }
        for bit in 0..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            if let Ok(again) = recode(&bytes) {
                assert_eq!(again, bytes, "{name}, bit {bit}");
            }
        }
    }
}

#[test]
fn bytes_between_the_pieces_are_refused() {
    for (name, good) in sample_frames(NATIVE) {
        let body = &good[ENVELOPE_BYTES..];
        for at in 0..body.len() {
            for gap in [1, 4, 8] {
                let bytes = [&body[..at], &vec![0; gap], &body[at..]].concat();
                if let Ok(again) = recode(&frame(type_of(&good), &bytes)) {
                    assert_eq!(again, frame(type_of(&good), &bytes), "{name}, {gap} bytes at {at}");
                }
            }
        }
    }
}

#[test]
fn the_envelopes_every_field_counts() {
    let (_, good) = &sample_frames(NATIVE)[1];
    for at in (0..ENVELOPE_BYTES).filter(|at| !(4..6).contains(at)) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x40;
        refused("an envelope", &bytes);
    }
    let mut unknown = good.clone();
    unknown[4..6].copy_from_slice(&0x7fffu16.to_le_bytes());
    assert_eq!(recode(&unknown).expect_err("unknown").code, ErrorCode::UnknownType);
}

#[test]
fn a_command_is_no_event_and_an_event_no_command() {
    for dialect in Dialect::ALL {
        // JSON's TYPING frames are told apart by `userId`; all others by their type.
        for (name, command) in samples::commands().into_iter().filter(|(name, _)| !name.starts_with("typing")) {
            let mut bytes = Vec::new();
            encode_command(dialect, &command, &mut bytes);
            assert_eq!(decode_event(dialect, &bytes).map_err(|e| e.code), Err(ErrorCode::UnknownType), "{name}");
        }
        for (name, event) in samples::events() {
            if matches!(event, Event::Typing { .. }) {
                continue;
            }
            let mut bytes = Vec::new();
            encode_event(dialect, &event, &mut bytes);
            let mut scratch = Scratch::default();
            let refused = decode_command(dialect, &bytes, &mut scratch).map_err(|e| e.code);
            assert_eq!(refused, Err(ErrorCode::UnknownType), "{name}");
        }
    }
}
