//! TYPING (0x06): the sender starts or stops typing.

use rkyv::with::InlineAsBox;
use rkyv::{Archive, Serialize};

use crate::command::Command;
use crate::dialect::DecodeError;
use crate::dialect::native::{body, type_id};
use crate::ids::ConvId;

#[derive(Archive, Serialize)]
pub struct Typing<'a> {
    conv: [u8; 16],
    #[rkyv(with = InlineAsBox)]
    id: &'a str,
    on: bool,
    zero: [u8; 3],
    tag: u32,
}

body::frozen!(ArchivedTyping<'a>, TYPING, 32, |it, cover| {
    cover.text(&it.id);
    cover.reserved(&it.zero);
});

pub fn encode(id: &str, conv: ConvId, on: bool, out: &mut Vec<u8>) {
    body::seal(&Typing { conv: conv.0, id, on, zero: [0; 3], tag: body::tag(type_id::TYPING) }, out);
}

pub fn decode(bytes: &[u8]) -> Result<Command<'_>, DecodeError> {
    let it = body::open::<ArchivedTyping<'_>>(bytes)?;
    Ok(Command::Typing { id: &it.id, conv: ConvId(it.conv), on: it.on })
}
