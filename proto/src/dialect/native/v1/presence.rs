//! PRESENCE (0x88): a conversation partner came or went.

use rkyv::with::InlineAsBox;
use rkyv::{Archive, Serialize};

use super::convert;
use crate::dialect::DecodeError;
use crate::dialect::native::{body, type_id};
use crate::event::Event;
use crate::ids::{Millis, UserId};

#[derive(Archive, Serialize)]
pub struct Presence<'a> {
    last_seen: u64,
    #[rkyv(with = InlineAsBox)]
    user: &'a str,
    online: bool,
    zero: [u8; 3],
    tag: u32,
}

body::frozen!(ArchivedPresence<'a>, PRESENCE, 24, |it, cover| {
    cover.text(&it.user);
    cover.reserved(&it.zero);
});

pub fn encode(user: &UserId, online: bool, last_seen: Millis, out: &mut Vec<u8>) {
    let tag = body::tag(type_id::PRESENCE);
    body::seal(&Presence { last_seen, user: user.as_str(), online, zero: [0; 3], tag }, out);
}

pub fn decode(bytes: &[u8]) -> Result<Event, DecodeError> {
    let it = body::open::<ArchivedPresence<'_>>(bytes)?;
    let (user, last_seen) = (convert::user(&it.user, "user")?, it.last_seen.to_native());
    Ok(Event::Presence { user, online: it.online, last_seen })
}
