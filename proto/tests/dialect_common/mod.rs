//! What the dialect tests share: one of every frame, generators of any frame, and a counting allocator.
#![allow(dead_code)]

pub mod any;
pub mod count;
pub mod samples;

use chasqui_proto::dialect::{Dialect, encode_command, encode_event};
use rkyv::util::AlignedVec;

/// A copy at an address that native access needs no further copy for.
pub fn aligned(bytes: &[u8]) -> AlignedVec<8> {
    let mut copy = AlignedVec::new();
    copy.extend_from_slice(bytes);
    copy
}

/// Every sample's frame in a dialect, commands first.
pub fn sample_frames(dialect: Dialect) -> Vec<(&'static str, Vec<u8>)> {
    let mut frames = Vec::new();
    for (name, command) in samples::commands() {
        let mut frame = Vec::new();
        encode_command(dialect, &command, &mut frame);
        frames.push((name, frame));
    }
    for (name, event) in samples::events() {
        let mut frame = Vec::new();
        encode_event(dialect, &event, &mut frame);
        frames.push((name, frame));
    }
    frames
}
