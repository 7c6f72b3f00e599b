//! CONVERSATION_CREATED (0x85): a group exists and the recipient is a member of it.

use rkyv::with::InlineAsBox;
use rkyv::{Archive, Serialize};

use super::convert;
use crate::dialect::DecodeError;
use crate::dialect::native::{body, type_id};
use crate::event::Event;
use crate::ids::ConvId;

#[derive(Archive, Serialize)]
pub struct ConversationCreated<'a> {
    conv: [u8; 16],
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

body::frozen!(ArchivedConversationCreated<'a>, CONVERSATION_CREATED, 44, |it, cover| {
    cover.text(&it.id);
    cover.text(&it.title);
    it.members.iter().for_each(|member| cover.text(&member.user));
    cover.list(&it.members);
});

pub fn encode(event: &Event, out: &mut Vec<u8>) {
    let Event::ConversationCreated { id, conv, title, members } = event else {
        unreachable!("the dispatch passes created conversations only");
    };
    let members: Vec<Member<'_>> = members.iter().map(|user| Member { user: user.as_str() }).collect();
    let tag = body::tag(type_id::CONVERSATION_CREATED);
    body::seal_lists(&ConversationCreated { conv: conv.0, id, title, members: &members, tag }, out);
}

pub fn decode(bytes: &[u8]) -> Result<Event, DecodeError> {
    let it = body::open::<ArchivedConversationCreated<'_>>(bytes)?;
    let members: Result<_, _> = it.members.iter().map(|member| convert::user(&member.user, "members")).collect();
    Ok(Event::ConversationCreated {
        id: convert::text(&it.id),
        conv: ConvId(it.conv),
        title: convert::text(&it.title),
        members: members?,
    })
}
