//! ERROR (0x8c): a command was refused. The name is the identity; the number its family.

use rkyv::with::InlineAsBox;
use rkyv::{Archive, Serialize};

use super::convert;
use crate::codes::ErrorCode;
use crate::dialect::DecodeError;
use crate::dialect::native::{body, type_id};
use crate::event::Event;

#[derive(Archive, Serialize)]
pub struct Error<'a> {
    #[rkyv(with = InlineAsBox)]
    id: &'a str,
    #[rkyv(with = InlineAsBox)]
    name: &'a str,
    /// Empty: the code's own sentence.
    #[rkyv(with = InlineAsBox)]
    message: &'a str,
    retry_after_ms: u32,
    code: u16,
    retry: bool,
    zero: [u8; 1],
    tag: u32,
}

body::frozen!(ArchivedError<'a>, ERROR, 36, |it, cover| {
    cover.text(&it.id);
    cover.text(&it.name);
    cover.text(&it.message);
    cover.reserved(&it.zero);
});

pub fn encode(event: &Event, out: &mut Vec<u8>) {
    let Event::Error { id, code, message, retry_after_ms } = event else {
        unreachable!("the dispatch passes errors only");
    };
    let error = Error {
        id,
        name: code.name(),
        message,
        retry_after_ms: *retry_after_ms,
        code: code.code(),
        retry: code.retry(),
        zero: [0],
        tag: body::tag(type_id::ERROR),
    };
    body::seal(&error, out);
}

pub fn decode(bytes: &[u8]) -> Result<Event, DecodeError> {
    let it = body::open::<ArchivedError<'_>>(bytes)?;
    Ok(Event::Error {
        id: convert::text(&it.id),
        code: ErrorCode::nearest(&it.name, u64::from(it.code.to_native())),
        message: convert::text(&it.message),
        retry_after_ms: it.retry_after_ms.to_native(),
    })
}
