//! What a client may ask, whatever the wire. Borrows the frame it was decoded from.

use crate::ids::{ClientId, ConvId, Seq};

/// How far a send must have come before it is acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(u8)]
pub enum AckLevel {
    /// In the memory of the conversation's home.
    Accepted = 0,
    /// Committed to the store.
    #[default]
    Durable = 1,
    /// Every other member has said it received the message.
    Delivered = 2,
    /// Every other member has said it read the message.
    Read = 3,
}

/// Where a message goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target<'a> {
    Conversation(ConvId),
    /// The direct conversation with this user, created if needed.
    User(&'a str),
}

/// Which receipt cursor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum ReceiptKind {
    Delivered = 0,
    Read = 1,
}

/// A decoded client frame. `id` is the request id, empty where the client gave none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command<'a> {
    Authenticate {
        id: &'a str,
        token: &'a str,
    },
    Send {
        id: &'a str,
        target: Target<'a>,
        client_id: ClientId,
        content: &'a str,
        ack: AckLevel,
        resend: bool,
    },
    Mark {
        id: &'a str,
        conv: ConvId,
        seq: Seq,
        kind: ReceiptKind,
    },
    CreateConversation {
        id: &'a str,
        client_id: ClientId,
        title: &'a str,
        members: Vec<&'a str>,
    },
    AddMember {
        id: &'a str,
        conv: ConvId,
        user: &'a str,
    },
    Typing {
        id: &'a str,
        conv: ConvId,
        on: bool,
    },
    /// `cursors`: highest contiguous seq held per conversation, 0 for none. `next`: cursor of a former page, or empty.
    Sync {
        id: &'a str,
        cursors: Vec<(ConvId, Seq)>,
        next: &'a str,
    },
}

impl<'a> Command<'a> {
    /// The request id, empty where none was given.
    pub fn id(&self) -> &'a str {
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
