//! MESSAGE (0x83): a message of a conversation, as its members receive it.

use rkyv::with::InlineAsBox;
use rkyv::{Archive, Serialize};

use super::convert;
use crate::dialect::DecodeError;
use crate::dialect::native::{body, type_id};
use crate::event::{self, Event};
use crate::ids::{ClientId, ConvId, MsgId, Seq};

#[derive(Archive, Serialize)]
pub struct Message<'a> {
    msg_id: u64,
    seq: u64,
    durable_seq: u64,
    epoch: u64,
    at: u64,
    conv: [u8; 16],
    client_id: [u8; 16],
    #[rkyv(with = InlineAsBox)]
    sender: &'a str,
    #[rkyv(with = InlineAsBox)]
    content: &'a str,
    retracted: bool,
    zero: [u8; 3],
    tag: u32,
}

body::frozen!(ArchivedMessage<'a>, MESSAGE, 96, |it, cover| {
    cover.text(&it.sender);
    cover.text(&it.content);
    cover.reserved(&it.zero);
});

pub fn encode(message: &event::Message, durable_seq: Seq, out: &mut Vec<u8>) {
    let event::Message { conv, msg_id, seq, epoch, sender, client_id, content, at, retracted } = message;
    let message = Message {
        msg_id: msg_id.0,
        seq: *seq,
        durable_seq,
        epoch: *epoch,
        at: *at,
        conv: conv.0,
        client_id: client_id.0,
        sender: sender.as_str(),
        content,
        retracted: *retracted,
        zero: [0; 3],
        tag: body::tag(type_id::MESSAGE),
    };
    body::seal(&message, out);
}

pub fn decode(bytes: &[u8]) -> Result<Event, DecodeError> {
    let it = body::open::<ArchivedMessage<'_>>(bytes)?;
    let message = event::Message {
        conv: ConvId(it.conv),
        msg_id: MsgId(it.msg_id.to_native()),
        seq: it.seq.to_native(),
        epoch: it.epoch.to_native(),
        sender: convert::user(&it.sender, "sender")?,
        client_id: ClientId(it.client_id),
        content: String::from(it.content.get()),
        at: it.at.to_native(),
        retracted: it.retracted,
    };
    Ok(Event::Message { message: message.into(), durable_seq: it.durable_seq.to_native() })
}
