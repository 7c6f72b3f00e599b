//! Rows as a store keeps them: plain maps, the last write wins, a cursor only rises.

use std::collections::BTreeMap;
use std::sync::Arc;

use chasqui_proto::command::ReceiptKind;
use chasqui_proto::event::Message;
use chasqui_proto::ids::{ClientId, ConvId, Millis, MsgId, Seq, UserId};
use chasqui_proto::row::{ConversationRow, Found, LoadedConversation, MemberRow, Read, ReceiptRow, Row, StoredHead};

#[derive(Default, Clone)]
pub struct Rows {
    pub convs: BTreeMap<ConvId, ConversationRow>,
    pub members: BTreeMap<(ConvId, UserId), MemberRow>,
    pub messages: BTreeMap<(ConvId, Seq), Arc<Message>>,
    pub dedupe: BTreeMap<(ConvId, UserId, ClientId), (Seq, MsgId, Millis)>,
    pub receipts: BTreeMap<(ConvId, UserId, ReceiptKind), ReceiptRow>,
}

impl Rows {
    pub fn write(&mut self, row: Row) {
        match row {
            Row::Conversation(r) => _ = self.convs.insert(r.conv, *r),
            Row::Member(r) => _ = self.members.insert((r.conv, r.user.clone()), *r),
            Row::Message(m) => self.write_message(m),
            Row::Receipt(r) => {
                let slot = self.receipts.entry((r.conv, r.user.clone(), r.kind)).or_insert_with(|| (*r).clone());
                if r.seq > slot.seq {
                    *slot = *r;
                }
            }
        }
    }

    fn write_message(&mut self, m: Arc<Message>) {
        if !m.retracted {
            self.dedupe.insert((m.conv, m.sender.clone(), m.client_id), (m.seq, m.msg_id, m.at));
        }
        self.messages.insert((m.conv, m.seq), m);
    }

    pub fn read(&self, read: &Read) -> Found {
        match read {
            Read::Conversation { conv, tail } => Found::Conversation(self.conversation(*conv, *tail)),
            Read::Page { conv, after, limit } => {
                Found::Page(self.of(*conv).filter(|m| m.seq > *after).take(*limit).cloned().collect())
            }
            Read::Dedupe { conv, sender, client_id } => {
                Found::Dedupe(self.dedupe.get(&(*conv, sender.clone(), *client_id)).copied())
            }
            Read::UserConversations { user } => {
                Found::UserConversations(self.members.values().filter(|m| m.user == *user).map(|m| m.conv).collect())
            }
            Read::Heads { user, convs } => Found::Heads(convs.iter().map(|conv| self.head(user, *conv)).collect()),
        }
    }

    fn of(&self, conv: ConvId) -> impl DoubleEndedIterator<Item = &Arc<Message>> {
        self.messages.range((conv, 0)..=(conv, Seq::MAX)).map(|(_, m)| m)
    }

    fn conversation(&self, conv: ConvId, tail: usize) -> Option<Arc<LoadedConversation>> {
        let row = self.convs.get(&conv)?.clone();
        let mut tail: Vec<_> = self.of(conv).rev().take(tail).cloned().collect();
        tail.reverse();
        let whole = tail.len() == self.of(conv).count();
        let members = self.members.values().filter(|m| m.conv == conv).cloned().collect();
        let receipts = self.receipts.values().filter(|r| r.conv == conv).cloned().collect();
        Some(Arc::new(LoadedConversation { row, members, receipts, tail, whole }))
    }

    fn head(&self, user: &UserId, conv: ConvId) -> StoredHead {
        let read = self.receipts.get(&(conv, user.clone(), ReceiptKind::Read)).map_or(0, |r| r.seq);
        // What came before a member joined is not unread.
        let joined = self.members.get(&(conv, user.clone())).map_or(0, |m| m.joined_seq);
        let last_seq = self.of(conv).next_back().map_or(0, |m| m.seq);
        StoredHead { last_seq, read_seq: read.max(joined) }
    }
}
