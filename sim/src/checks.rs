//! What must hold, while the world runs and when it has come to rest.

use std::collections::BTreeMap;
use std::sync::Arc;

use chasqui_chat::DeliveryOrder;
use chasqui_proto::command::AckLevel;
use chasqui_proto::event::{Event, Message};
use chasqui_proto::ids::{ConvId, MsgId, Seq, UserId};
use chasqui_proto::row::{Found, Read};

use crate::client::Client;
use crate::people::{SENT_AGAIN, SENT_AGAIN_SEQ_MAX};
use crate::world::World;

/// Before a client takes an event: where recipients wait for the disk, they are shown nothing provisional; and
/// whatever crashes do, epoch and seq together name one message.
pub fn told(world: &mut World, event: &Event) {
    match event {
        Event::Message { message, durable_seq } => {
            let early = world.setup.order == DeliveryOrder::DurableFirst && message.seq > *durable_seq;
            assert!(!early, "seq {} of {} was told before its commit", message.seq, message.conv);
            is_named_once(world, message);
        }
        Event::Ack { id, seq, .. } if *id == SENT_AGAIN => {
            assert!(*seq <= SENT_AGAIN_SEQ_MAX, "what was stored long ago got a second place, {seq}");
            world.seen.acked_again += 1;
        }
        Event::SyncResult { conversations, .. } => {
            let messages = conversations.iter().flat_map(|part| &part.messages);
            messages.for_each(|message| is_named_once(world, message));
        }
        _ => {}
    }
}

fn is_named_once(world: &mut World, message: &Message) {
    let &Message { conv, epoch, seq, msg_id, .. } = message;
    let known = *world.named.entry((conv, epoch, seq)).or_insert(msg_id);
    assert_eq!(known, msg_id, "two messages are seq {seq} of epoch {epoch} in {conv}");
}

/// After a client took an input: no acked message is behind a cursor that has not seen it.
pub fn acks(world: &mut World, client: usize) {
    let stats = world.clients[client].rules.stats();
    assert_eq!(stats.acked_behind_cursor, 0, "an ack names a seq that the sender's cursor passed unseen");
    assert_eq!(stats.conflicts, 0, "two messages of one epoch have one seq");
    for ack in world.clients[client].take_new_acks() {
        let before = world.acked.insert((ack.conv, ack.seq), ack.msg_id);
        assert!(before.is_none_or(|id| id == ack.msg_id), "seq {} of {} was acked for two messages", ack.seq, ack.conv);
        for other in world.clients.iter().filter(|other| other.rules.cursor(ack.conv) >= ack.seq) {
            has_seen(world, other, ack.conv, ack.seq, ack.msg_id);
        }
    }
    for (conv, from, to) in world.clients[client].take_progress() {
        for (&(_, seq), &msg_id) in world.acked.range((conv, from + 1)..=(conv, to)) {
            has_seen(world, &world.clients[client], conv, seq, msg_id);
        }
    }
}

fn has_seen(world: &World, client: &Client, conv: ConvId, seq: Seq, msg_id: MsgId) {
    let seen = client.rules.messages(conv).any(|known| known.seq == seq && known.msg_id == msg_id);
    let is_due = || joined_seq(world, conv, &client.user).is_some_and(|joined| seq > joined);
    assert!(seen || !is_due(), "{}'s cursor passed the acked seq {seq} of {conv} unseen", client.user);
}

/// When all is at rest: everyone agrees with the store, and nothing acked durable is missing.
pub fn converged(world: &World) {
    let truth = Truth::read(world);
    truth.is_contiguous_and_unique();
    for client in &world.clients {
        truth.keeps_every_ack(client);
        truth.is_what_is_seen(client);
    }
}

struct Truth {
    convs: BTreeMap<ConvId, Conversation>,
}

struct Conversation {
    members: BTreeMap<UserId, Seq>,
    messages: Vec<Arc<Message>>,
}

impl Truth {
    fn read(world: &World) -> Self {
        let users: Vec<&UserId> = world.clients.iter().map(|c| &c.user).collect();
        let mut convs = BTreeMap::new();
        for user in users {
            let Found::UserConversations(list) = world.memory.read(&Read::UserConversations { user: user.clone() })
            else {
                panic!("the store answers what it is asked");
            };
            convs.extend(list.into_iter().map(|conv| (conv, conversation(world, conv))));
        }
        Self { convs }
    }

    fn is_contiguous_and_unique(&self) {
        for (conv, Conversation { messages, .. }) in &self.convs {
            let mut ids = BTreeMap::new();
            for (i, message) in messages.iter().enumerate() {
                assert_eq!(message.seq, i as Seq + 1, "{conv}: seqs are contiguous");
                if !message.retracted {
                    let twice = ids.insert((&message.sender, message.client_id), message.seq);
                    assert!(twice.is_none(), "{conv}: client id {} was stored twice", message.client_id);
                }
            }
        }
    }

    fn keeps_every_ack(&self, client: &Client) {
        for ack in client.ticked.iter().filter(|ack| ack.level >= AckLevel::Durable) {
            let message = self.convs.get(&ack.conv).and_then(|c| c.messages.get(ack.seq as usize - 1));
            let kept = message.is_some_and(|m| m.msg_id == ack.msg_id && m.client_id == ack.client_id && !m.retracted);
            assert!(kept, "{}: the ack of seq {} in {} was durable, and is lost", client.user, ack.seq, ack.conv);
        }
        for sent in &client.sent {
            let acked = client.ticked.iter().any(|ack| ack.client_id == *sent);
            assert!(acked != client.failed.contains(sent), "{}: send {sent} has not exactly one answer", client.user);
        }
    }

    fn is_what_is_seen(&self, client: &Client) {
        for (conv, Conversation { members, messages }) in &self.convs {
            let Some(joined) = members.get(&client.user) else { continue };
            let due: Vec<_> = messages.iter().filter(|m| m.seq > *joined).collect();
            let mut seen: Vec<_> = client.rules.messages(*conv).map(|k| (k.seq, k.msg_id, k.retracted)).collect();
            seen.sort();
            let expected: Vec<_> = due.iter().map(|m| (m.seq, m.msg_id, m.retracted)).collect();
            let differ: Vec<_> = seen.iter().filter(|k| !expected.contains(k)).collect();
            let missing: Vec<_> = expected.iter().filter(|k| !seen.contains(k)).collect();
            assert!(
                seen == expected,
                "{} sees {conv} otherwise than the store: sees {differ:?} for {missing:?}",
                client.user
            );
            for message in due {
                let shown = client.shown.get(&message.client_id) == Some(&message.msg_id);
                assert_eq!(shown, !message.retracted, "{}: message {} is shown wrongly", client.user, message.seq);
            }
        }
        let stored = |id| self.convs.values().flat_map(|c| &c.messages).any(|m| m.client_id == id && !m.retracted);
        for id in client.shown.keys() {
            assert!(stored(*id), "{} still shows {id}, a ghost", client.user);
        }
    }
}

fn conversation(world: &World, conv: ConvId) -> Conversation {
    let read = Read::Conversation { conv, tail: 1 };
    let Found::Conversation(Some(loaded)) = world.memory.read(&read) else {
        panic!("{conv} has a member and no row");
    };
    let members = loaded.members.iter().map(|m| (m.user.clone(), m.joined_seq)).collect();
    let Found::Page(messages) = world.memory.read(&Read::Page { conv, after: 0, limit: usize::MAX }) else {
        panic!("the store answers what it is asked");
    };
    Conversation { members, messages }
}

fn joined_seq(world: &World, conv: ConvId, user: &UserId) -> Option<Seq> {
    let Found::Conversation(Some(loaded)) = world.memory.read(&Read::Conversation { conv, tail: 0 }) else {
        return None;
    };
    loaded.members.iter().find(|member| member.user == *user).map(|member| member.joined_seq)
}

/// Why the world is not at rest.
pub fn unrest(world: &World) -> String {
    let shards: Vec<_> = world.server.shards.iter().map(|s| (s.is_quiet(), s.gauges())).collect();
    let clients: Vec<_> = world
        .clients
        .iter()
        .map(|c| (c.user.as_str().to_owned(), c.rules.connected(), c.rules.syncing(), c.rules.unacked().count()))
        .collect();
    let holes: Vec<_> = world
        .clients
        .iter()
        .enumerate()
        .flat_map(|(i, c)| {
            let lags = |conv: &ConvId| c.rules.reach(*conv) < c.rules.durable_seen(*conv);
            let row = move |conv| (i, conv, c.rules.cursor(conv), c.rules.reach(conv), c.rules.durable_seen(conv));
            c.rules.conversations().filter(lags).map(row).collect::<Vec<_>>()
        })
        .collect();
    let wires: Vec<_> =
        world.clients.iter().map(|c| c.wire.as_ref().map(|w| (w.up.len(), w.down.len())).unwrap_or((99, 99))).collect();
    format!(
        "{:?}, holes {holes:?}, wires {wires:?}, requests {}, orphans {}, rings {}, shards {shards:?}, clients {clients:?}",
        world.setup,
        world.server.requests.len(),
        world.orphans.len(),
        world.server.mesh.ready().len()
    )
}
