//! AUTHENTICATE (0x01): the token, where the handshake did not carry it.

use rkyv::with::InlineAsBox;
use rkyv::{Archive, Serialize};

use crate::command::Command;
use crate::dialect::DecodeError;
use crate::dialect::native::{body, type_id};

#[derive(Archive, Serialize)]
pub struct Authenticate<'a> {
    #[rkyv(with = InlineAsBox)]
    id: &'a str,
    #[rkyv(with = InlineAsBox)]
    token: &'a str,
    tag: u32,
}

body::frozen!(ArchivedAuthenticate<'a>, AUTHENTICATE, 20, |it, cover| {
    cover.text(&it.id);
    cover.text(&it.token);
});

pub fn encode(id: &str, token: &str, out: &mut Vec<u8>) {
    body::seal(&Authenticate { id, token, tag: body::tag(type_id::AUTHENTICATE) }, out);
}

pub fn decode(bytes: &[u8]) -> Result<Command<'_>, DecodeError> {
    let it = body::open::<ArchivedAuthenticate<'_>>(bytes)?;
    Ok(Command::Authenticate { id: &it.id, token: &it.token })
}
