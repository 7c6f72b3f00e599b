//! ADD_MEMBER (0x05): one more member for a group.

use rkyv::with::InlineAsBox;
use rkyv::{Archive, Serialize};

use crate::command::Command;
use crate::dialect::DecodeError;
use crate::dialect::native::{body, type_id};
use crate::ids::ConvId;

#[derive(Archive, Serialize)]
pub struct AddMember<'a> {
    conv: [u8; 16],
    #[rkyv(with = InlineAsBox)]
    id: &'a str,
    #[rkyv(with = InlineAsBox)]
    user: &'a str,
    tag: u32,
}

body::frozen!(ArchivedAddMember<'a>, ADD_MEMBER, 36, |it, cover| {
    cover.text(&it.id);
    cover.text(&it.user);
});

pub fn encode(id: &str, conv: ConvId, user: &str, out: &mut Vec<u8>) {
    body::seal(&AddMember { conv: conv.0, id, user, tag: body::tag(type_id::ADD_MEMBER) }, out);
}

pub fn decode(bytes: &[u8]) -> Result<Command<'_>, DecodeError> {
    let it = body::open::<ArchivedAddMember<'_>>(bytes)?;
    Ok(Command::AddMember { id: &it.id, conv: ConvId(it.conv), user: &it.user })
}
