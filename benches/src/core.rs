//! A shard alone in its process: no links to others, a store that has persisted everything the moment it is asked.

use std::collections::VecDeque;

use chasqui_chat::{Class, Config, DeliveryOrder, Effect, Effects, Input, Links, Msg, Now, Shard, ShardId};
use chasqui_proto::command::{AckLevel, Command, Target};
use chasqui_proto::event::{Event, Limits};
use chasqui_proto::ids::{ClientId, ConvId, ReqId, SessionId};
use chasqui_proto::row::{Completion, Found, Op, Outcome, Read, StoreRequest, StoredHead};

use crate::sample::{CONTENT, user};

/// Messages in one millisecond of the core's clock; timers come due at the pace of a busy shard.
const STEPS_PER_MS: u64 = 20;

struct NoLinks;

impl Links for NoLinks {
    fn push(&mut self, to: ShardId, _: Class, _: Msg) -> Result<(), Msg> {
        unreachable!("one shard is home to everything, {to} included")
    }
}

/// Where a shard's events go.
pub trait Receiver {
    fn receive(&mut self, sessions: &[SessionId], event: &Event);
}

/// Counts events, one for each session told.
#[derive(Default)]
pub struct Count(pub u64);

impl Receiver for Count {
    fn receive(&mut self, sessions: &[SessionId], _: &Event) {
        self.0 += sessions.len() as u64;
    }
}

/// Drives one shard and hands on what it tells its sessions.
pub struct Core<R = Count> {
    shard: Shard,
    now: Now,
    steps: u64,
    effects: Effects,
    completions: VecDeque<Completion>,
    /// Store requests that are under way before the oldest is answered.
    pub store_depth: usize,
    /// One that is empty and takes every write, unless another is put in its place.
    pub store: Box<dyn FnMut(StoreRequest) -> Completion>,
    pub receiver: R,
    /// The conversation last heard of.
    conv: Option<ConvId>,
    counter: u64,
}

impl<R: Receiver + Default> Default for Core<R> {
    fn default() -> Self {
        Self::new(R::default())
    }
}

impl<R: Receiver> Core<R> {
    pub fn new(receiver: R) -> Self {
        Self {
            shard: Shard::new(config(), Box::new(NoLinks)),
            now: Now { mono_ms: 1_000, wall_ms: 1_800_000_000_000 },
            steps: 0,
            effects: Effects::default(),
            completions: VecDeque::new(),
            store_depth: 0,
            store: Box::new(|StoreRequest { ticket, op }| Completion { ticket, outcome: answer(&op) }),
            receiver,
            conv: None,
            counter: 0,
        }
    }

    /// A session of a user of that name.
    pub fn open(&mut self, name: &str) -> SessionId {
        self.counter += 1;
        let session = SessionId::new(0, self.counter);
        self.step(Input::Open { session, user: user(name), id: ReqId::default(), expires_at: u64::MAX });
        session
    }

    /// The direct conversation of two users who are there, with its first message sent.
    pub fn direct(&mut self, from: SessionId, to: &str) -> ConvId {
        self.send_to(from, Target::User(to));
        self.conv.take().expect("a first message makes the conversation")
    }

    pub fn group(&mut self, creator: SessionId, members: &[String]) -> ConvId {
        let members = members.iter().map(String::as_str).collect();
        let command = Command::CreateConversation { id: "g", client_id: ClientId([1; 16]), title: "room", members };
        self.step(Input::Command { session: creator, command: &command });
        self.conv.take().expect("the group is made")
    }

    /// A message to its end: sent, delivered, persisted, acknowledged.
    pub fn send(&mut self, from: SessionId, conv: ConvId) {
        self.send_to(from, Target::Conversation(conv));
    }

    fn send_to(&mut self, session: SessionId, target: Target<'_>) {
        self.counter += 1;
        let mut client_id = [2; 16];
        client_id[8..].copy_from_slice(&self.counter.to_be_bytes());
        let command = Command::Send {
            id: "1742",
            target,
            client_id: ClientId(client_id),
            content: CONTENT,
            ack: AckLevel::Durable,
            resend: false,
        };
        self.command(session, &command);
    }

    /// A client's command to its end.
    pub fn command(&mut self, session: SessionId, command: &Command<'_>) {
        self.step(Input::Command { session, command });
        self.pass_time();
    }

    fn pass_time(&mut self) {
        self.steps += 1;
        if self.steps.is_multiple_of(STEPS_PER_MS) {
            self.now.mono_ms += 1;
            self.now.wall_ms += 1;
            if self.shard.next_deadline().is_some_and(|due| due <= self.now.mono_ms) {
                self.step(Input::Tick);
            }
        }
    }

    /// One input, and every answer of the store that is due after it.
    fn step(&mut self, input: Input<'_>) {
        self.input(input);
        while self.completions.len() > self.store_depth
            && let Some(completion) = self.completions.pop_front()
        {
            self.input(Input::Stored(completion));
        }
    }

    fn input(&mut self, input: Input<'_>) {
        self.shard.step(self.now, input, &mut self.effects);
        for effect in self.effects.list.drain(..) {
            match effect {
                Effect::Send { session, event } => {
                    note(&mut self.conv, &event);
                    self.receiver.receive(&[session], &event);
                }
                Effect::Fan { targets, event } => {
                    note(&mut self.conv, &event);
                    self.receiver.receive(&self.effects.targets[targets], &event);
                }
                Effect::Store(request) => {
                    self.completions.push_back((self.store)(request));
                }
                Effect::Close { code, .. } => panic!("a session was closed: {code:?}"),
            }
        }
        self.effects.clear();
    }
}

/// Remembers a new conversation; refuses errors, so that no bench measures a refusal.
fn note(conv: &mut Option<ConvId>, event: &Event) {
    match event {
        Event::ConversationCreated { conv: made, .. } => *conv = Some(*made),
        Event::Error { code, .. } => panic!("the core answered {code:?}"),
        _ => {}
    }
}

/// An empty store, which takes every write.
fn answer(op: &Op) -> Outcome {
    match op {
        Op::Write(_) => Outcome::Persisted,
        Op::Read(Read::Conversation { .. }) => Outcome::Found(Found::Conversation(None)),
        Op::Read(Read::Page { .. }) => Outcome::Found(Found::Page(Vec::new())),
        Op::Read(Read::Dedupe { .. }) => Outcome::Found(Found::Dedupe(None)),
        Op::Read(Read::UserConversations { .. }) => Outcome::Found(Found::UserConversations(Vec::new())),
        Op::Read(Read::Heads { convs, .. }) => Outcome::Found(Found::Heads(vec![StoredHead::default(); convs.len()])),
    }
}

fn config() -> Config {
    Config {
        shard: 0,
        shards: 1,
        node: 0,
        epoch: 1,
        order: DeliveryOrder::RelayFirst,
        limits: Limits { max_frame_bytes: 65_536, sends_per_second: 1_000_000, burst: 10_000_000 },
        sessions_per_user_max: 10,
        permits_per_peer: 1_024,
        evict_idle_ms: 60_000,
        live_conversations_max: 10_000,
        store_slots: 1_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direct_message_is_told_twice_and_a_rooms_to_everybody() {
        let mut core: Core = Core::default();
        let (alice, _bob) = (core.open("alice"), core.open("bob"));
        let conv = core.direct(alice, "bob");
        let before = core.receiver.0;
        core.send(alice, conv);
        assert_eq!(core.receiver.0 - before, 2, "the delivery and the ack");

        let members: Vec<String> = (0..9).map(|index| format!("member-{index}")).collect();
        members.iter().for_each(|name| _ = core.open(name));
        let room = core.group(alice, &members);
        let before = core.receiver.0;
        core.send(alice, room);
        assert_eq!(core.receiver.0 - before, 10, "nine deliveries and the ack");
    }
}
