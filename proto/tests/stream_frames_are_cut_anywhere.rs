//! However a stream is chopped into reads, the same frames come out; what is too large is skipped or fatal.

mod dialect_common;

use chasqui_proto::dialect::Dialect;
use chasqui_proto::dialect::native::Envelope;
use chasqui_proto::dialect::stream::{Cut, FrameCutter, STREAM_SKIP_BYTES_MAX};
use dialect_common::sample_frames;
use proptest::prelude::*;

const FRAME_BYTES_MAX: usize = 4096;

#[derive(Clone, PartialEq, Eq, Debug)]
enum Seen {
    Frame(Vec<u8>),
    Oversize,
    Fatal,
}

/// Feeds `stream` in pieces whose lengths `pieces` gives in turn.
fn cut_all(cutter: &mut FrameCutter, dialect: Dialect, stream: &[u8], pieces: &[usize]) -> Vec<Seen> {
    let mut seen = Vec::new();
    let (mut rest, mut turn) = (stream, 0);
    while !rest.is_empty() {
        let len = pieces[turn % pieces.len()].clamp(1, rest.len());
        let (mut input, later) = rest.split_at(len);
        (rest, turn) = (later, turn + 1);
        while let Some(cut) = cutter.cut(&mut input) {
            seen.push(match cut {
                Cut::Frame(frame) => {
                    assert!(dialect == Dialect::Json || frame.as_ptr().addr() % 8 == 0, "a native frame is aligned");
                    Seen::Frame(frame.to_vec())
                }
                Cut::Oversize => Seen::Oversize,
                Cut::Fatal(_) => Seen::Fatal,
            });
        }
        assert!(input.is_empty(), "None means that all input is used");
        cutter.release();
    }
    seen
}

fn stream_of(dialect: Dialect, frames: &[Vec<u8>]) -> Vec<u8> {
    frames.iter().flat_map(|frame| [frame, dialect.stream_terminator()].concat()).collect()
}

fn frames_of(dialect: Dialect) -> Vec<Vec<u8>> {
    sample_frames(dialect).into_iter().map(|(_, frame)| frame).collect()
}

/// A well-framed frame of exactly so many bytes.
fn frame_of(dialect: Dialect, bytes: usize) -> Vec<u8> {
    match dialect {
        Dialect::Json => vec![b'x'; bytes],
        Dialect::Native => {
            let mut frame = Envelope { type_id: 1, body_bytes: (bytes - 16) as u32 }.to_bytes().to_vec();
            frame.resize(bytes, 0);
            frame
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_chopping_gives_the_same_frames(pieces in proptest::collection::vec(1..300usize, 1..20)) {
        for dialect in Dialect::ALL {
            let frames = frames_of(dialect);
            let mut cutter = FrameCutter::new(dialect, FRAME_BYTES_MAX);
            let seen = cut_all(&mut cutter, dialect, &stream_of(dialect, &frames), &pieces);
            prop_assert_eq!(seen, frames.into_iter().map(Seen::Frame).collect::<Vec<_>>());
            prop_assert!(!cutter.is_mid_frame());
        }
    }

    #[test]
    fn an_oversize_frame_is_skipped_and_the_next_one_found(
        extra in 1..20_000usize,
        pieces in proptest::collection::vec(1..5000usize, 1..20),
    ) {
        for dialect in Dialect::ALL {
            let fits = frame_of(dialect, FRAME_BYTES_MAX);
            let frames = [fits.clone(), frame_of(dialect, FRAME_BYTES_MAX + extra), fits.clone()];
            let mut cutter = FrameCutter::new(dialect, FRAME_BYTES_MAX);
            let seen = cut_all(&mut cutter, dialect, &stream_of(dialect, &frames), &pieces);
            prop_assert_eq!(seen, vec![Seen::Frame(fits.clone()), Seen::Oversize, Seen::Frame(fits)]);
        }
    }

    #[test]
    fn random_bytes_end_in_frames_or_a_verdict(
        bytes in proptest::collection::vec(any::<u8>(), 0..2000),
        pieces in proptest::collection::vec(1..100usize, 1..20),
    ) {
        for dialect in Dialect::ALL {
            cut_all(&mut FrameCutter::new(dialect, 64), dialect, &bytes, &pieces);
        }
    }
}

#[test]
fn byte_by_byte_at_every_offset() {
    for dialect in Dialect::ALL {
        let frames = frames_of(dialect);
        let mut cutter = FrameCutter::new(dialect, FRAME_BYTES_MAX);
        let seen = cut_all(&mut cutter, dialect, &stream_of(dialect, &frames), &[1]);
        assert_eq!(seen, frames.into_iter().map(Seen::Frame).collect::<Vec<_>>());
    }
}

#[test]
fn what_is_too_large_to_skip_is_fatal_and_nothing_follows() {
    let mut cutter = FrameCutter::new(Dialect::Native, FRAME_BYTES_MAX);
    let huge = Envelope { type_id: 1, body_bytes: u32::MAX }.to_bytes();
    assert_eq!(cut_all(&mut cutter, Dialect::Native, &huge, &[5]), [Seen::Fatal]);
    assert_eq!(cut_all(&mut cutter, Dialect::Native, &frame_of(Dialect::Native, 64), &[64]), []);

    let mut cutter = FrameCutter::new(Dialect::Json, FRAME_BYTES_MAX);
    let endless = vec![b'x'; FRAME_BYTES_MAX + STREAM_SKIP_BYTES_MAX + 2];
    assert_eq!(cut_all(&mut cutter, Dialect::Json, &endless, &[1000]), [Seen::Oversize, Seen::Fatal]);
    assert_eq!(cut_all(&mut cutter, Dialect::Json, b"\n{}\n", &[1]), []);
}

#[test]
fn bytes_that_are_no_envelope_are_fatal() {
    let mut cutter = FrameCutter::new(Dialect::Native, FRAME_BYTES_MAX);
    assert_eq!(cut_all(&mut cutter, Dialect::Native, b"GET / HTTP/1.1\r\nHost: x\r\n", &[7]), [Seen::Fatal]);
}

#[test]
fn empty_lines_are_nothing_and_a_cut_off_frame_shows() {
    let mut cutter = FrameCutter::new(Dialect::Json, FRAME_BYTES_MAX);
    assert_eq!(cut_all(&mut cutter, Dialect::Json, b"\n\n{}\n\n{", &[3]), [Seen::Frame(b"{}".to_vec())]);
    assert!(cutter.is_mid_frame());
}
