//! What goes into the rules and what comes out.

use std::sync::Arc;

use chasqui_proto::codes::ErrorCode;
use chasqui_proto::command::{AckLevel, Command, ReceiptKind, Target};
use chasqui_proto::event::{Event, Message};
use chasqui_proto::ids::{ClientId, ConvId, Millis, MsgId, ReqId, Seq, UserId};
use smol_str::SmolStr;

/// One thing that happened. The client id of a send is the caller's: the rules have no randomness.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// An event of the current connection; `Event::Welcome` begins its life.
    Event(&'a Event),
    Disconnected,
    Send {
        client_id: ClientId,
        target: OwnedTarget,
        content: Arc<str>,
        ack: AckLevel,
    },
    Mark {
        conv: ConvId,
        seq: Seq,
        kind: ReceiptKind,
    },
    /// Any other command, passed on while connected, else refused with a notice. Its id should begin with `a`:
    /// ids of digits alone, and those that begin with `s` or `k`, are the rules' own.
    Ask(OwnedCommand),
    /// Time has passed `next_deadline`.
    Tick,
}

/// What the driver must carry out, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    Command(OwnedCommand),
    Notice(Notice),
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum OwnedTarget {
    Conversation(ConvId),
    User(UserId),
}

impl OwnedTarget {
    pub fn borrow(&self) -> Target<'_> {
        match self {
            Self::Conversation(conv) => Target::Conversation(*conv),
            Self::User(user) => Target::User(user.as_str()),
        }
    }
}

/// A command that can wait in a queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OwnedCommand {
    Authenticate { id: ReqId, token: Arc<str> },
    Send { id: ReqId, target: OwnedTarget, client_id: ClientId, content: Arc<str>, ack: AckLevel, resend: bool },
    Mark { id: ReqId, conv: ConvId, seq: Seq, kind: ReceiptKind },
    CreateConversation { id: ReqId, client_id: ClientId, title: SmolStr, members: Vec<UserId> },
    AddMember { id: ReqId, conv: ConvId, user: UserId },
    Typing { id: ReqId, conv: ConvId, on: bool },
    Sync { id: ReqId, cursors: Vec<(ConvId, Seq)>, next: SmolStr },
}

impl OwnedCommand {
    pub fn borrow(&self) -> Command<'_> {
        match self {
            Self::Authenticate { id, token } => Command::Authenticate { id, token },
            Self::Send { id, target, client_id, content, ack, resend } => Command::Send {
                id,
                target: target.borrow(),
                client_id: *client_id,
                content,
                ack: *ack,
                resend: *resend,
            },
            Self::Mark { id, conv, seq, kind } => Command::Mark { id, conv: *conv, seq: *seq, kind: *kind },
            Self::CreateConversation { id, client_id, title, members } => {
                let members = members.iter().map(UserId::as_str).collect();
                Command::CreateConversation { id, client_id: *client_id, title, members }
            }
            Self::AddMember { id, conv, user } => Command::AddMember { id, conv: *conv, user: user.as_str() },
            Self::Typing { id, conv, on } => Command::Typing { id, conv: *conv, on: *on },
            Self::Sync { id, cursors, next } => Command::Sync { id, cursors: cursors.clone(), next },
        }
    }

    pub fn id(&self) -> &ReqId {
        match self {
            Self::Authenticate { id, .. }
            | Self::Send { id, .. }
            | Self::Mark { id, .. }
            | Self::CreateConversation { id, .. }
            | Self::AddMember { id, .. }
            | Self::Typing { id, .. }
            | Self::Sync { id, .. } => id,
        }
    }
}

/// Why a send was given up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SendFailure {
    Refused {
        code: ErrorCode,
        message: SmolStr,
    },
    /// Larger than the protocol's `CONTENT_BYTES_MAX`; never sent.
    TooLarge,
    /// `OUTBOX_SENDS_MAX` sends wait already; never sent.
    OutboxFull,
}

/// What the app is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Notice {
    /// A message to show. Told once per message, and never for this client's own sends: the app shows those itself,
    /// by client id, when it sends. `provisional`: the store has not confirmed it yet.
    NewMessage {
        message: Arc<Message>,
        provisional: bool,
    },
    /// The one answer to a send.
    Ticked {
        client_id: ClientId,
        level: AckLevel,
        conv: ConvId,
        msg_id: MsgId,
        seq: Seq,
        at: Millis,
    },
    SendFailed {
        client_id: ClientId,
        why: SendFailure,
    },
    /// A message shown before now has another place, because a crash took the first one.
    Moved {
        conv: ConvId,
        sender: UserId,
        client_id: ClientId,
        from: Seq,
        seq: Seq,
        msg_id: MsgId,
    },
    /// A provisional message shown before was lost by a crash; remove it. If its sender sends it again, it is new.
    Withdrawn {
        conv: ConvId,
        client_id: ClientId,
        msg_id: MsgId,
        seq: Seq,
    },
    /// The server took this message back. Without effect where the app does not show it.
    Retracted {
        conv: ConvId,
        msg_id: MsgId,
        seq: Seq,
    },
    /// Forget all messages of this conversation; it is read afresh.
    Reset {
        conv: ConvId,
    },
    /// Everything the server has is here; told after each complete SYNC.
    Synced,
    /// Welcome, receipts, presence, typing, conversation changes and draining, as they came.
    Told(Event),
    /// An `Ask` was refused by the server or, with no connection, by the rules (`code` is `None`).
    AskFailed {
        id: ReqId,
        code: Option<ErrorCode>,
        message: SmolStr,
        retry_after_ms: u32,
    },
}

/// Counts of what happened; they only rise.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    pub shown: u64,
    /// Shown after a message of the same conversation with a higher seq.
    pub out_of_order: u64,
    /// Live messages received again and not shown again.
    pub duplicates: u64,
    /// Messages brought by SYNC that were known already: the price of asking from the cursor.
    pub overlaps: u64,
    pub withdrawn: u64,
    pub moved: u64,
    pub retracted: u64,
    /// Unconfirmed events of an epoch that is over.
    pub stale: u64,
    /// Two messages of one epoch with one seq: the server broke its promise.
    pub conflicts: u64,
    /// An ack with a seq the cursor had passed without having seen the message: the server broke its promise.
    pub acked_behind_cursor: u64,
    /// Conversations whose first messages lie before the time of membership.
    pub clipped: u64,
    pub resets: u64,
    pub syncs: u64,
    pub gaps: u64,
    pub resends: u64,
    /// Acks, errors and sync results that answer nothing that waits.
    pub stray_answers: u64,
    /// Live events dropped because too many were held.
    pub held_overflow: u64,
}
