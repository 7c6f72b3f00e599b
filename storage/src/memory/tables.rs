//! The tables as ordered maps, with the keys that the embedded engine writes as bytes.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use chasqui_proto::command::ReceiptKind;
use chasqui_proto::event::Message;
use chasqui_proto::ids::{ClientId, ConvId, Millis, MsgId, Seq, UserId};
use chasqui_proto::row::{ConversationRow, Found, LoadedConversation, MemberRow, Read, ReceiptRow, Row, StoredHead};

#[derive(Clone, Default, Debug)]
pub(super) struct Tables {
    messages: BTreeMap<(ConvId, Seq, MsgId), Arc<Message>>,
    dedupe: BTreeMap<(ConvId, UserId, ClientId), (Seq, MsgId, Millis)>,
    conversations: BTreeMap<ConvId, ConversationRow>,
    members: BTreeMap<ConvId, BTreeMap<UserId, MemberRow>>,
    user_convs: BTreeMap<UserId, BTreeMap<ConvId, ()>>,
    receipts: BTreeMap<ConvId, BTreeMap<(UserId, ReceiptKind), ReceiptRow>>,
}

impl Tables {
    pub(super) fn write(&mut self, row: &Row) {
        match row {
            Row::Conversation(row) => {
                self.conversations.insert(row.conv, (**row).clone());
            }
            Row::Member(row) => {
                self.members.entry(row.conv).or_default().insert(row.user.clone(), (**row).clone());
                self.user_convs.entry(row.user.clone()).or_default().insert(row.conv, ());
            }
            Row::Message(message) => self.write_message(message),
            Row::Receipt(row) => self.raise_receipt(row),
        }
    }

    fn write_message(&mut self, message: &Arc<Message>) {
        let key = (message.conv, message.sender.clone(), message.client_id);
        if !message.retracted {
            self.dedupe.insert(key, (message.seq, message.msg_id, message.at));
        } else if self.dedupe.get(&key).is_some_and(|&(seq, id, _)| (seq, id) == (message.seq, message.msg_id)) {
            self.dedupe.remove(&key);
        }
        self.messages.insert((message.conv, message.seq, message.msg_id), message.clone());
    }

    fn raise_receipt(&mut self, row: &ReceiptRow) {
        let receipts = self.receipts.entry(row.conv).or_default();
        let former = receipts.entry((row.user.clone(), row.kind)).or_insert_with(|| row.clone());
        if row.seq > former.seq {
            *former = row.clone();
        }
    }

    pub(super) fn read(&self, read: &Read) -> Found {
        match read {
            Read::Conversation { conv, tail } => Found::Conversation(self.load(*conv, *tail).map(Arc::new)),
            Read::Page { conv, after, limit } => Found::Page(self.page(*conv, *after, *limit)),
            Read::Dedupe { conv, sender, client_id } => {
                Found::Dedupe(self.dedupe.get(&(*conv, sender.clone(), *client_id)).copied())
            }
            Read::UserConversations { user } => Found::UserConversations(
                self.user_convs.get(user).map(|convs| convs.keys().copied().collect()).unwrap_or_default(),
            ),
            Read::Heads { user, convs } => Found::Heads(convs.iter().map(|conv| self.head(user, *conv)).collect()),
        }
    }

    fn load(&self, conv: ConvId, tail: usize) -> Option<LoadedConversation> {
        let newest = self.tail(conv, tail);
        Some(LoadedConversation {
            row: self.conversations.get(&conv)?.clone(),
            members: self.members.get(&conv).map(|m| m.values().cloned().collect()).unwrap_or_default(),
            receipts: self.receipts.get(&conv).map(|r| r.values().cloned().collect()).unwrap_or_default(),
            whole: newest.len() < tail,
            tail: newest,
        })
    }

    fn tail(&self, conv: ConvId, count: usize) -> Vec<Arc<Message>> {
        let mut newest: Vec<Arc<Message>> = Vec::new();
        for (_, message) in self.messages.range(keys(conv, 0)).rev() {
            if newest.last().is_some_and(|last| last.seq == message.seq) {
                continue;
            }
            if newest.len() == count {
                break;
            }
            newest.push(message.clone());
        }
        newest.reverse();
        newest
    }

    fn page(&self, conv: ConvId, after: Seq, limit: usize) -> Vec<Arc<Message>> {
        let mut page: Vec<Arc<Message>> = Vec::new();
        let Some(first) = after.checked_add(1) else { return page };
        for (_, message) in self.messages.range(keys(conv, first)) {
            if page.last().is_some_and(|last| last.seq == message.seq) {
                page.pop();
            }
            if page.len() == limit {
                break;
            }
            page.push(message.clone());
        }
        page
    }

    fn head(&self, user: &UserId, conv: ConvId) -> StoredHead {
        let last = self.messages.range(keys(conv, 0)).next_back();
        let read = self.receipts.get(&conv).and_then(|r| r.get(&(user.clone(), ReceiptKind::Read)));
        let joined = self.members.get(&conv).and_then(|members| members.get(user));
        StoredHead {
            last_seq: last.map_or(0, |(&(_, seq, _), _)| seq),
            read_seq: read.map_or(0, |receipt| receipt.seq).max(joined.map_or(0, |member| member.joined_seq)),
        }
    }
}

/// Every message of `conv` from `first` on.
fn keys(conv: ConvId, first: Seq) -> RangeInclusive<(ConvId, Seq, MsgId)> {
    (conv, first, MsgId(0))..=(conv, Seq::MAX, MsgId(u64::MAX))
}
