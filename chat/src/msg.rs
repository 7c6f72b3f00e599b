//! What shards say to one another. A message to the own shard is a call; to another, a ring push.

use std::sync::Arc;

use chasqui_proto::codes::CloseCode;
use chasqui_proto::command::{AckLevel, ReceiptKind};
use chasqui_proto::event::{Event, Head, Message, SyncConversation};
use chasqui_proto::ids::{ConvId, ReqId, Seq, SessionId, UserId};
use smol_str::SmolStr;

use crate::spares::Draft;

/// Who asks, and where the answer goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    pub user: UserId,
    pub session: SessionId,
    pub id: ReqId,
}

/// A group to be created.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    pub title: SmolStr,
    pub members: Vec<UserId>,
}

/// What a session asks of a conversation's home.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ask {
    Send {
        /// The peer, where the direct conversation is to be created if needed.
        to: Option<UserId>,
        draft: Draft,
        level: AckLevel,
        resend: bool,
    },
    Create(Box<Group>),
    AddMember {
        user: UserId,
    },
    Mark {
        kind: ReceiptKind,
        seq: Seq,
    },
    Typing {
        on: bool,
    },
    /// Not from a session: the home's own part of a sync job.
    SyncOne {
        job: u64,
        cursor: Seq,
    },
    /// Not from a session: a user who has just become a member wants the head and what came since.
    Joined,
}

/// A conversation's head, with what a session needs beside it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeadInfo {
    pub head: Head,
    /// `None` where it is not told.
    pub online: Option<Vec<UserId>>,
    /// The user sees what comes after this. 0 where the conversation is not live, so that nothing older can come.
    pub joined_seq: Seq,
    /// For one who has just joined: what to show.
    pub joined: Option<Box<JoinInfo>>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JoinInfo {
    pub title: SmolStr,
    pub members: Arc<[UserId]>,
    /// What was sent since the user became a member, without what this session sent.
    pub messages: Vec<Arc<Message>>,
}

/// One conversation of a sync answer, with the other members' published receipts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyncPiece {
    pub conversation: SyncConversation,
    pub receipts: Vec<Event>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Msg {
    // To a user's home.
    SessionStart {
        user: UserId,
        session: SessionId,
    },
    SessionEnd {
        user: UserId,
        session: SessionId,
    },
    Joined {
        user: UserId,
        conv: ConvId,
    },

    // To a conversation's home.
    Interest {
        user: UserId,
        session: SessionId,
        joined: bool,
        convs: Vec<ConvId>,
    },
    Uninterest {
        user: UserId,
        session: SessionId,
        convs: Vec<ConvId>,
    },
    Ask {
        conv: ConvId,
        origin: Origin,
        ask: Ask,
    },
    Sync {
        origin: Origin,
        run: u32,
        items: Vec<(ConvId, Seq)>,
        budget: usize,
    },

    // To a session's shard, as replies: each gives a permit back. (An ack may go on the delivery ring: see `Entry::answer`.)
    SessionReady {
        session: SessionId,
        result: Result<Ready, CloseCode>,
    },
    Answer {
        session: SessionId,
        event: Event,
    },
    /// The answer comes later, as `Late`.
    Released {
        session: SessionId,
    },
    SyncAnswer {
        session: SessionId,
        run: u32,
        pieces: Option<Vec<SyncPiece>>,
    },

    // To a session's shard, on the delivery ring.
    Late {
        session: SessionId,
        event: Event,
    },
    /// `None`: the heads could not be read.
    Heads {
        session: SessionId,
        user: UserId,
        convs: Vec<ConvId>,
        heads: Option<Vec<HeadInfo>>,
    },
    Lease {
        session: SessionId,
        sharers: u32,
    },
    Deliver {
        conv: ConvId,
        skip: Option<SessionId>,
        event: Event,
    },
    /// After falling behind: the state that lost events would have told.
    Snapshot {
        conv: ConvId,
        online: Option<Vec<UserId>>,
        receipts: Vec<Event>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ready {
    /// How many `Heads` messages follow or came already.
    pub batches: u32,
    /// Sessions that share the user's send rate.
    pub sharers: u32,
}
