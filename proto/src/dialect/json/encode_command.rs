//! A [`Command`] to a client's object.

use super::names;
use super::write::{self, Object};
use crate::command::{Command, ReceiptKind, Target};
use crate::ids::{ConvId, Seq};

pub fn encode_command(command: &Command<'_>, out: &mut Vec<u8>) {
    match command {
        Command::Authenticate { id, token } => open(out, names::CONNECT, id).text("token", token).close(),
        Command::Send { .. } => send(command, out),
        Command::Mark { id, conv, seq, kind } => {
            let name = match kind {
                ReceiptKind::Delivered => names::MARK_AS_DELIVERED,
                ReceiptKind::Read => names::MARK_AS_READ,
            };
            open(out, name, id).conv(*conv).number("seq", *seq).close();
        }
        Command::CreateConversation { id, client_id, title, members } => open(out, names::CREATE_CONVERSATION, id)
            .client_id(*client_id)
            .text("title", title)
            .list("members", members, |out, member| write::text(out, member))
            .close(),
        Command::AddMember { id, conv, user } => {
            open(out, names::ADD_MEMBER, id).conv(*conv).text("userId", user).close();
        }
        Command::Typing { id, conv, on } => {
            open(out, if *on { names::TYPING_START } else { names::TYPING_STOP }, id).conv(*conv).close();
        }
        Command::Sync { id, cursors, next } => sync(id, cursors, next, out),
    }
}

fn open<'a>(out: &'a mut Vec<u8>, name: &str, id: &str) -> Object<'a> {
    Object::frame(out, name).text_unless_empty("id", id)
}

fn send(command: &Command<'_>, out: &mut Vec<u8>) {
    let Command::Send { id, target, client_id, content, ack, resend } = command else {
        unreachable!("the dispatch passes sends only");
    };
    let object = open(out, names::SEND_MESSAGE, id);
    let object = match target {
        Target::Conversation(conv) => object.conv(*conv),
        Target::User(user) => object.text("to", user),
    };
    object
        .client_id(*client_id)
        .text("content", content)
        .text("ack", names::level_name(*ack))
        .flag("resend", *resend)
        .close();
}

fn sync(id: &str, cursors: &[(ConvId, Seq)], next: &str, out: &mut Vec<u8>) {
    let mut object = open(out, names::SYNC, id);
    let mut map = Object::open(object.key("conversations"));
    for (conv, seq) in cursors {
        map = map.number(conv.hyphenated().as_str(), *seq);
    }
    map.close();
    object.text_unless_empty("next", next).close();
}
