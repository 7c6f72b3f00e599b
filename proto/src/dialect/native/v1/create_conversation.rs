//! CREATE_CONVERSATION (0x04): a group with a title and its first members.

use rkyv::with::InlineAsBox;
use rkyv::{Archive, Serialize};

use crate::command::Command;
use crate::dialect::DecodeError;
use crate::dialect::native::{body, type_id};
use crate::ids::ClientId;
use crate::limits::GROUP_MEMBERS_MAX;

#[derive(Archive, Serialize)]
pub struct CreateConversation<'a> {
    client_id: [u8; 16],
    #[rkyv(with = InlineAsBox)]
    id: &'a str,
    #[rkyv(with = InlineAsBox)]
    title: &'a str,
    #[rkyv(with = InlineAsBox)]
    members: &'a [Member<'a>],
    tag: u32,
}

#[derive(Archive, Serialize)]
pub struct Member<'a> {
    #[rkyv(with = InlineAsBox)]
    user: &'a str,
}

body::frozen!(ArchivedCreateConversation<'a>, CREATE_CONVERSATION, 44, |it, cover| {
    cover.text(&it.id);
    cover.text(&it.title);
    it.members.iter().for_each(|member| cover.text(&member.user));
    cover.list(&it.members);
});

pub fn encode(id: &str, client_id: ClientId, title: &str, members: &[&str], out: &mut Vec<u8>) {
    let members: Vec<Member<'_>> = members.iter().map(|user| Member { user }).collect();
    let tag = body::tag(type_id::CREATE_CONVERSATION);
    body::seal_lists(&CreateConversation { client_id: client_id.0, id, title, members: &members, tag }, out);
}

pub fn decode(bytes: &[u8]) -> Result<Command<'_>, DecodeError> {
    let it = body::open::<ArchivedCreateConversation<'_>>(bytes)?;
    if it.members.len() > GROUP_MEMBERS_MAX {
        return Err(DecodeError::invalid("members").with_id(&it.id));
    }
    let members = it.members.iter().map(|member| &*member.user).collect();
    Ok(Command::CreateConversation { id: &it.id, client_id: ClientId(it.client_id), title: &it.title, members })
}
