//! One group commit being put together: every key once, with its last value.
//!
//! The tree gives all rows of a batch one sequence number, so a key written twice in it would be ambiguous; and
//! rows whose effect depends on what is stored (receipts, retractions) must see what the group itself has written.

use std::collections::BTreeMap;

use chasqui_proto::event::Message;
use chasqui_proto::row::{ConversationRow, MemberRow, ReceiptRow, Row};
use fjall::PersistMode;

use super::tree::{Table, Tree};
use super::{keys, values};

/// Writes all rows as one atomic batch and fsyncs it.
pub(super) fn commit(tree: &Tree, groups: &[&[Row]]) -> Result<(), fjall::Error> {
    let mut staged = Staged { tree, changes: BTreeMap::new() };
    for row in groups.iter().copied().flatten() {
        staged.row(row)?;
    }
    staged.commit()
}

struct Staged<'a> {
    tree: &'a Tree,
    /// `None` removes the key.
    changes: BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>,
}

impl Staged<'_> {
    fn row(&mut self, row: &Row) -> Result<(), fjall::Error> {
        match row {
            Row::Conversation(row) => self.conversation(row),
            Row::Member(row) => self.member(row),
            Row::Message(message) => self.message(message)?,
            Row::Receipt(row) => self.receipt(row)?,
        }
        Ok(())
    }

    fn conversation(&mut self, row: &ConversationRow) {
        self.put(Table::Conversations, row.conv.0.to_vec(), values::conversation(row));
    }

    fn member(&mut self, row: &MemberRow) {
        self.put(Table::Members, keys::member(row.conv, &row.user), values::member(row));
        self.put(Table::UserConvs, keys::user_conv(&row.user, row.conv), values::user_conv());
    }

    fn message(&mut self, message: &Message) -> Result<(), fjall::Error> {
        let key = keys::message(message.conv, message.seq, message.msg_id);
        self.put(Table::Messages, key, values::message(message));
        self.dedupe(message)
    }

    fn dedupe(&mut self, message: &Message) -> Result<(), fjall::Error> {
        let key = keys::dedupe(message.conv, &message.sender, message.client_id);
        if !message.retracted {
            self.put(Table::Dedupe, key, values::dedupe(message.seq, message.msg_id, message.at));
            return Ok(());
        }
        // The client may have sent it anew, as another message, before the retraction came.
        let former = self.get(Table::Dedupe, &key)?;
        let points_here = former.is_some_and(|value| {
            values::parse_dedupe(&value).is_ok_and(|(seq, id, _)| (seq, id) == (message.seq, message.msg_id))
        });
        if points_here {
            self.changes.insert((Table::Dedupe, key), None);
        }
        Ok(())
    }

    fn receipt(&mut self, row: &ReceiptRow) -> Result<(), fjall::Error> {
        let key = keys::receipt(row.conv, &row.user, row.kind);
        let former = self.get(Table::Receipts, &key)?;
        let id = (row.conv, row.user.clone(), row.kind);
        let risen = former.is_none_or(|value| values::parse_receipt(id, &value).is_ok_and(|r| r.seq < row.seq));
        if risen {
            self.put(Table::Receipts, key, values::receipt(row));
        }
        Ok(())
    }

    fn put(&mut self, table: Table, key: Vec<u8>, value: Vec<u8>) {
        self.changes.insert((table, key), Some(value));
    }

    /// The value as it will be once the rows staged so far are committed.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, fjall::Error> {
        if let Some(change) = self.changes.get(&(table, key.to_vec())) {
            return Ok(change.clone());
        }
        Ok(self.tree.table(table).get(key)?.map(|value| value.to_vec()))
    }

    fn commit(self) -> Result<(), fjall::Error> {
        let mut batch = self.tree.db.batch().durability(Some(PersistMode::SyncData));
        for ((table, key), change) in self.changes {
            match change {
                Some(value) => batch.insert(self.tree.table(table), key, value),
                None => batch.remove(self.tree.table(table), key),
            }
        }
        batch.commit()
    }
}
