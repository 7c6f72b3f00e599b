//! The native dialect: a 16-byte envelope and an rkyv body.
//!
//! # Invariants
//! - A frame has exactly one encoding: what decodes would encode to the same bytes. Validation proves memory
//!   safety only, so `body` adds the type's tag and a walk that accounts for every byte.
//! - A body's struct is frozen. A change of layout is a new type id, never an edit.
//! - Decoding borrows the 8-aligned payload; only the lists of CREATE_CONVERSATION and SYNC allocate.
//!
//! # Layout
//! - [`envelope`]: the 16 bytes; `body`: writing, access and the canonical check; `v1`: one file per type id

mod body;
pub mod envelope;
mod v1;

use super::{DecodeError, Scratch};
use crate::command::Command;
use crate::event::Event;

pub use body::BODY_ALIGN;
pub use envelope::{ENVELOPE_BYTES, Envelope};

/// Type ids, in the envelope and again at the end of the body. A retired id is never used again.
pub mod type_id {
    pub const AUTHENTICATE: u16 = 0x01;
    pub const SEND: u16 = 0x02;
    pub const MARK: u16 = 0x03;
    pub const CREATE_CONVERSATION: u16 = 0x04;
    pub const ADD_MEMBER: u16 = 0x05;
    pub const TYPING: u16 = 0x06;
    pub const SYNC: u16 = 0x07;

    pub const WELCOME: u16 = 0x81;
    pub const ACK: u16 = 0x82;
    pub const MESSAGE: u16 = 0x83;
    pub const RECEIPT: u16 = 0x84;
    pub const CONVERSATION_CREATED: u16 = 0x85;
    pub const MEMBER_ADDED: u16 = 0x86;
    pub const USER_TYPING: u16 = 0x87;
    pub const PRESENCE: u16 = 0x88;
    pub const SYNC_RESULT: u16 = 0x89;
    pub const RETRACTED: u16 = 0x8a;
    pub const DRAINING: u16 = 0x8b;
    pub const ERROR: u16 = 0x8c;
}

pub(super) fn decode_command<'a>(payload: &'a [u8], scratch: &'a mut Scratch) -> Result<Command<'a>, DecodeError> {
    let (type_id, body) = envelope::open(scratch.align(payload))?;
    match type_id {
        type_id::AUTHENTICATE => v1::authenticate::decode(body),
        type_id::SEND => v1::send::decode(body),
        type_id::MARK => v1::mark::decode(body),
        type_id::CREATE_CONVERSATION => v1::create_conversation::decode(body),
        type_id::ADD_MEMBER => v1::add_member::decode(body),
        type_id::TYPING => v1::typing::decode(body),
        type_id::SYNC => v1::sync::decode(body),
        _ => Err(DecodeError::unknown_type()),
    }
}

pub(super) fn decode_event(payload: &[u8], scratch: &mut Scratch) -> Result<Event, DecodeError> {
    let (type_id, body) = envelope::open(scratch.align(payload))?;
    match type_id {
        type_id::WELCOME => v1::welcome::decode(body),
        type_id::ACK => v1::ack::decode(body),
        type_id::MESSAGE => v1::message::decode(body),
        type_id::RECEIPT => v1::receipt::decode(body),
        type_id::CONVERSATION_CREATED => v1::conversation_created::decode(body),
        type_id::MEMBER_ADDED => v1::member_added::decode(body),
        type_id::USER_TYPING => v1::user_typing::decode(body),
        type_id::PRESENCE => v1::presence::decode(body),
        type_id::SYNC_RESULT => v1::sync_result::decode(body),
        type_id::RETRACTED => v1::retracted::decode(body),
        type_id::DRAINING => v1::draining::decode(body),
        type_id::ERROR => v1::error::decode(body),
        _ => Err(DecodeError::unknown_type()),
    }
}

pub(super) fn encode_command(command: &Command<'_>, out: &mut Vec<u8>) {
    match command {
        Command::Authenticate { id, token } => v1::authenticate::encode(id, token, out),
        Command::Send { .. } => v1::send::encode(command, out),
        Command::Mark { id, conv, seq, kind } => v1::mark::encode(id, *conv, *seq, *kind, out),
        Command::CreateConversation { id, client_id, title, members } => {
            v1::create_conversation::encode(id, *client_id, title, members, out);
        }
        Command::AddMember { id, conv, user } => v1::add_member::encode(id, *conv, user, out),
        Command::Typing { id, conv, on } => v1::typing::encode(id, *conv, *on, out),
        Command::Sync { id, cursors, next } => v1::sync::encode(id, cursors, next, out),
    }
}

pub(super) fn encode_event(event: &Event, out: &mut Vec<u8>) {
    match event {
        Event::Welcome { .. } => v1::welcome::encode(event, out),
        Event::Ack { .. } => v1::ack::encode(event, out),
        Event::Message { message, durable_seq } => v1::message::encode(message, *durable_seq, out),
        Event::Receipt { .. } => v1::receipt::encode(event, out),
        Event::ConversationCreated { .. } => v1::conversation_created::encode(event, out),
        Event::MemberAdded { id, conv, user, by } => v1::member_added::encode(id, *conv, user, by, out),
        Event::Typing { conv, user, on } => v1::user_typing::encode(*conv, user, *on, out),
        Event::Presence { user, online, last_seen } => v1::presence::encode(user, *online, *last_seen, out),
        Event::SyncResult { id, conversations, next } => v1::sync_result::encode(id, conversations, next, out),
        Event::Retracted { conv, msg_id, seq } => v1::retracted::encode(*conv, *msg_id, *seq, out),
        Event::Draining { reconnect_after_ms } => v1::draining::encode(*reconnect_after_ms, out),
        Event::Error { .. } => v1::error::encode(event, out),
    }
}
