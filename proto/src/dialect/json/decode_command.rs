//! A client's object to a [`Command`].

use super::fields::{Fields, number, text, utf8};
use super::names;
use crate::command::{AckLevel, Command, ReceiptKind, Target};
use crate::dialect::scratch::Strings;
use crate::dialect::{DecodeError, Scratch};
use crate::ids::{ConvId, Seq};
use crate::limits::{GROUP_MEMBERS_MAX, SYNC_CURSORS_MAX};

type Read<T> = Result<T, DecodeError>;

pub fn decode_command<'a>(payload: &'a [u8], scratch: &'a mut Scratch) -> Read<Command<'a>> {
    let mut strings = scratch.strings(payload.len());
    let fields = Fields::of_frame(utf8(payload)?, &mut strings)?;
    let id = fields.text_or_empty("id")?;
    command(id, &fields, &mut strings).map_err(|e| e.with_id(id))
}

fn command<'a>(id: &'a str, fields: &Fields<'a>, strings: &mut Strings<'a>) -> Read<Command<'a>> {
    match frame_type(fields)? {
        names::CONNECT => Ok(Command::Authenticate { id, token: fields.text("token")? }),
        names::SEND_MESSAGE => send(id, fields),
        names::MARK_AS_DELIVERED => mark(id, fields, ReceiptKind::Delivered),
        names::MARK_AS_READ => mark(id, fields, ReceiptKind::Read),
        names::CREATE_CONVERSATION => create(id, fields, strings),
        names::ADD_MEMBER => Ok(Command::AddMember { id, conv: fields.conv()?, user: fields.text("userId")? }),
        names::TYPING_START => Ok(Command::Typing { id, conv: fields.conv()?, on: true }),
        names::TYPING_STOP => Ok(Command::Typing { id, conv: fields.conv()?, on: false }),
        names::SYNC => sync(id, fields, strings),
        _ => Err(DecodeError::unknown_type()),
    }
}

pub(super) fn frame_type<'a>(fields: &Fields<'a>) -> Read<&'a str> {
    fields.text_if_any("type")?.ok_or(DecodeError::malformed("it has no type"))
}

fn send<'a>(id: &'a str, fields: &Fields<'a>) -> Read<Command<'a>> {
    Ok(Command::Send {
        id,
        target: target(fields)?,
        client_id: fields.client_id()?,
        content: fields.text("content")?,
        ack: ack(fields)?,
        resend: fields.flag_or("resend", false)?,
    })
}

/// Exactly one of the two: with both, one would have to win silently.
fn target<'a>(fields: &Fields<'a>) -> Read<Target<'a>> {
    match fields.text_if_any("to")? {
        None => Ok(Target::Conversation(fields.conv()?)),
        Some(user) if fields.optional("conversationId").is_none() => Ok(Target::User(user)),
        Some(_) => Err(DecodeError::invalid("to")),
    }
}

fn ack(fields: &Fields<'_>) -> Read<AckLevel> {
    match fields.text_if_any("ack")? {
        None => Ok(AckLevel::default()),
        Some(name) => names::level(name).ok_or(DecodeError::invalid("ack")),
    }
}

fn mark<'a>(id: &'a str, fields: &Fields<'a>, kind: ReceiptKind) -> Read<Command<'a>> {
    Ok(Command::Mark { id, conv: fields.conv()?, seq: fields.number("seq")?, kind })
}

fn create<'a>(id: &'a str, fields: &Fields<'a>, strings: &mut Strings<'a>) -> Read<Command<'a>> {
    let mut members = Vec::new();
    if fields.optional("members").is_none() {
        return Err(DecodeError::invalid("members"));
    }
    fields.each("members", strings, |value, _| {
        push_within(&mut members, text(value, "members")?, GROUP_MEMBERS_MAX, "members")
    })?;
    Ok(Command::CreateConversation {
        id,
        client_id: fields.client_id()?,
        title: fields.text_or_empty("title")?,
        members,
    })
}

fn sync<'a>(id: &'a str, fields: &Fields<'a>, strings: &mut Strings<'a>) -> Read<Command<'a>> {
    const FIELD: &str = "conversations";
    let mut cursors: Vec<(ConvId, Seq)> = Vec::new();
    fields.entries(FIELD, strings, |key, value, _| {
        let conv = ConvId::parse(key).ok_or(DecodeError::invalid(FIELD))?;
        push_within(&mut cursors, (conv, number(value, FIELD)?), SYNC_CURSORS_MAX, FIELD)
    })?;
    Ok(Command::Sync { id, cursors, next: fields.text_or_empty("next")? })
}

fn push_within<T>(list: &mut Vec<T>, item: T, items_max: usize, field: &'static str) -> Read<()> {
    if list.len() == items_max {
        return Err(DecodeError::invalid(field));
    }
    list.push(item);
    Ok(())
}
