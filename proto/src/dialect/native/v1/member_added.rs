//! MEMBER_ADDED (0x86): a group has one more member.

use rkyv::with::InlineAsBox;
use rkyv::{Archive, Serialize};

use super::convert;
use crate::dialect::DecodeError;
use crate::dialect::native::{body, type_id};
use crate::event::Event;
use crate::ids::{ConvId, UserId};

#[derive(Archive, Serialize)]
pub struct MemberAdded<'a> {
    conv: [u8; 16],
    #[rkyv(with = InlineAsBox)]
    id: &'a str,
    #[rkyv(with = InlineAsBox)]
    user: &'a str,
    #[rkyv(with = InlineAsBox)]
    by: &'a str,
    tag: u32,
}

body::frozen!(ArchivedMemberAdded<'a>, MEMBER_ADDED, 44, |it, cover| {
    cover.text(&it.id);
    cover.text(&it.user);
    cover.text(&it.by);
});

pub fn encode(id: &str, conv: ConvId, user: &UserId, by: &UserId, out: &mut Vec<u8>) {
    let tag = body::tag(type_id::MEMBER_ADDED);
    body::seal(&MemberAdded { conv: conv.0, id, user: user.as_str(), by: by.as_str(), tag }, out);
}

pub fn decode(bytes: &[u8]) -> Result<Event, DecodeError> {
    let it = body::open::<ArchivedMemberAdded<'_>>(bytes)?;
    let (user, by) = (convert::user(&it.user, "user")?, convert::user(&it.by, "by")?);
    Ok(Event::MemberAdded { id: convert::text(&it.id), conv: ConvId(it.conv), user, by })
}
