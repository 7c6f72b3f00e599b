//! An [`Event`] to a server's object.

use super::names;
use super::write::{self, Object};
use crate::command::ReceiptKind;
use crate::event::{Event, Head, Limits, Message, SyncConversation};

/// Room for the keys and ids of the frames that are sent most, so that they grow the vector once.
const ROOM_BYTES: usize = 384;

pub fn encode_event(event: &Event, out: &mut Vec<u8>) {
    out.reserve(ROOM_BYTES);
    match event {
        Event::Welcome { .. } => welcome(event, out),
        Event::Ack { .. } => ack(event, out),
        Event::Message { message, durable_seq } => received(message, *durable_seq, out),
        Event::Receipt { .. } => receipt(event, out),
        Event::ConversationCreated { id, conv, title, members } => open(out, names::CONVERSATION_CREATED, id)
            .conv(*conv)
            .text("title", title)
            .list("members", members.iter(), |out, member| write::text(out, member.as_str()))
            .close(),
        Event::MemberAdded { id, conv, user, by } => {
            let object = open(out, names::MEMBER_ADDED, id).conv(*conv);
            object.text("userId", user.as_str()).text("by", by.as_str()).close();
        }
        Event::Typing { conv, user, on } => {
            let name = if *on { names::TYPING_START } else { names::TYPING_STOP };
            Object::frame(out, name).conv(*conv).text("userId", user.as_str()).close();
        }
        Event::Presence { user, online: true, .. } => {
            Object::frame(out, names::USER_ONLINE).text("userId", user.as_str()).close();
        }
        Event::Presence { user, online: false, last_seen } => {
            let object = Object::frame(out, names::USER_OFFLINE).text("userId", user.as_str());
            object.number("lastSeen", *last_seen).close();
        }
        Event::SyncResult { id, conversations, next } => sync_result(id, conversations, next, out),
        Event::Retracted { conv, msg_id, seq } => {
            let object = Object::frame(out, names::MESSAGE_RETRACTED).conv(*conv);
            object.quoted_number("messageId", msg_id.0).number("seq", *seq).close();
        }
        Event::Draining { reconnect_after_ms } => {
            Object::frame(out, names::DRAINING).number("reconnectAfterMs", u64::from(*reconnect_after_ms)).close();
        }
        Event::Error { .. } => error(event, out),
    }
}

fn open<'a>(out: &'a mut Vec<u8>, name: &str, id: &str) -> Object<'a> {
    Object::frame(out, name).text_unless_empty("id", id)
}

fn welcome(event: &Event, out: &mut Vec<u8>) {
    let Event::Welcome { id, user, session, heads: stands, limits: bounds } = event else {
        unreachable!("the dispatch passes welcomes only");
    };
    let mut object = open(out, names::CONNECT_SUCCESS, id)
        .text("userId", user.as_str())
        .text("sessionId", &smol_str::format_smolstr!("{session}"))
        .list("conversations", stands, |out, head| write::bare(out, head.conv.hyphenated().as_str()))
        .list("heads", stands, head);
    limits(object.key("limits"), bounds);
    object.close();
}

fn head(out: &mut Vec<u8>, head: &Head) {
    Object::open(out)
        .conv(head.conv)
        .number("lastSeq", head.last_seq)
        .number("durableSeq", head.durable_seq)
        .number("epoch", head.epoch)
        .number("readSeq", head.read_seq)
        .close();
}

fn limits(out: &mut Vec<u8>, limits: &Limits) {
    Object::open(out)
        .number("maxFrameBytes", u64::from(limits.max_frame_bytes))
        .number("sendsPerSecond", u64::from(limits.sends_per_second))
        .number("burst", u64::from(limits.burst))
        .close();
}

fn ack(event: &Event, out: &mut Vec<u8>) {
    let Event::Ack { id, level, conv, msg_id, seq, durable_seq, epoch, at } = event else {
        unreachable!("the dispatch passes acks only");
    };
    open(out, names::MESSAGE_ACK, id)
        .text("level", names::level_name(*level))
        .conv(*conv)
        .quoted_number("messageId", msg_id.0)
        .number("seq", *seq)
        .number("durableSeq", *durable_seq)
        .number("epoch", *epoch)
        .number("timestamp", *at)
        .close();
}

fn received(message: &Message, durable_seq: u64, out: &mut Vec<u8>) {
    let object = Object::frame(out, names::MESSAGE_RECEIVED);
    fields(object, message, Some(durable_seq)).close();
}

/// A message's fields. Within a sync answer `durableSeq` is said once, by the conversation.
fn fields<'a>(object: Object<'a>, message: &Message, durable_seq: Option<u64>) -> Object<'a> {
    let object = object.conv(message.conv).quoted_number("messageId", message.msg_id.0).number("seq", message.seq);
    let object = match durable_seq {
        Some(durable_seq) => object.number("durableSeq", durable_seq),
        None => object,
    };
    let object = object
        .number("epoch", message.epoch)
        .text("senderId", message.sender.as_str())
        .client_id(message.client_id)
        .text("content", &message.content)
        .number("timestamp", message.at);
    if message.retracted { object.flag("retracted", true) } else { object }
}

fn receipt(event: &Event, out: &mut Vec<u8>) {
    let Event::Receipt { conv, user, kind, seq, at } = event else {
        unreachable!("the dispatch passes receipts only");
    };
    let (name, at_key) = match kind {
        ReceiptKind::Delivered => (names::MESSAGE_DELIVERED, "deliveredAt"),
        ReceiptKind::Read => (names::MESSAGE_READ, "readAt"),
    };
    let object = Object::frame(out, name).conv(*conv).text("userId", user.as_str());
    object.number("seq", *seq).number(at_key, *at).close();
}

fn sync_result(id: &str, conversations: &[SyncConversation], next: &str, out: &mut Vec<u8>) {
    let mut object = open(out, names::SYNC_RESULT, id);
    let mut map = Object::open(object.key("conversations"));
    for conversation in conversations {
        sync_conversation(map.key(conversation.conv.hyphenated().as_str()), conversation);
    }
    map.close();
    match next {
        "" => object.key("next").extend_from_slice(b"null"),
        next => write::text(object.key("next"), next),
    }
    object.close();
}

fn sync_conversation(out: &mut Vec<u8>, it: &SyncConversation) {
    Object::open(out)
        .number("lastSeq", it.last_seq)
        .number("durableSeq", it.durable_seq)
        .number("epoch", it.epoch)
        .flag("recovered", it.recovered)
        .flag("more", it.more)
        .list("messages", &it.messages, |out, message| fields(Object::open(out), message, None).close())
        .close();
}

fn error(event: &Event, out: &mut Vec<u8>) {
    let Event::Error { id, code, message, retry_after_ms } = event else {
        unreachable!("the dispatch passes errors only");
    };
    let message = if message.is_empty() { code.sentence() } else { message };
    let object = open(out, names::ERROR, id)
        .number("code", u64::from(code.code()))
        .text("name", code.name())
        .text("message", message)
        .flag("retry", code.retry());
    match retry_after_ms {
        0 => object.close(),
        ms => object.number("retryAfterMs", u64::from(*ms)).close(),
    }
}
