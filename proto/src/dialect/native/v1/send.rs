//! SEND (0x02): a message to a conversation, or to a user's direct conversation.

use rkyv::with::InlineAsBox;
use rkyv::{Archive, Serialize};

use super::convert;
use crate::command::{Command, Target};
use crate::dialect::DecodeError;
use crate::dialect::native::{body, type_id};
use crate::ids::{ClientId, ConvId};

const TO_CONVERSATION: u8 = 0;
const TO_USER: u8 = 1;

#[derive(Archive, Serialize)]
pub struct Send<'a> {
    client_id: [u8; 16],
    /// Zero where the target is a user.
    conv: [u8; 16],
    #[rkyv(with = InlineAsBox)]
    id: &'a str,
    /// Empty where the target is a conversation.
    #[rkyv(with = InlineAsBox)]
    to: &'a str,
    #[rkyv(with = InlineAsBox)]
    content: &'a str,
    ack: u8,
    resend: bool,
    target: u8,
    zero: [u8; 1],
    tag: u32,
}

body::frozen!(ArchivedSend<'a>, SEND, 64, |it, cover| {
    cover.text(&it.id);
    cover.text(&it.to);
    cover.text(&it.content);
    cover.reserved(&it.zero);
});

pub fn encode(command: &Command<'_>, out: &mut Vec<u8>) {
    let Command::Send { id, target, client_id, content, ack, resend } = command else {
        unreachable!("the dispatch passes sends only");
    };
    let (conv, to, target) = match *target {
        Target::Conversation(conv) => (conv.0, "", TO_CONVERSATION),
        Target::User(user) => ([0; 16], user, TO_USER),
    };
    let (client_id, ack, tag) = (client_id.0, *ack as u8, body::tag(type_id::SEND));
    body::seal(&Send { client_id, conv, id, to, content, ack, resend: *resend, target, zero: [0], tag }, out);
}

pub fn decode(bytes: &[u8]) -> Result<Command<'_>, DecodeError> {
    let it = body::open::<ArchivedSend<'_>>(bytes)?;
    read(it).map_err(|e| e.with_id(&it.id))
}

fn read<'a>(it: &'a ArchivedSend<'_>) -> Result<Command<'a>, DecodeError> {
    let ack = convert::ack_level(it.ack, "ack")?;
    let client_id = ClientId(it.client_id);
    Ok(Command::Send { id: &it.id, target: target(it)?, client_id, content: &it.content, ack, resend: it.resend })
}

fn target<'a>(it: &'a ArchivedSend<'_>) -> Result<Target<'a>, DecodeError> {
    match it.target {
        TO_CONVERSATION if it.to.is_empty() => Ok(Target::Conversation(ConvId(it.conv))),
        TO_USER if it.conv == [0; 16] => Ok(Target::User(&it.to)),
        _ => Err(DecodeError::invalid("target")),
    }
}
