//! What the store keeps: rows, the requests that write and read them, and the answers.
//!
//! `chat` emits requests as effects and takes outcomes as inputs; `storage` carries them out. Neither sees the
//! other. A write's rows commit together or not at all on the embedded engine; every write is idempotent.

use std::sync::Arc;

use smallvec::SmallVec;
use smol_str::SmolStr;

use crate::command::ReceiptKind;
use crate::event::Message;
use crate::ids::{ClientId, ConvId, Millis, MsgId, Seq, UserId};

/// Names one store request of one shard; unique while the process lives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Ticket(pub u64);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum ConvKind {
    Direct = 0,
    Group = 1,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Role {
    Member = 0,
    Admin = 1,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConversationRow {
    pub conv: ConvId,
    pub kind: ConvKind,
    pub title: SmolStr,
    pub created_by: UserId,
    pub created_at: Millis,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemberRow {
    pub conv: ConvId,
    pub user: UserId,
    pub role: Role,
    /// The head when the user joined; the user sees what comes after it.
    pub joined_seq: Seq,
}

/// A cursor of one user in one conversation. Only ever rises: the greater `seq` wins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiptRow {
    pub conv: ConvId,
    pub user: UserId,
    pub kind: ReceiptKind,
    pub seq: Seq,
    pub at: Millis,
}

/// Small, for a message's row is moved several times on its way; the others are rare.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Row {
    Conversation(Box<ConversationRow>),
    /// Also indexes the conversation under the user.
    Member(Box<MemberRow>),
    /// Also writes its dedupe row (unless retracted). A row with the same (conv, seq, msg_id) replaces the former.
    Message(Arc<Message>),
    Receipt(Box<ReceiptRow>),
}

const _: () = assert!(size_of::<Row>() <= 16);

impl From<ConversationRow> for Row {
    fn from(row: ConversationRow) -> Self {
        Self::Conversation(Box::new(row))
    }
}

impl From<MemberRow> for Row {
    fn from(row: MemberRow) -> Self {
        Self::Member(Box::new(row))
    }
}

impl From<ReceiptRow> for Row {
    fn from(row: ReceiptRow) -> Self {
        Self::Receipt(Box::new(row))
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Read {
    /// Everything needed to bring a conversation to life: its row, members, receipts, and the newest `tail` messages.
    Conversation {
        conv: ConvId,
        tail: usize,
    },
    /// Messages after `after`, rising in seq, at most `limit`.
    Page {
        conv: ConvId,
        after: Seq,
        limit: usize,
    },
    Dedupe {
        conv: ConvId,
        sender: UserId,
        client_id: ClientId,
    },
    /// The conversations of a user, rising in id.
    UserConversations {
        user: UserId,
    },
    /// Last seq and the user's own read cursor, of each conversation, in the same order.
    Heads {
        user: UserId,
        convs: Vec<ConvId>,
    },
}

/// What one request writes: nearly always one row, which then costs no allocation.
pub type Rows = SmallVec<[Row; 1]>;

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Op {
    Write(Rows),
    Read(Read),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoreRequest {
    pub ticket: Ticket,
    pub op: Op,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoadedConversation {
    pub row: ConversationRow,
    pub members: Vec<MemberRow>,
    pub receipts: Vec<ReceiptRow>,
    /// Newest messages, rising in seq; the last one is the head. Empty: no message yet.
    pub tail: Vec<Arc<Message>>,
    /// For certain there are no older ones.
    pub whole: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    Conversation(Option<Arc<LoadedConversation>>),
    Page(Vec<Arc<Message>>),
    Dedupe(Option<(Seq, MsgId, Millis)>),
    UserConversations(Vec<ConvId>),
    Heads(Vec<StoredHead>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StoredHead {
    pub last_seq: Seq,
    /// At least what was there when the user joined.
    pub read_seq: Seq,
}

/// Why a request failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StoreFailure {
    /// Nobody knows whether it was carried out. A write must be repeated, identical, until it succeeds.
    Unknown,
    /// Definitely not carried out, and would not be if repeated.
    Rejected,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    Persisted,
    Found(Found),
    Failed(StoreFailure),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completion {
    pub ticket: Ticket,
    pub outcome: Outcome,
}
