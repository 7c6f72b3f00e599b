//! Has the processor fetch memory that is written soon, so that nothing waits for it then.
//!
//! Only time depends on it. A store to memory that is not in the cache holds up those behind it, and whatever has to
//! wait for them: the atomic counts of shared messages, mostly.

use std::mem::MaybeUninit;
use std::sync::Arc;

use chasqui_proto::event::Message;

const LINE_BYTES: usize = 64;
/// Two frames or so.
const ROOM_BYTES: usize = 2 * LINE_BYTES;
/// Longer texts are fetched by the processor's own guess.
const TEXT_BYTES_MAX: usize = 1024;

/// The message's block, but not its text: for that the block is needed first.
pub fn block(message: &Arc<Message>) {
    // The counts lie before the message.
    let counts = 2 * size_of::<usize>();
    lines(Arc::as_ptr(message).addr() - counts, size_of::<Message>() + counts);
}

/// Where the next bytes of a buffer will lie.
pub fn room(room: &[MaybeUninit<u8>]) {
    lines(room.as_ptr().addr(), room.len().min(ROOM_BYTES));
}

/// What lies behind an element of a ring: the place of the next.
pub fn behind<T>(element: Option<&T>) {
    if let Some(element) = element {
        lines(std::ptr::from_ref(element).addr() + size_of::<T>(), size_of::<T>());
    }
}

pub fn text(message: &Message) {
    lines(message.content.as_ptr().addr(), message.content.len().min(TEXT_BYTES_MAX));
}

fn lines(start: usize, bytes: usize) {
    let mut at = start - start % LINE_BYTES;
    while at < start + bytes {
        line(at);
        at += LINE_BYTES;
    }
}

#[cfg(target_arch = "x86_64")]
fn line(address: usize) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a hint that reads nothing; no address is wrong for it.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::without_provenance(address)) };
}

#[cfg(not(target_arch = "x86_64"))]
fn line(_: usize) {}
