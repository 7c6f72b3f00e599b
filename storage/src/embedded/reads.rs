//! Answers to reads, each from one snapshot of all tables.

use std::sync::Arc;

use chasqui_proto::command::ReceiptKind;
use chasqui_proto::event::Message;
use chasqui_proto::ids::{ClientId, ConvId, Millis, MsgId, Seq, UserId};
use chasqui_proto::row::{Found, LoadedConversation, MemberRow, Read, ReceiptRow, StoredHead};
use fjall::{KvPair, Readable, Snapshot};

use super::tree::{Table, Tree};
use super::values::DecodeError;
use super::{keys, values};
use crate::engine::ReadError;

type Result<T> = core::result::Result<T, ReadError>;

/// The store as it stood when this view was made.
pub(super) struct View<'a> {
    tree: &'a Tree,
    snapshot: Snapshot,
}

impl<'a> View<'a> {
    pub(super) fn of(tree: &'a Tree) -> Self {
        Self { tree, snapshot: tree.db.snapshot() }
    }

    pub(super) fn read(&self, read: &Read) -> Result<Found> {
        Ok(match read {
            Read::Conversation { conv, tail } => Found::Conversation(self.load(*conv, *tail)?.map(Arc::new)),
            Read::Page { conv, after, limit } => Found::Page(self.page(*conv, *after, *limit)?),
            Read::Dedupe { conv, sender, client_id } => Found::Dedupe(self.dedupe(*conv, sender, *client_id)?),
            Read::UserConversations { user } => Found::UserConversations(self.user_conversations(user)?),
            Read::Heads { user, convs } => {
                Found::Heads(convs.iter().map(|conv| self.head(user, *conv)).collect::<Result<_>>()?)
            }
        })
    }

    fn load(&self, conv: ConvId, tail: usize) -> Result<Option<LoadedConversation>> {
        let Some(row) = self.get(Table::Conversations, &conv.0)? else { return Ok(None) };
        let newest = self.tail(conv, tail)?;
        Ok(Some(LoadedConversation {
            row: values::parse_conversation(conv, &row)?,
            members: self.members(conv)?,
            receipts: self.receipts(conv)?,
            whole: newest.len() < tail,
            tail: newest,
        }))
    }

    fn members(&self, conv: ConvId) -> Result<Vec<MemberRow>> {
        self.prefixed(Table::Members, &conv.0)
            .map(|pair| pair.and_then(|(key, value)| Ok(values::parse_member(keys::parse_member(&key)?, &value)?)))
            .collect()
    }

    fn receipts(&self, conv: ConvId) -> Result<Vec<ReceiptRow>> {
        self.prefixed(Table::Receipts, &conv.0)
            .map(|pair| pair.and_then(|(key, value)| Ok(values::parse_receipt(keys::parse_receipt(&key)?, &value)?)))
            .collect()
    }

    /// The newest `count` messages, rising. Going backwards, the first row of a seq is the one that counts.
    fn tail(&self, conv: ConvId, count: usize) -> Result<Vec<Arc<Message>>> {
        let mut newest: Vec<Arc<Message>> = Vec::new();
        for pair in self.prefixed(Table::Messages, &conv.0).rev() {
            if newest.len() == count {
                break;
            }
            let (key, value) = pair?;
            let id = keys::parse_message(&key)?;
            if newest.last().is_none_or(|last| last.seq != id.1) {
                newest.push(values::parse_message(id, &value)?.into());
            }
        }
        newest.reverse();
        Ok(newest)
    }

    /// At most `limit` messages after `after`. Going forwards, the last row of a seq is the one that counts, so the
    /// row behind a full page is looked at too.
    fn page(&self, conv: ConvId, after: Seq, limit: usize) -> Result<Vec<Arc<Message>>> {
        let mut page: Vec<Arc<Message>> = Vec::new();
        let Some(first) = after.checked_add(1) else { return Ok(page) };
        let (from, to) = (keys::message(conv, first, MsgId(0)), keys::message(conv, Seq::MAX, MsgId(u64::MAX)));
        for guard in self.snapshot.range(self.tree.table(Table::Messages), from..=to) {
            let (key, value) = guard.into_inner()?;
            let id = keys::parse_message(&key)?;
            if page.last().is_some_and(|last| last.seq == id.1) {
                page.pop();
            }
            if page.len() == limit {
                break;
            }
            page.push(values::parse_message(id, &value)?.into());
        }
        Ok(page)
    }

    fn dedupe(&self, conv: ConvId, sender: &UserId, client_id: ClientId) -> Result<Option<(Seq, MsgId, Millis)>> {
        let value = self.get(Table::Dedupe, &keys::dedupe(conv, sender, client_id))?;
        Ok(value.map(|value| values::parse_dedupe(&value)).transpose()?)
    }

    fn user_conversations(&self, user: &UserId) -> Result<Vec<ConvId>> {
        self.prefixed(Table::UserConvs, &keys::user(user))
            .map(|pair| pair.and_then(|(key, _)| Ok(keys::parse_user_conv(&key)?)))
            .collect()
    }

    fn head(&self, user: &UserId, conv: ConvId) -> Result<StoredHead> {
        let last = self.prefixed(Table::Messages, &conv.0).next_back().transpose()?;
        let last_seq = last.map(|(key, _)| keys::parse_message(&key)).transpose()?.map_or(0, |(_, seq, _)| seq);
        let id = (conv, user.clone(), ReceiptKind::Read);
        let read = self.get(Table::Receipts, &keys::receipt(conv, user, ReceiptKind::Read))?;
        let read_seq = read.map(|value| values::parse_receipt(id, &value)).transpose()?.map_or(0, |r| r.seq);
        let joined_seq = self.member(conv, user)?.map_or(0, |member| member.joined_seq);
        let read_seq = read_seq.max(joined_seq);
        Ok(StoredHead { last_seq, read_seq })
    }

    fn member(&self, conv: ConvId, user: &UserId) -> Result<Option<MemberRow>> {
        let value = self.get(Table::Members, &keys::member(conv, user))?;
        Ok(value.map(|value| values::parse_member((conv, user.clone()), &value)).transpose()?)
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<fjall::UserValue>> {
        Ok(self.snapshot.get(self.tree.table(table), key)?)
    }

    fn prefixed(&self, table: Table, prefix: &[u8]) -> impl DoubleEndedIterator<Item = Result<KvPair>> {
        self.snapshot.prefix(self.tree.table(table), prefix).map(|guard| Ok(guard.into_inner()?))
    }
}

impl From<fjall::Error> for ReadError {
    fn from(error: fjall::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<DecodeError> for ReadError {
    fn from(error: DecodeError) -> Self {
        Self(error.to_string())
    }
}
