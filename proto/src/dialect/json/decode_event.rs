//! A server's object to an [`Event`]. What a server may leave out has the value that says nothing.

use smol_str::SmolStr;

use super::decode_command::frame_type;
use super::fields::{Fields, text, utf8};
use super::names;
use super::scan::Value;
use crate::codes::ErrorCode;
use crate::command::ReceiptKind;
use crate::dialect::scratch::Strings;
use crate::dialect::{DecodeError, Scratch, check};
use crate::event::{Event, Head, Limits, Message, SyncConversation};
use crate::ids::{ConvId, MsgId, ReqId, SessionId, UserId};

type Read<T> = Result<T, DecodeError>;

pub fn decode_event(payload: &[u8], scratch: &mut Scratch) -> Read<Event> {
    let mut strings = scratch.strings(payload.len());
    let fields = Fields::of_frame(utf8(payload)?, &mut strings)?;
    match frame_type(&fields)? {
        names::CONNECT_SUCCESS => welcome(&fields, &mut strings),
        names::MESSAGE_ACK => ack(&fields),
        names::MESSAGE_RECEIVED => received(&fields),
        names::MESSAGE_DELIVERED => receipt(&fields, ReceiptKind::Delivered, "deliveredAt"),
        names::MESSAGE_READ => receipt(&fields, ReceiptKind::Read, "readAt"),
        names::CONVERSATION_CREATED => created(&fields, &mut strings),
        names::MEMBER_ADDED => member_added(&fields),
        names::TYPING_START => Ok(Event::Typing { conv: fields.conv()?, user: user(&fields, "userId")?, on: true }),
        names::TYPING_STOP => Ok(Event::Typing { conv: fields.conv()?, user: user(&fields, "userId")?, on: false }),
        names::USER_ONLINE => presence(&fields, true),
        names::USER_OFFLINE => presence(&fields, false),
        names::SYNC_RESULT => sync_result(&fields, &mut strings),
        names::MESSAGE_RETRACTED => retracted(&fields),
        names::DRAINING => Ok(Event::Draining { reconnect_after_ms: small(&fields, "reconnectAfterMs")? }),
        names::ERROR => error(&fields),
        _ => Err(DecodeError::unknown_type()),
    }
}

fn welcome<'a>(fields: &Fields<'a>, strings: &mut Strings<'a>) -> Read<Event> {
    let mut heads = Vec::new();
    fields.each("heads", strings, |value, strings| {
        heads.push(head(&Fields::of_value(value, "heads", strings)?)?);
        Ok(())
    })?;
    let limits = Fields::of_value(fields.optional("limits").unwrap_or(Value::Map("{}")), "limits", strings)?;
    Ok(Event::Welcome {
        id: id(fields)?,
        user: user(fields, "userId")?,
        session: session(fields)?,
        heads,
        limits: Limits {
            max_frame_bytes: small(&limits, "maxFrameBytes")?,
            sends_per_second: small(&limits, "sendsPerSecond")?,
            burst: small(&limits, "burst")?,
        },
    })
}

fn head(fields: &Fields<'_>) -> Read<Head> {
    Ok(Head {
        conv: fields.conv()?,
        last_seq: fields.number("lastSeq")?,
        durable_seq: fields.number("durableSeq")?,
        epoch: fields.number("epoch")?,
        read_seq: number_or_zero(fields, "readSeq")?,
    })
}

fn ack(fields: &Fields<'_>) -> Read<Event> {
    Ok(Event::Ack {
        id: id(fields)?,
        level: names::level(fields.text("level")?).ok_or(DecodeError::invalid("level"))?,
        conv: fields.conv()?,
        msg_id: msg_id(fields)?,
        seq: fields.number("seq")?,
        durable_seq: fields.number("durableSeq")?,
        epoch: fields.number("epoch")?,
        at: number_or_zero(fields, "timestamp")?,
    })
}

fn received(fields: &Fields<'_>) -> Read<Event> {
    let message = message(fields, fields.conv()?)?;
    Ok(Event::Message { message: message.into(), durable_seq: fields.number("durableSeq")? })
}

fn message(fields: &Fields<'_>, conv: ConvId) -> Read<Message> {
    Ok(Message {
        conv,
        msg_id: msg_id(fields)?,
        seq: fields.number("seq")?,
        epoch: fields.number("epoch")?,
        sender: user(fields, "senderId")?,
        client_id: fields.client_id()?,
        content: String::from(fields.text_or_empty("content")?),
        at: number_or_zero(fields, "timestamp")?,
        retracted: fields.flag_or("retracted", false)?,
    })
}

fn receipt(fields: &Fields<'_>, kind: ReceiptKind, at: &'static str) -> Read<Event> {
    Ok(Event::Receipt {
        conv: fields.conv()?,
        user: user(fields, "userId")?,
        kind,
        seq: fields.number("seq")?,
        at: number_or_zero(fields, at)?,
    })
}

fn created<'a>(fields: &Fields<'a>, strings: &mut Strings<'a>) -> Read<Event> {
    let mut members = Vec::new();
    fields.each("members", strings, |value, _| {
        members.push(user_of(text(value, "members")?, "members")?);
        Ok(())
    })?;
    Ok(Event::ConversationCreated {
        id: id(fields)?,
        conv: fields.conv()?,
        title: SmolStr::new(fields.text_or_empty("title")?),
        members: members.into(),
    })
}

fn member_added(fields: &Fields<'_>) -> Read<Event> {
    Ok(Event::MemberAdded {
        id: id(fields)?,
        conv: fields.conv()?,
        user: user(fields, "userId")?,
        by: user(fields, "by")?,
    })
}

fn presence(fields: &Fields<'_>, online: bool) -> Read<Event> {
    Ok(Event::Presence { user: user(fields, "userId")?, online, last_seen: number_or_zero(fields, "lastSeen")? })
}

fn sync_result<'a>(fields: &Fields<'a>, strings: &mut Strings<'a>) -> Read<Event> {
    const FIELD: &str = "conversations";
    let mut conversations = Vec::new();
    fields.entries(FIELD, strings, |key, value, strings| {
        let conv = ConvId::parse(key).ok_or(DecodeError::invalid(FIELD))?;
        let inner = Fields::of_value(value, FIELD, strings)?;
        conversations.push(sync_conversation(conv, &inner, strings)?);
        Ok(())
    })?;
    check::distinct(conversations.iter().map(|it| it.conv))?;
    Ok(Event::SyncResult { id: id(fields)?, conversations, next: SmolStr::new(fields.text_or_empty("next")?) })
}

fn sync_conversation<'a>(conv: ConvId, fields: &Fields<'a>, strings: &mut Strings<'a>) -> Read<SyncConversation> {
    let mut messages = Vec::new();
    fields.each("messages", strings, |value, strings| {
        messages.push(message(&Fields::of_value(value, "messages", strings)?, conv)?.into());
        Ok(())
    })?;
    Ok(SyncConversation {
        conv,
        last_seq: fields.number("lastSeq")?,
        durable_seq: fields.number("durableSeq")?,
        epoch: fields.number("epoch")?,
        recovered: fields.flag_or("recovered", true)?,
        more: fields.flag_or("more", false)?,
        messages,
    })
}

fn retracted(fields: &Fields<'_>) -> Read<Event> {
    Ok(Event::Retracted { conv: fields.conv()?, msg_id: msg_id(fields)?, seq: fields.number("seq")? })
}

fn error(fields: &Fields<'_>) -> Read<Event> {
    let code = ErrorCode::nearest(fields.text_or_empty("name")?, number_or_zero(fields, "code")?);
    let detail = Some(fields.text_or_empty("message")?).filter(|message| *message != code.sentence());
    Ok(Event::Error {
        id: id(fields)?,
        code,
        message: SmolStr::new(detail.unwrap_or_default()),
        retry_after_ms: small(fields, "retryAfterMs")?,
    })
}

fn id(fields: &Fields<'_>) -> Read<ReqId> {
    fields.text_or_empty("id").map(ReqId::new)
}

fn user(fields: &Fields<'_>, name: &'static str) -> Read<UserId> {
    user_of(fields.text(name)?, name)
}

fn user_of(text: &str, name: &'static str) -> Read<UserId> {
    UserId::new(text).ok_or(DecodeError::invalid(name))
}

fn msg_id(fields: &Fields<'_>) -> Read<MsgId> {
    const NAME: &str = "messageId";
    digits(fields.text(NAME)?, 10).map(MsgId).ok_or(DecodeError::invalid(NAME))
}

fn session(fields: &Fields<'_>) -> Read<SessionId> {
    const NAME: &str = "sessionId";
    digits(fields.text(NAME)?, 16).map(SessionId).ok_or(DecodeError::invalid(NAME))
}

/// Digits only: the standard library would take a sign.
fn digits(text: &str, radix: u32) -> Option<u64> {
    if text.starts_with('+') { None } else { u64::from_str_radix(text, radix).ok() }
}

fn number_or_zero(fields: &Fields<'_>, name: &'static str) -> Read<u64> {
    fields.number_if_any(name).map(Option::unwrap_or_default)
}

fn small(fields: &Fields<'_>, name: &'static str) -> Read<u32> {
    number_or_zero(fields, name)?.try_into().map_err(|_| DecodeError::invalid(name))
}
