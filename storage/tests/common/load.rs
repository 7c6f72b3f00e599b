//! A write load that can be checked without having seen it: what ticket `t` of a writer holds follows from the
//! writer and `t` alone.
//!
//! A ticket is one request of one to four messages and the writer's read cursor, all in the writer's own
//! conversation; ticket 0 also founds the conversation. So the store holds a whole-batch prefix exactly when the
//! messages end at a ticket's last seq and the cursor stands there too.

use std::sync::Arc;

use chasqui_proto::command::ReceiptKind;
use chasqui_proto::event::Message;
use chasqui_proto::ids::{ClientId, ConvId, MsgId, UserId};
use chasqui_proto::row::{ConvKind, ConversationRow, Found, MemberRow, Read, ReceiptRow, Role, Row};
use chasqui_storage::engine::Reader;

/// One writer of one life of the store: it has a conversation of its own.
#[derive(Clone, Copy, Debug)]
pub struct Writer {
    pub life: u64,
    pub shard: u64,
}

impl Writer {
    pub fn conv(self) -> ConvId {
        let mut id = [0x5a; 16];
        id[..8].copy_from_slice(&self.life.to_be_bytes());
        id[8..].copy_from_slice(&self.shard.to_be_bytes());
        ConvId(id)
    }

    pub fn user(self) -> UserId {
        UserId::new(&format!("writer-{}-{}", self.life, self.shard)).unwrap()
    }

    /// Everything ticket `ticket` writes, in one request.
    pub fn rows(self, ticket: u64) -> Vec<Row> {
        let mut rows = if ticket == 0 { self.founding() } else { Vec::new() };
        let (first, last) = (end_seq(ticket) - size(ticket) + 1, end_seq(ticket));
        rows.extend((first..=last).map(|seq| Row::Message(self.message(ticket, seq).into())));
        let (conv, user) = (self.conv(), self.user());
        rows.push(Row::from(ReceiptRow { conv, user, kind: ReceiptKind::Read, seq: last, at: ticket }));
        rows
    }

    fn founding(self) -> Vec<Row> {
        let (conv, user) = (self.conv(), self.user());
        let (created_by, title) = (user.clone(), "load".into());
        vec![
            Row::from(ConversationRow { conv, kind: ConvKind::Group, title, created_by, created_at: 1 }),
            Row::from(MemberRow { conv, user, role: Role::Admin, joined_seq: 0 }),
        ]
    }

    pub fn message(self, ticket: u64, seq: u64) -> Message {
        let mut client_id = [self.shard as u8; 16];
        client_id[..8].copy_from_slice(&seq.to_be_bytes());
        // A few are large, so that a batch takes several writes and kills land between them.
        let padding = if seq.is_multiple_of(16) { 9_000 } else { (seq % 100) as usize };
        Message {
            conv: self.conv(),
            msg_id: MsgId(seq + 7),
            seq,
            epoch: self.life,
            sender: self.user(),
            client_id: ClientId(client_id),
            content: format!("{}{}", marker(self.shard, ticket), noise(seq, padding)),
            at: ticket,
            retracted: false,
        }
    }

    /// Checks that the store holds a whole-batch prefix of this writer's tickets, and tells how many tickets.
    pub fn check(self, store: &impl Reader) -> u64 {
        let held = self.messages(store);
        let tickets = tickets_ending_at(held.len() as u64);
        for ticket in 0..tickets {
            for row in self.rows(ticket) {
                self.check_row(store, &held, &row);
            }
        }
        self.check_cursor(store, held.len() as u64);
        tickets
    }

    fn messages(self, store: &impl Reader) -> Vec<Arc<Message>> {
        let mut held: Vec<Arc<Message>> = Vec::new();
        loop {
            let after = held.len() as u64;
            let Found::Page(page) = store.read(&Read::Page { conv: self.conv(), after, limit: 500 }).unwrap() else {
                panic!("a page was asked for")
            };
            if page.is_empty() {
                return held;
            }
            held.extend(page);
        }
    }

    fn check_row(self, store: &impl Reader, held: &[Arc<Message>], row: &Row) {
        match row {
            Row::Message(message) => {
                assert_eq!(&held[message.seq as usize - 1], message, "as written, in order");
                let (conv, sender, client_id) = (message.conv, message.sender.clone(), message.client_id);
                let dedupe = store.read(&Read::Dedupe { conv, sender, client_id }).unwrap();
                assert_eq!(dedupe, Found::Dedupe(Some((message.seq, message.msg_id, message.at))), "{self:?}");
            }
            Row::Conversation(row) => {
                let found = store.read(&Read::Conversation { conv: row.conv, tail: 0 }).unwrap();
                let Found::Conversation(Some(loaded)) = found else { panic!("{self:?} was founded") };
                assert_eq!((&loaded.row, loaded.members.len()), (&**row, 1));
            }
            Row::Member(_) | Row::Receipt(_) => {}
        }
    }

    fn check_cursor(self, store: &impl Reader, last_seq: u64) {
        let read = Read::Heads { user: self.user(), convs: vec![self.conv()] };
        let Found::Heads(heads) = store.read(&read).unwrap() else { panic!("heads were asked for") };
        assert_eq!(
            (heads[0].last_seq, heads[0].read_seq),
            (last_seq, last_seq),
            "{self:?}: a batch is whole or absent"
        );
    }
}

/// Begins every message; finds a ticket's bytes in a trace.
pub fn marker(shard: u64, ticket: u64) -> String {
    format!("<shard {shard} ticket {ticket}>")
}

/// Messages of a ticket.
fn size(ticket: u64) -> u64 {
    1 + ticket % 4
}

/// The last seq that tickets `0..=ticket` write.
pub fn end_seq(ticket: u64) -> u64 {
    let (rounds, rest) = ((ticket + 1) / 4, (ticket + 1) % 4);
    rounds * 10 + rest * (rest + 1) / 2
}

/// How many tickets end exactly at `seq`.
fn tickets_ending_at(seq: u64) -> u64 {
    let tickets = (0..).position(|t| t > 0 && end_seq(t - 1) >= seq || seq == 0).unwrap_or(0) as u64;
    assert!(seq == 0 || end_seq(tickets - 1) == seq, "torn: the messages end at seq {seq}, within a batch");
    tickets
}

/// Text that does not compress, so that journal bytes can be recognised.
fn noise(seed: u64, len: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b' ' + (state % 95) as u8)
    };
    (0..len).map(|_| next()).collect()
}
