//! SYNC_RESULT (0x89): a page of what the client lacks.

use std::sync::Arc;

use rkyv::with::InlineAsBox;
use rkyv::{Archive, Serialize};

use super::convert;
use crate::dialect::native::{body, type_id};
use crate::dialect::{DecodeError, check};
use crate::event::{self, Event, SyncConversation};
use crate::ids::{ClientId, ConvId, MsgId};

#[derive(Archive, Serialize)]
pub struct SyncResult<'a> {
    #[rkyv(with = InlineAsBox)]
    id: &'a str,
    #[rkyv(with = InlineAsBox)]
    conversations: &'a [Conversation<'a>],
    #[rkyv(with = InlineAsBox)]
    next: &'a str,
    tag: u32,
}

#[derive(Archive, Serialize)]
pub struct Conversation<'a> {
    last_seq: u64,
    durable_seq: u64,
    epoch: u64,
    conv: [u8; 16],
    #[rkyv(with = InlineAsBox)]
    messages: &'a [Message<'a>],
    recovered: bool,
    more: bool,
    zero: [u8; 6],
}

/// A message within its conversation, whose id it does not repeat.
#[derive(Archive, Serialize)]
pub struct Message<'a> {
    msg_id: u64,
    seq: u64,
    epoch: u64,
    at: u64,
    client_id: [u8; 16],
    #[rkyv(with = InlineAsBox)]
    sender: &'a str,
    #[rkyv(with = InlineAsBox)]
    content: &'a str,
    retracted: bool,
    zero: [u8; 7],
}

const _: () = assert!(size_of::<ArchivedConversation>() == 56);
const _: () = assert!(size_of::<ArchivedMessage>() == 72);

body::frozen!(ArchivedSyncResult<'a>, SYNC_RESULT, 28, |it, cover| {
    cover.text(&it.id);
    for conversation in it.conversations.iter() {
        cover_messages(conversation, cover);
        cover.reserved(&conversation.zero);
    }
    cover.list(&it.conversations);
    cover.text(&it.next);
});

fn cover_messages(conversation: &ArchivedConversation<'_>, cover: &mut body::Cover<'_>) {
    for message in conversation.messages.iter() {
        cover.text(&message.sender);
        cover.text(&message.content);
        cover.reserved(&message.zero);
    }
    cover.list(&conversation.messages);
}

pub fn encode(id: &str, conversations: &[SyncConversation], next: &str, out: &mut Vec<u8>) {
    let messages: Vec<Vec<Message<'_>>> = conversations.iter().map(write_messages).collect();
    let conversations: Vec<Conversation<'_>> =
        conversations.iter().zip(&messages).map(|(it, messages)| write_conversation(it, messages)).collect();
    body::seal_lists(
        &SyncResult { id, conversations: &conversations, next, tag: body::tag(type_id::SYNC_RESULT) },
        out,
    );
}

fn write_conversation<'a>(it: &SyncConversation, messages: &'a [Message<'a>]) -> Conversation<'a> {
    let SyncConversation { conv, last_seq, durable_seq, epoch, recovered, more, messages: _ } = *it;
    Conversation { last_seq, durable_seq, epoch, conv: conv.0, messages, recovered, more, zero: [0; 6] }
}

fn write_messages(it: &SyncConversation) -> Vec<Message<'_>> {
    it.messages.iter().map(|message| write_message(message)).collect()
}

fn write_message(it: &event::Message) -> Message<'_> {
    Message {
        msg_id: it.msg_id.0,
        seq: it.seq,
        epoch: it.epoch,
        at: it.at,
        client_id: it.client_id.0,
        sender: it.sender.as_str(),
        content: &it.content,
        retracted: it.retracted,
        zero: [0; 7],
    }
}

pub fn decode(bytes: &[u8]) -> Result<Event, DecodeError> {
    let it = body::open::<ArchivedSyncResult<'_>>(bytes)?;
    check::distinct(it.conversations.iter().map(|it| ConvId(it.conv)))?;
    let conversations: Result<_, _> = it.conversations.iter().map(read_conversation).collect();
    Ok(Event::SyncResult { id: convert::text(&it.id), conversations: conversations?, next: convert::text(&it.next) })
}

fn read_conversation(it: &ArchivedConversation<'_>) -> Result<SyncConversation, DecodeError> {
    let conv = ConvId(it.conv);
    let messages: Result<_, _> = it.messages.iter().map(|message| read_message(conv, message).map(Arc::new)).collect();
    Ok(SyncConversation {
        conv,
        last_seq: it.last_seq.to_native(),
        durable_seq: it.durable_seq.to_native(),
        epoch: it.epoch.to_native(),
        recovered: it.recovered,
        more: it.more,
        messages: messages?,
    })
}

fn read_message(conv: ConvId, it: &ArchivedMessage<'_>) -> Result<event::Message, DecodeError> {
    Ok(event::Message {
        conv,
        msg_id: MsgId(it.msg_id.to_native()),
        seq: it.seq.to_native(),
        epoch: it.epoch.to_native(),
        sender: convert::user(&it.sender, "sender")?,
        client_id: ClientId(it.client_id),
        content: String::from(it.content.get()),
        at: it.at.to_native(),
        retracted: it.retracted,
    })
}
