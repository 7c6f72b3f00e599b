//! What people do with their clients, and what they did before the world began.

use std::sync::Arc;

use chasqui_client_rules::{Input, OwnedCommand, OwnedTarget};
use chasqui_proto::command::{AckLevel, ReceiptKind};
use chasqui_proto::event::Message;
use chasqui_proto::ids::{ClientId, ConvId, MsgId, UserId};
use chasqui_proto::row::{ConvKind, ConversationRow, MemberRow, Role, Row};
use chasqui_storage::memory::Memory;

use crate::checks;
use crate::client::Up;
use crate::world::{START_MS, World};

pub const USERS: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];
/// More than a conversation keeps in memory, so that the dedupe of what is older needs the store.
const HISTORY_MESSAGES: u64 = 300;
/// Of the history, what is sent again, and under which request id.
pub const SENT_AGAIN_SEQ_MAX: u64 = 30;
pub const SENT_AGAIN: &str = "again";
/// A few of these fill what a conversation may keep in memory.
const BULK_BYTES: usize = 24 * 1024;

pub fn user(index: usize) -> UserId {
    UserId::new(USERS[index]).expect("a good name")
}

/// The group that alice makes; its id follows from hers and this client id.
const GROUP: ClientId = ClientId([1; 16]);

pub fn group() -> ConvId {
    ConvId::group(&user(0), GROUP)
}

/// The group, and a direct conversation, as a former life of the server left them.
pub fn write_history(memory: &mut Memory) {
    let direct = ConvId::direct(&user(0), &user(1));
    for (conv, kind, members) in [(group(), ConvKind::Group, 3), (direct, ConvKind::Direct, 2)] {
        let created_by = user(0);
        memory.apply(&[Row::from(ConversationRow {
            conv,
            kind,
            title: "history".into(),
            created_by: created_by.clone(),
            created_at: START_MS - 1_000_000,
        })]);
        for i in 0..members {
            let role = if i == 0 && kind == ConvKind::Group { Role::Admin } else { Role::Member };
            memory.apply(&[Row::from(MemberRow { conv, user: user(i), role, joined_seq: 0 })]);
        }
        for seq in 1..=HISTORY_MESSAGES {
            memory.apply(&[Row::Message(old_message(conv, seq, members).into())]);
        }
    }
    memory.sync();
}

fn old_client_id(conv: ConvId, seq: u64) -> ClientId {
    let mut id = conv.0;
    id[..8].copy_from_slice(&(u64::MAX - seq).to_le_bytes());
    ClientId(id)
}

fn old_message(conv: ConvId, seq: u64, members: usize) -> Message {
    Message {
        conv,
        msg_id: MsgId(seq),
        seq,
        epoch: 0,
        sender: user(seq as usize % members),
        client_id: old_client_id(conv, seq),
        content: "old".into(),
        at: START_MS - 1_000_000 + seq,
        retracted: false,
    }
}

impl World {
    pub(crate) fn people(&mut self) {
        let client = self.rng.index(self.clients.len());
        let now = self.now.mono_ms;
        match self.rng.below(12) {
            0..4 => self.send(client),
            4 => self.mark(client),
            6 if self.rng.one_in(4) => self.send_again(client),
            5 if self.rng.one_in(8) && self.clients[0].rules.connected() => {
                let command = self.ask();
                self.clients[0].handle(now, Input::Ask(command));
            }
            _ => {}
        }
    }

    fn send(&mut self, client: usize) {
        self.seen.sends += 1;
        let mut id = [0u8; 16];
        id[..8].copy_from_slice(&self.seen.sends.to_le_bytes());
        let client_id = ClientId(id);
        let target = match self.rng.below(3) {
            0 => OwnedTarget::Conversation(group()),
            _ => OwnedTarget::User(user(self.rng.index(USERS.len()))),
        };
        let ack = match self.rng.below(16) {
            0..10 => AckLevel::Durable,
            10..14 => AckLevel::Accepted,
            14 => AckLevel::Delivered,
            _ => AckLevel::Read,
        };
        let content = self.content();
        self.clients[client].sent.insert(client_id);
        self.clients[client].handle(self.now.mono_ms, Input::Send { client_id, target, content, ack });
        checks::acks(self, client);
    }

    /// What an app that was told of no ack in a former life sends again; it is older than a conversation's memory.
    fn send_again(&mut self, client: usize) {
        let (conv, members) = [(group(), 3), (ConvId::direct(&user(0), &user(1)), 2)][self.rng.index(2)];
        let seq = 1 + self.rng.below(SENT_AGAIN_SEQ_MAX);
        let client = &mut self.clients[client];
        if !self.has_history || client.user != user(seq as usize % members) || !client.rules.connected() {
            return;
        }
        let Some(wire) = &mut client.wire else { return };
        self.seen.sent_again += 1;
        wire.up.push_back(Up::Command(OwnedCommand::Send {
            id: SENT_AGAIN.into(),
            target: OwnedTarget::Conversation(conv),
            client_id: old_client_id(conv, seq),
            content: "old".into(),
            ack: AckLevel::Durable,
            resend: true,
        }));
    }

    fn content(&mut self) -> Arc<str> {
        match &self.bulk {
            Some(bulk) if self.rng.one_in(2) => bulk.clone(),
            _ => format!("message {}", self.seen.sends).into(),
        }
    }

    fn mark(&mut self, client: usize) {
        let convs: Vec<ConvId> = self.clients[client].rules.conversations().collect();
        if !convs.is_empty() {
            let conv = convs[self.rng.index(convs.len())];
            self.read(client, conv);
        }
    }

    fn read(&mut self, client: usize, conv: ConvId) {
        let seq = self.clients[client].rules.reach(conv);
        self.clients[client].handle(self.now.mono_ms, Input::Mark { conv, seq, kind: ReceiptKind::Read });
    }

    /// Everybody reads everything, so that sends that wait for it get their answers.
    pub(crate) fn read_all(&mut self) {
        for client in 0..self.clients.len() {
            let convs: Vec<ConvId> = self.clients[client].rules.conversations().collect();
            convs.into_iter().for_each(|conv| self.read(client, conv));
        }
    }

    fn ask(&mut self) -> OwnedCommand {
        if self.rng.one_in(2) {
            let members = vec![user(1), user(2)];
            return OwnedCommand::CreateConversation {
                id: "a1".into(),
                client_id: GROUP,
                title: "group".into(),
                members,
            };
        }
        OwnedCommand::AddMember { id: "a2".into(), conv: group(), user: user(3) }
    }
}

pub fn bulk() -> Arc<str> {
    "x".repeat(BULK_BYTES).into()
}
