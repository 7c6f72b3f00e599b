//! At least one of every frame, with the edges: escapes, text beyond ASCII, empty and largest values.

use std::sync::Arc;

use chasqui_proto::codes::ErrorCode;
use chasqui_proto::command::{AckLevel, Command, ReceiptKind, Target};
use chasqui_proto::event::{Event, Head, Limits, Message, SyncConversation};
use chasqui_proto::ids::{ClientId, ConvId, MsgId, SessionId, UserId};

pub const NOW: u64 = 1_790_000_000_123;
pub const ESCAPES: &str = "a\"b\\c/d\u{8}\u{c}\n\r\t\u{0}\u{1f}\u{7f}\u{2028}é😀\u{10ffff}";

pub fn user(name: &str) -> UserId {
    UserId::new(name).expect("a sample's name fits")
}

pub fn direct() -> ConvId {
    ConvId::direct(&user("alice"), &user("bob"))
}

pub fn group() -> ConvId {
    ConvId::group(&user("alice"), client_id())
}

pub fn client_id() -> ClientId {
    ClientId::parse("0192f0c1-2d3e-7f40-8a5b-6c7d8e9fa0b1").expect("a UUID")
}

pub fn commands() -> Vec<(&'static str, Command<'static>)> {
    let send =
        |id, target, content, ack, resend| Command::Send { id, target, client_id: client_id(), content, ack, resend };
    let bob = Target::User("bob");
    let mark = |seq, kind| Command::Mark { id: "", conv: direct(), seq, kind };
    let create = |id, title, members| Command::CreateConversation { id, client_id: client_id(), title, members };
    vec![
        ("connect", Command::Authenticate { id: "", token: "eyJhbGciOiJIUzI1NiJ9.e30.c2ln" }),
        ("send_to_user", send("1", bob, "hi", AckLevel::Durable, false)),
        ("send_to_conversation", send("1", Target::Conversation(group()), "hi all", AckLevel::Read, true)),
        ("send_escapes", send("a\"\\\n", Target::User("bób \"b\""), ESCAPES, AckLevel::Accepted, false)),
        ("send_empty", send("", bob, "", AckLevel::Delivered, false)),
        ("mark_delivered", mark(1, ReceiptKind::Delivered)),
        ("mark_read", mark(u64::MAX, ReceiptKind::Read)),
        ("create_conversation", create("2", "Lunch", vec!["bob", "carol"])),
        ("create_conversation_bare", create("", "", vec![])),
        ("add_member", Command::AddMember { id: "3", conv: group(), user: "dave" }),
        ("typing_start", Command::Typing { id: "", conv: direct(), on: true }),
        ("typing_stop", Command::Typing { id: "", conv: direct(), on: false }),
        ("sync", Command::Sync { id: "4", cursors: vec![(direct(), 1), (group(), 0)], next: "" }),
        ("sync_next", Command::Sync { id: "5", cursors: vec![(group(), u64::MAX)], next: "page-2" }),
        ("sync_bare", Command::Sync { id: "", cursors: vec![], next: "" }),
    ]
}

pub fn message(seq: u64, content: &str) -> Message {
    Message {
        conv: direct(),
        msg_id: MsgId::new(22_774_400_123, 1, 2, 3),
        seq,
        epoch: 7,
        sender: user("alice"),
        client_id: client_id(),
        content: content.into(),
        at: NOW,
        retracted: false,
    }
}

pub fn received(message: Message, durable_seq: u64) -> Event {
    Event::Message { message: Arc::new(message), durable_seq }
}

pub fn events() -> Vec<(&'static str, Event)> {
    let mut events = conversation_events();
    events.extend(other_events());
    events
}

fn conversation_events() -> Vec<(&'static str, Event)> {
    let largest = Message {
        msg_id: MsgId(u64::MAX),
        epoch: u64::MAX,
        client_id: ClientId([0xff; 16]),
        at: u64::MAX,
        ..message(u64::MAX, "")
    };
    let receipt = |kind| Event::Receipt { conv: direct(), user: user("bob"), kind, seq: 3, at: NOW };
    let typing = |on| Event::Typing { conv: group(), user: user("bob"), on };
    let created = |id: &str, title: &str, members: &[&str]| Event::ConversationCreated {
        id: id.into(),
        conv: group(),
        title: title.into(),
        members: members.iter().map(|name| user(name)).collect(),
    };
    vec![
        ("message_ack", ack("1", AckLevel::Durable)),
        ("message_ack_bare", ack("", AckLevel::Accepted)),
        ("message_received", received(message(1, "hi"), 0)),
        ("message_received_escapes", received(message(2, ESCAPES), 1)),
        ("message_received_largest", received(largest, u64::MAX)),
        ("message_received_retracted", received(retracted(4), 4)),
        ("message_delivered", receipt(ReceiptKind::Delivered)),
        ("message_read", receipt(ReceiptKind::Read)),
        ("conversation_created", created("2", "Lunch", &["alice", "bob", "carol"])),
        ("conversation_created_bare", created("", "", &[])),
        ("member_added", member_added("")),
        ("member_added_answer", member_added("3")),
        ("user_typing_start", typing(true)),
        ("user_typing_stop", typing(false)),
        ("message_retracted", Event::Retracted { conv: direct(), msg_id: MsgId(42), seq: 9 }),
    ]
}

fn other_events() -> Vec<(&'static str, Event)> {
    let presence = |online, last_seen| Event::Presence { user: user("bób \"b\""), online, last_seen };
    let error = |id: &str, code, message: &str, retry_after_ms| Event::Error {
        id: id.into(),
        code,
        message: message.into(),
        retry_after_ms,
    };
    vec![
        ("connect_success", welcome("", vec![head(direct(), 3), head(group(), 0)])),
        ("connect_success_bare", welcome("0", vec![])),
        ("user_online", presence(true, 0)),
        ("user_offline", presence(false, NOW)),
        ("sync_result", sync_result()),
        ("sync_result_bare", Event::SyncResult { id: "".into(), conversations: vec![], next: "".into() }),
        ("draining", Event::Draining { reconnect_after_ms: 1500 }),
        ("error", error("1", ErrorCode::NotAParticipant, "", 0)),
        ("error_detail", error("", ErrorCode::InvalidField, "The field \"seq\" is missing.", 0)),
        ("error_retry", error("1", ErrorCode::RateLimited, "", 250)),
    ]
}

fn ack(id: &str, level: AckLevel) -> Event {
    let msg_id = message(1, "").msg_id;
    Event::Ack { id: id.into(), level, conv: direct(), msg_id, seq: 1, durable_seq: 1, epoch: 7, at: NOW }
}

fn retracted(seq: u64) -> Message {
    Message { retracted: true, ..message(seq, "") }
}

fn member_added(id: &str) -> Event {
    Event::MemberAdded { id: id.into(), conv: group(), user: user("dave"), by: user("alice") }
}

fn head(conv: ConvId, last_seq: u64) -> Head {
    Head { conv, last_seq, durable_seq: last_seq, epoch: 1, read_seq: last_seq.min(1) }
}

fn welcome(id: &str, heads: Vec<Head>) -> Event {
    let limits = Limits { max_frame_bytes: 65536, sends_per_second: 10, burst: 20 };
    Event::Welcome { id: id.into(), user: user("alice"), session: SessionId::new(3, 77), heads, limits }
}

fn sync_result() -> Event {
    let part = |conv, recovered, more, messages| SyncConversation {
        conv,
        last_seq: 4,
        durable_seq: 3,
        epoch: 7,
        recovered,
        more,
        messages,
    };
    let messages = [message(2, ESCAPES), retracted(3), message(4, "newest")].map(Arc::new).to_vec();
    let conversations = vec![part(direct(), true, true, messages), part(group(), false, false, vec![])];
    Event::SyncResult { id: "4".into(), conversations, next: "page-2".into() }
}
