//! What a client may be told, whatever the wire. Owned, cheap to clone, and `Send`: events cross shards.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::codes::ErrorCode;
use crate::command::{AckLevel, ReceiptKind};
use crate::ids::{ClientId, ConvId, Epoch, Millis, MsgId, ReqId, Seq, SessionId, UserId};

/// One message of a conversation, as recipients see it. Shared by all who hold it, from memory to store, and not copied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    pub conv: ConvId,
    pub msg_id: MsgId,
    pub seq: Seq,
    pub epoch: Epoch,
    pub sender: UserId,
    pub client_id: ClientId,
    pub content: String,
    pub at: Millis,
    /// The seq is taken, but its message was taken back; `content` is empty.
    pub retracted: bool,
}

/// Where a conversation stands, as told on connect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    pub conv: ConvId,
    pub last_seq: Seq,
    pub durable_seq: Seq,
    pub epoch: Epoch,
    /// The user's own read cursor.
    pub read_seq: Seq,
}

/// Limits told on connect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    pub max_frame_bytes: u32,
    pub sends_per_second: u32,
    pub burst: u32,
}

/// One conversation's part of a sync answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyncConversation {
    pub conv: ConvId,
    pub last_seq: Seq,
    pub durable_seq: Seq,
    pub epoch: Epoch,
    /// False where the range asked for no longer exists.
    pub recovered: bool,
    /// More messages follow: sync again from the last one given.
    pub more: bool,
    /// Rising in `seq`.
    pub messages: Vec<Arc<Message>>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    Welcome {
        id: ReqId,
        user: UserId,
        session: SessionId,
        heads: Vec<Head>,
        limits: Limits,
    },
    Ack {
        id: ReqId,
        level: AckLevel,
        conv: ConvId,
        msg_id: MsgId,
        seq: Seq,
        durable_seq: Seq,
        epoch: Epoch,
        at: Millis,
    },
    Message {
        message: Arc<Message>,
        durable_seq: Seq,
    },
    Receipt {
        conv: ConvId,
        user: UserId,
        kind: ReceiptKind,
        seq: Seq,
        at: Millis,
    },
    /// `id` is empty except for the session that asked.
    ConversationCreated {
        id: ReqId,
        conv: ConvId,
        title: SmolStr,
        members: Arc<[UserId]>,
    },
    MemberAdded {
        id: ReqId,
        conv: ConvId,
        user: UserId,
        by: UserId,
    },
    Typing {
        conv: ConvId,
        user: UserId,
        on: bool,
    },
    /// `last_seen` is meaningful when offline.
    Presence {
        user: UserId,
        online: bool,
        last_seen: Millis,
    },
    SyncResult {
        id: ReqId,
        conversations: Vec<SyncConversation>,
        next: SmolStr,
    },
    Retracted {
        conv: ConvId,
        msg_id: MsgId,
        seq: Seq,
    },
    Draining {
        reconnect_after_ms: u32,
    },
    /// `message` adds to the code's sentence, e.g. which field; empty: the sentence alone. `retry_after_ms` 0: none.
    Error {
        id: ReqId,
        code: ErrorCode,
        message: SmolStr,
        retry_after_ms: u32,
    },
}

impl Event {
    /// Events a slow reader may lose before anything else: their loss is repaired by the next one.
    pub fn droppable(&self) -> bool {
        matches!(self, Self::Typing { .. } | Self::Presence { .. })
    }
    /// Events that are forgotten within seconds, come they or not: they may travel as datagrams. Presence may not, for
    /// whoever misses that somebody left sees them for as long as the connection lasts.
    pub fn fleeting(&self) -> bool {
        matches!(self, Self::Typing { .. })
    }
    pub fn error(id: &str, code: ErrorCode) -> Self {
        Self::Error { id: ReqId::new(id), code, message: SmolStr::default(), retry_after_ms: 0 }
    }
}
