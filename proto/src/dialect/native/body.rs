//! Writes a body and reads it back, accepting exactly the bytes the writer makes.
//!
//! rkyv's validation proves that a body is memory-safe, not that it is of the type one thinks: junk before the
//! root goes unseen because the root is found from the end, and another struct's bytes may happen to pass. So:
//! 1. The last four bytes of a root are its type id ([`Frozen::TYPE`]), compared before access.
//! 2. After access, [`Cover`] follows the writer's order through everything the root refers to. Each piece must
//!    start where the former ended; alignment gaps and reserved fields must be zero; the root must come last.
//!
//! Together every byte of the body has one role and one possible value.

use rkyv::api::low::LowValidator;
use rkyv::api::serialize_using;
use rkyv::boxed::ArchivedBox;
use rkyv::bytecheck::CheckBytes;
use rkyv::rancor::{Failure, Strategy};
use rkyv::ser::allocator::ArenaHandle;
use rkyv::ser::{Positional, Serializer, Writer};
use rkyv::util::with_arena;
use rkyv::{Portable, Serialize};

use super::envelope::{ENVELOPE_BYTES, Envelope};
use crate::dialect::DecodeError;

/// Alignment of frames and bodies, that of the widest field.
pub const BODY_ALIGN: usize = 8;

/// A frozen root: the archived struct behind one type id.
pub trait Frozen: Portable + Sized {
    const TYPE: u16;
    /// Names, in the order of the fields, all that lies outside the root, and the reserved fields.
    fn cover(&self, cover: &mut Cover<'_>);
}

/// Ties an archived struct to its type id and pins its size and the place of its tag.
macro_rules! frozen {
    ($archived:ident $(<$life:lifetime>)?, $type_id:ident, $bytes:literal, |$it:ident, $cover:ident| $body:expr) => {
        const _: () = assert!(size_of::<$archived>() == $bytes);
        const _: () = assert!(std::mem::offset_of!($archived, tag) == $bytes - 4);
        impl $(<$life>)? $crate::dialect::native::body::Frozen for $archived $(<$life>)? {
            const TYPE: u16 = $crate::dialect::native::type_id::$type_id;
            fn cover(&self, $cover: &mut $crate::dialect::native::body::Cover<'_>) {
                let $it = self;
                let _ = $it;
                let _ = &$cover;
                $body
            }
        }
    };
}
pub(super) use frozen;

/// The tag of a root of type `type_id`.
pub const fn tag(type_id: u16) -> u32 {
    type_id as u32
}

/// Follows a body's bytes in the order they were written.
pub struct Cover<'a> {
    body: &'a [u8],
    at: usize,
    whole: bool,
}

impl<'a> Cover<'a> {
    fn new(body: &'a [u8]) -> Self {
        Self { body, at: 0, whole: true }
    }

    pub fn text(&mut self, text: &ArchivedBox<str>) {
        self.piece(text.get().as_ptr(), text.get().len());
    }

    pub fn list<T>(&mut self, list: &ArchivedBox<[T]>) {
        self.gap(align_of::<T>());
        self.piece(list.get().as_ptr().cast(), size_of_val(list.get()));
    }

    pub fn reserved<const N: usize>(&mut self, bytes: &[u8; N]) {
        self.whole &= *bytes == [0; N];
    }

    fn piece(&mut self, start: *const u8, bytes: usize) {
        self.whole &= start.addr() == self.body.as_ptr().addr() + self.at;
        self.at = self.at.saturating_add(bytes).min(self.body.len());
    }

    fn gap(&mut self, align: usize) {
        let end = self.at.next_multiple_of(align).min(self.body.len());
        self.whole &= self.body[self.at..end].iter().all(|byte| *byte == 0);
        self.at = end;
    }

    fn finish<T>(mut self) -> bool {
        self.gap(align_of::<T>());
        self.whole && self.at + size_of::<T>() == self.body.len()
    }
}

/// Reads a body of type `T` from an 8-aligned slice.
pub fn open<T>(body: &[u8]) -> Result<&T, DecodeError>
where
    T: Frozen + for<'v> CheckBytes<LowValidator<'v, Failure>>,
{
    if body.last_chunk() != Some(&tag(T::TYPE).to_le_bytes()) {
        return Err(DecodeError::malformed("the body is not of the envelope's type"));
    }
    let root = rkyv::api::low::access::<T, Failure>(body).map_err(|_| DecodeError::malformed("the body is damaged"))?;
    let mut cover = Cover::new(body);
    root.cover(&mut cover);
    if cover.finish::<T>() { Ok(root) } else { Err(DecodeError::malformed("the body holds bytes without a meaning")) }
}

/// Writes into the tail of a vector, with positions relative to the body so that alignment is the body's.
pub struct BodyWriter<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
}

impl Positional for BodyWriter<'_> {
    fn pos(&self) -> usize {
        self.out.len() - self.start
    }
}

impl<E> Writer<E> for BodyWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), E> {
        self.out.extend_from_slice(bytes);
        Ok(())
    }
}

/// For bodies without lists, which need no memory beside the frame.
pub type BodySerializer<'a> = Strategy<Serializer<BodyWriter<'a>, (), ()>, Failure>;
/// The arena holds the positions of a list's elements while it is written; it is the thread's own and reused.
pub type ListSerializer<'a> = Strategy<Serializer<BodyWriter<'a>, ArenaHandle<'a>, ()>, Failure>;

/// Appends a whole frame, of a body without lists.
pub fn seal<T>(value: &T, out: &mut Vec<u8>)
where
    T: for<'s> Serialize<BodySerializer<'s>>,
    T::Archived: Frozen,
{
    frame::<T::Archived>(out, |writer| serialize_using(value, &mut Serializer::new(writer, (), ())).map(drop));
}

/// Appends a whole frame.
pub fn seal_lists<T>(value: &T, out: &mut Vec<u8>)
where
    T: for<'s> Serialize<ListSerializer<'s>>,
    T::Archived: Frozen,
{
    frame::<T::Archived>(out, |writer| {
        with_arena(|arena| serialize_using(value, &mut Serializer::new(writer, arena.acquire(), ())).map(drop))
    });
}

fn frame<T: Frozen>(out: &mut Vec<u8>, write: impl FnOnce(BodyWriter<'_>) -> Result<(), Failure>) {
    let frame_start = out.len();
    out.extend_from_slice(&[0; ENVELOPE_BYTES]);
    let body_start = out.len();
    write(BodyWriter { out: &mut *out, start: body_start }).expect("writing to memory does not fail");
    let body_bytes = u32::try_from(out.len() - body_start).expect("a frame is far below 4 GiB");
    let envelope = Envelope { type_id: T::TYPE, body_bytes };
    out[frame_start..body_start].copy_from_slice(&envelope.to_bytes());
}
