//! A store that keeps nothing across a restart and answers at once, on the thread that asks.
//!
//! For benches, tests and relays that need no history: it has no durable copy, no thread and no queue. Limits: of each
//! conversation the newest [`VOLATILE_MESSAGES_MAX`] are kept; a sync from further back is told that it is not whole.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use chasqui_proto::command::ReceiptKind;
use chasqui_proto::event::Message;
use chasqui_proto::ids::{ClientId, ConvId, Millis, MsgId, Seq, UserId};
use chasqui_proto::row::{
    Completion, ConversationRow, Found, LoadedConversation, MemberRow, Op, Outcome, Read, ReceiptRow, Row,
    StoreRequest, StoredHead,
};
use foldhash::HashMap;

/// As many as a live conversation holds, so that one that was evicted finds all it had; and not one more, so that a
/// message which the conversation forgets is held by nobody and its memory can be used for the next. Few on purpose: what
/// all conversations keep is written once and again, and is fast only while it fits into the processor's cache.
pub const VOLATILE_MESSAGES_MAX: usize = 60;

/// One store, reached by all shards.
#[derive(Clone, Default)]
pub struct Volatile(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    convs: HashMap<ConvId, Conversation>,
    users: HashMap<UserId, BTreeSet<ConvId>>,
}

#[derive(Default)]
struct Conversation {
    row: Option<Box<ConversationRow>>,
    members: BTreeMap<UserId, MemberRow>,
    receipts: BTreeMap<(UserId, ReceiptKind), ReceiptRow>,
    /// Rising in seq and message id.
    messages: VecDeque<Arc<Message>>,
    /// The last of them, told without reading it: it has long left the processor's cache.
    newest: (Seq, MsgId),
    /// There were older ones.
    has_forgotten: bool,
}

impl Volatile {
    pub fn answer(&self, request: StoreRequest) -> Completion {
        let mut state = self.0.lock().expect("no holder of this lock panics");
        let outcome = match request.op {
            Op::Write(rows) => {
                rows.into_iter().for_each(|row| state.write(row));
                Outcome::Persisted
            }
            Op::Read(read) => Outcome::Found(state.read(&read)),
        };
        Completion { ticket: request.ticket, outcome }
    }
}

impl State {
    fn write(&mut self, row: Row) {
        match row {
            Row::Conversation(row) => {
                let conv = row.conv;
                self.conv(conv).row = Some(row);
            }
            Row::Member(row) => {
                self.users.entry(row.user.clone()).or_default().insert(row.conv);
                self.conv(row.conv).members.insert(row.user.clone(), *row);
            }
            Row::Message(message) => self.conv(message.conv).write(message),
            Row::Receipt(row) => self.conv(row.conv).raise(*row),
        }
    }

    fn conv(&mut self, conv: ConvId) -> &mut Conversation {
        self.convs.entry(conv).or_default()
    }

    fn read(&self, read: &Read) -> Found {
        match read {
            Read::Conversation { conv, tail } => {
                Found::Conversation(self.convs.get(conv).and_then(|c| c.load(*tail)).map(Arc::new))
            }
            Read::Page { conv, after, limit } => {
                Found::Page(self.convs.get(conv).map_or_else(Vec::new, |c| c.page(*after, *limit)))
            }
            Read::Dedupe { conv, sender, client_id } => {
                Found::Dedupe(self.convs.get(conv).and_then(|c| c.find(sender, *client_id)))
            }
            Read::UserConversations { user } => {
                Found::UserConversations(self.users.get(user).map_or_else(Vec::new, |c| c.iter().copied().collect()))
            }
            Read::Heads { user, convs } => {
                let head = |conv| self.convs.get(conv).map_or_else(StoredHead::default, |c| c.head(user));
                Found::Heads(convs.iter().map(head).collect())
            }
        }
    }
}

impl Conversation {
    fn write(&mut self, message: Arc<Message>) {
        let key = |m: &Message| (m.seq, m.msg_id);
        if key(&message) > self.newest {
            self.newest = key(&message);
            return self.insert(self.messages.len(), message);
        }
        let at = self.messages.partition_point(|m| key(m) < key(&message));
        match self.messages.get_mut(at) {
            Some(same) if key(same) == key(&message) => *same = message,
            _ => self.insert(at, message),
        }
    }

    fn insert(&mut self, at: usize, message: Arc<Message>) {
        let full = self.messages.len() == VOLATILE_MESSAGES_MAX;
        if full {
            self.messages.pop_front();
            self.has_forgotten = true;
        }
        // What is older than all that is kept would be forgotten at once; nobody writes such a message.
        self.messages.insert(at.saturating_sub(usize::from(full)), message);
    }

    fn raise(&mut self, row: ReceiptRow) {
        let former = self.receipts.entry((row.user.clone(), row.kind)).or_insert_with(|| row.clone());
        if row.seq > former.seq {
            *former = row;
        }
    }

    fn load(&self, limit: usize) -> Option<LoadedConversation> {
        let row = ConversationRow::clone(self.row.as_ref()?);
        let mut tail: Vec<Arc<Message>> = self.last_of_each_seq().rev().take(limit).cloned().collect();
        tail.reverse();
        let (members, receipts) = (self.members.values().cloned().collect(), self.receipts.values().cloned().collect());
        Some(LoadedConversation { row, members, receipts, whole: !self.has_forgotten && tail.len() < limit, tail })
    }

    fn page(&self, after: Seq, limit: usize) -> Vec<Arc<Message>> {
        self.last_of_each_seq().filter(|m| m.seq > after).take(limit).cloned().collect()
    }

    /// Of two rows of one seq, the later id counts.
    fn last_of_each_seq(&self) -> impl DoubleEndedIterator<Item = &Arc<Message>> {
        let counts = |(i, m): &(usize, &Arc<Message>)| self.messages.get(i + 1).is_none_or(|next| next.seq != m.seq);
        self.messages.iter().enumerate().filter(counts).map(|(_, message)| message)
    }

    fn find(&self, sender: &UserId, client_id: ClientId) -> Option<(Seq, MsgId, Millis)> {
        let mut newest = self.messages.iter().rev();
        let found = newest.find(|m| !m.retracted && m.client_id == client_id && m.sender == *sender);
        found.map(|m| (m.seq, m.msg_id, m.at))
    }

    fn head(&self, user: &UserId) -> StoredHead {
        let read = self.receipts.get(&(user.clone(), ReceiptKind::Read)).map_or(0, |receipt| receipt.seq);
        let joined = self.members.get(user).map_or(0, |member| member.joined_seq);
        StoredHead { last_seq: self.messages.back().map_or(0, |m| m.seq), read_seq: read.max(joined) }
    }
}
