//! A message that lies whole in its chunk is handed out from there, without a copy to the heap, and a binary
//! payload starts on an 8-byte boundary wherever it comes from.

mod ws_support;

use chasqui_proto::ws::{Decoder, Event, Input, Limits};
use rkyv::util::AlignedVec;
use ws_support::*;

fn is_aligned(payload: &[u8]) -> bool {
    payload.as_ptr().addr().is_multiple_of(8)
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7) as u8).collect()
}

#[test]
fn many_messages_in_one_aligned_chunk_hold_no_memory() {
    let lengths = (0..300).chain([65_535, 65_536, 1, 0, 3]);
    let mut chunk = AlignedVec::<16>::new();
    for len in lengths.clone() {
        chunk.extend_from_slice(&frame(FIN | BINARY, &pattern(len)));
    }
    let range = chunk.as_ptr_range();
    let mut decoder = Decoder::new(Limits::default());
    let mut input = Input::new(&mut chunk);
    for len in lengths {
        let Ok(Some(Event::Binary(payload))) = decoder.next(&mut input) else { panic!("message of {len}") };
        assert!(payload == pattern(len), "content of {len}");
        assert!(is_aligned(payload));
        assert!(range.contains(&payload.as_ptr()), "handed out in place");
        assert_eq!(decoder.held_bytes(), 0);
    }
    assert_eq!(decoder.next(&mut input), Ok(None));
}

#[test]
fn any_start_and_any_cut_gives_an_aligned_payload() {
    let bytes = [frame(FIN | BINARY, &pattern(21)), frame(FIN | PING, b"p"), frame(FIN | BINARY, &pattern(130))];
    let bytes = bytes.concat();
    for start in 0..8 {
        for cut in 0..=bytes.len() {
            let mut decoder = Decoder::new(Limits::default());
            let mut found = Vec::new();
            for piece in [&bytes[..cut], &bytes[cut..]] {
                let mut room = AlignedVec::<16>::new();
                room.resize(start, 0);
                room.extend_from_slice(piece);
                let mut input = Input::new(&mut room[start..]);
                while let Some(event) = decoder.next(&mut input).expect("right frames") {
                    if let Event::Binary(payload) = event {
                        assert!(is_aligned(payload), "start {start}, cut {cut}");
                        found.push(payload.to_vec());
                    }
                }
            }
            assert_eq!(found, [pattern(21), pattern(130)], "start {start}, cut {cut}");
        }
    }
}

#[test]
fn a_head_from_the_chunk_before_still_needs_no_memory() {
    let bytes = frame(FIN | BINARY, &pattern(1000));
    for cut in 0..8 {
        let mut decoder = Decoder::new(Limits::default());
        assert_eq!(feed(&mut decoder, &bytes[..cut]), (vec![], None));
        let (seen, _) = feed(&mut decoder, &bytes[cut..]);
        assert_eq!(seen, [Seen::Binary(pattern(1000))]);
        assert_eq!(decoder.held_bytes(), 0, "cut {cut}");
    }
}

#[test]
fn text_and_control_frames_are_read_in_place_too() {
    let parts = [frame(TEXT, b""), frame(FIN | PING, &[9; 125]), frame(FIN, b"last"), frame(FIN | TEXT, b"hello")];
    let mut decoder = Decoder::new(Limits::default());
    let (seen, error) = feed(&mut decoder, &parts.concat());
    let expected = [Seen::Ping(vec![9; 125]), Seen::Text("last".into()), Seen::Text("hello".into())];
    assert_eq!((seen.as_slice(), error), (&expected[..], None));
    assert_eq!(decoder.held_bytes(), 0);
}

#[test]
fn unmasking_is_a_repeated_xor_from_any_offset() {
    for len in 0..200 {
        let mut bytes = pattern(len);
        chasqui_proto::ws::mask::unmask(&mut bytes, KEY);
        let expected: Vec<u8> = pattern(len).iter().enumerate().map(|(at, byte)| byte ^ KEY[at % 4]).collect();
        assert_eq!(bytes, expected, "{len}");
    }
}
