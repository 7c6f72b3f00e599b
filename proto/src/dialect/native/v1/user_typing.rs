//! USER_TYPING (0x87): a member starts or stops typing.

use rkyv::with::InlineAsBox;
use rkyv::{Archive, Serialize};

use super::convert;
use crate::dialect::DecodeError;
use crate::dialect::native::{body, type_id};
use crate::event::Event;
use crate::ids::{ConvId, UserId};

#[derive(Archive, Serialize)]
pub struct UserTyping<'a> {
    conv: [u8; 16],
    #[rkyv(with = InlineAsBox)]
    user: &'a str,
    on: bool,
    zero: [u8; 3],
    tag: u32,
}

body::frozen!(ArchivedUserTyping<'a>, USER_TYPING, 32, |it, cover| {
    cover.text(&it.user);
    cover.reserved(&it.zero);
});

pub fn encode(conv: ConvId, user: &UserId, on: bool, out: &mut Vec<u8>) {
    let tag = body::tag(type_id::USER_TYPING);
    body::seal(&UserTyping { conv: conv.0, user: user.as_str(), on, zero: [0; 3], tag }, out);
}

pub fn decode(bytes: &[u8]) -> Result<Event, DecodeError> {
    let it = body::open::<ArchivedUserTyping<'_>>(bytes)?;
    Ok(Event::Typing { conv: ConvId(it.conv), user: convert::user(&it.user, "user")?, on: it.on })
}
