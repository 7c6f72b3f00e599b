//! Generators of any command and any event within the limits.

use std::sync::Arc;

use chasqui_proto::codes::ErrorCode;
use chasqui_proto::command::{AckLevel, Command, ReceiptKind, Target};
use chasqui_proto::event::{Event, Head, Limits, Message, SyncConversation};
use chasqui_proto::ids::{ClientId, ConvId, MsgId, SessionId, UserId};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use smol_str::SmolStr;

/// A command that owns its text, since a generator has nothing to borrow from.
#[derive(Clone, Debug)]
pub struct OwnedCommand {
    kind: u8,
    id: String,
    text: String,
    user: String,
    users: Vec<String>,
    cursors: Vec<(ConvId, u64)>,
    conv: ConvId,
    client_id: ClientId,
    seq: u64,
    level: AckLevel,
    flags: (bool, bool),
}

impl OwnedCommand {
    pub fn get(&self) -> Command<'_> {
        let Self { id, text, user, conv, client_id, seq, .. } = self;
        let (conv, client_id, seq, on) = (*conv, *client_id, *seq, self.flags.0);
        match self.kind {
            0 => Command::Authenticate { id, token: text },
            1 => Command::Send {
                id,
                target: if on { Target::User(user) } else { Target::Conversation(conv) },
                client_id,
                content: text,
                ack: self.level,
                resend: self.flags.1,
            },
            2 => Command::Mark { id, conv, seq, kind: if on { ReceiptKind::Read } else { ReceiptKind::Delivered } },
            3 => {
                let members = self.users.iter().map(String::as_str).collect();
                Command::CreateConversation { id, client_id, title: short(text), members }
            }
            4 => Command::AddMember { id, conv, user },
            5 => Command::Typing { id, conv, on },
            _ => Command::Sync { id, cursors: self.cursors.clone(), next: short(id) },
        }
    }
}

/// A prefix that fits every short text.
fn short(text: &str) -> &str {
    let end = (0..=text.len().min(64)).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}

pub fn text() -> impl Strategy<Value = String> {
    // Control characters, quotes and backslashes often enough to meet each other.
    let c =
        prop_oneof![4 => any::<char>(), 2 => proptest::char::range('\0', '\u{7f}'), 1 => Just('"'), 1 => Just('\\')];
    vec(c, 0..80).prop_map(String::from_iter)
}

fn req_id() -> impl Strategy<Value = String> {
    text().prop_map(|text| short(&text).to_owned())
}

fn user_name() -> impl Strategy<Value = String> {
    "[^\\p{Cc}]{1,16}"
}

fn user() -> impl Strategy<Value = UserId> {
    user_name().prop_map(|name| UserId::new(&name).expect("sixteen characters are at most 64 bytes"))
}

fn conv() -> impl Strategy<Value = ConvId> {
    any::<[u8; 16]>().prop_map(ConvId)
}

fn client_id() -> impl Strategy<Value = ClientId> {
    any::<[u8; 16]>().prop_map(ClientId)
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(u64::MAX), 0..1000u64, any::<u64>()]
}

fn level() -> impl Strategy<Value = AckLevel> {
    prop_oneof![Just(AckLevel::Accepted), Just(AckLevel::Durable), Just(AckLevel::Delivered), Just(AckLevel::Read)]
}

pub fn command() -> impl Strategy<Value = OwnedCommand> {
    let texts = (req_id(), text(), user_name(), vec(user_name(), 0..6));
    let ids = (conv(), client_id(), btree_map(conv(), number(), 0..6));
    (0..7u8, texts, ids, number(), level(), any::<(bool, bool)>()).prop_map(
        |(kind, (id, text, user, users), (conv, client_id, cursors), seq, level, flags)| {
            let cursors = cursors.into_iter().rev().collect();
            OwnedCommand { kind, id, text, user, users, cursors, conv, client_id, seq, level, flags }
        },
    )
}

fn message() -> impl Strategy<Value = Message> {
    let numbers = (number(), number(), number(), number());
    (conv(), numbers, user(), client_id(), text(), any::<bool>()).prop_map(
        |(conv, (msg_id, seq, epoch, at), sender, client_id, content, retracted)| Message {
            conv,
            msg_id: MsgId(msg_id),
            seq,
            epoch,
            sender,
            client_id,
            content,
            at,
            retracted,
        },
    )
}

fn head() -> impl Strategy<Value = Head> {
    (conv(), number(), number(), number(), number()).prop_map(|(conv, last_seq, durable_seq, epoch, read_seq)| Head {
        conv,
        last_seq,
        durable_seq,
        epoch,
        read_seq,
    })
}

fn sync_conversations() -> impl Strategy<Value = Vec<SyncConversation>> {
    let part = (number(), number(), number(), any::<(bool, bool)>(), vec(message(), 0..4));
    btree_map(conv(), part, 0..4).prop_map(|parts| parts.into_iter().map(sync_conversation).collect())
}

type Part = (u64, u64, u64, (bool, bool), Vec<Message>);

fn sync_conversation((conv, part): (ConvId, Part)) -> SyncConversation {
    let (last_seq, durable_seq, epoch, (recovered, more), mut messages) = part;
    messages.iter_mut().for_each(|message| message.conv = conv);
    let messages = messages.into_iter().map(Arc::new).collect();
    SyncConversation { conv, last_seq, durable_seq, epoch, recovered, more, messages }
}

pub fn event() -> impl Strategy<Value = Event> {
    prop_oneof![conversation_event(), session_event()]
}

fn conversation_event() -> impl Strategy<Value = Event> {
    let ack = (req_id(), level(), conv(), (number(), number(), number(), number(), number()));
    let kind = prop_oneof![Just(ReceiptKind::Delivered), Just(ReceiptKind::Read)];
    prop_oneof![
        ack.prop_map(|(id, level, conv, (msg_id, seq, durable_seq, epoch, at))| Event::Ack {
            id: SmolStr::new(id),
            level,
            conv,
            msg_id: MsgId(msg_id),
            seq,
            durable_seq,
            epoch,
            at
        }),
        (message(), number())
            .prop_map(|(message, durable_seq)| Event::Message { message: Arc::new(message), durable_seq }),
        (conv(), user(), kind, number(), number()).prop_map(|(conv, user, kind, seq, at)| Event::Receipt {
            conv,
            user,
            kind,
            seq,
            at
        }),
        (req_id(), conv(), text(), vec(user(), 0..6)).prop_map(|(id, conv, title, members)| {
            Event::ConversationCreated { id: SmolStr::new(id), conv, title: title.into(), members: members.into() }
        }),
        (req_id(), conv(), user(), user()).prop_map(|(id, conv, user, by)| Event::MemberAdded {
            id: SmolStr::new(id),
            conv,
            user,
            by
        }),
        (conv(), user(), any::<bool>()).prop_map(|(conv, user, on)| Event::Typing { conv, user, on }),
        (conv(), number(), number()).prop_map(|(conv, msg_id, seq)| Event::Retracted {
            conv,
            msg_id: MsgId(msg_id),
            seq
        }),
    ]
}

fn session_event() -> impl Strategy<Value = Event> {
    let limits = any::<(u32, u32, u32)>().prop_map(|(max_frame_bytes, sends_per_second, burst)| Limits {
        max_frame_bytes,
        sends_per_second,
        burst,
    });
    let code = proptest::sample::select(ErrorCode::ALL);
    prop_oneof![
        (req_id(), user(), any::<u64>(), vec(head(), 0..6), limits).prop_map(|(id, user, session, heads, limits)| {
            Event::Welcome { id: SmolStr::new(id), user, session: SessionId(session), heads, limits }
        }),
        // JSON tells when a user was last seen only of one who is offline.
        user().prop_map(|user| Event::Presence { user, online: true, last_seen: 0 }),
        (user(), number()).prop_map(|(user, last_seen)| Event::Presence { user, online: false, last_seen }),
        (req_id(), sync_conversations(), req_id()).prop_map(|(id, conversations, next)| Event::SyncResult {
            id: SmolStr::new(id),
            conversations,
            next: SmolStr::new(next)
        }),
        any::<u32>().prop_map(|reconnect_after_ms| Event::Draining { reconnect_after_ms }),
        (req_id(), code, text(), any::<u32>()).prop_map(|(id, code, message, retry_after_ms)| Event::Error {
            id: SmolStr::new(id),
            code,
            message: message.into(),
            retry_after_ms
        }),
    ]
}
