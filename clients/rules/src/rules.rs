//! The machine: its state, its dispatch, and what checkers may ask it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chasqui_proto::codes::ErrorCode;
use chasqui_proto::event::{Event, Head};
use chasqui_proto::ids::{ConvId, Epoch, Millis, Seq, UserId};
use smol_str::SmolStr;

use crate::config::Config;
use crate::conversation::{Conversation, Known};
use crate::io::{Input, Notice, Output, OwnedCommand, Stats};
use crate::outbox::{Outbox, Outgoing};
use crate::sync::SyncState;
use crate::timers::{Timer, Timers};

/// One client of one user. See the crate's documentation for how it is driven.
#[derive(Default, Debug)]
pub struct Rules {
    pub(crate) config: Config,
    pub(crate) me: Option<UserId>,
    pub(crate) connected: bool,
    /// Counts connections, so that what was told in a former one is known to be unsure.
    pub(crate) connection: u64,
    pub(crate) convs: BTreeMap<ConvId, Conversation>,
    pub(crate) outbox: Outbox,
    pub(crate) sync: SyncState,
    /// Live events that wait for a SYNC; true: one was completed since, so now they must be judged.
    pub(crate) waiting: VecDeque<(Event, bool)>,
    /// Conversations whose receipts may have to be told.
    pub(crate) dirty: BTreeSet<ConvId>,
    pub(crate) marks_due: Option<Millis>,
    pub(crate) timers: Timers,
    pub(crate) out: VecDeque<Output>,
    pub(crate) stats: Stats,
}

impl Rules {
    pub fn new(config: Config) -> Self {
        Self { config, ..Self::default() }
    }

    /// A conversation the app has stored up to `cursor`, all of it confirmed. Only before the first connection.
    pub fn restore(&mut self, conv: ConvId, cursor: Seq, epoch: Option<Epoch>) {
        let known = Conversation { cursor, reach: cursor, durable_seen: cursor, epoch, ..Conversation::default() };
        self.convs.insert(conv, known);
    }

    /// Takes one input. Outputs are then to be polled until there are none.
    pub fn handle(&mut self, now: Millis, input: Input<'_>) {
        match input {
            Input::Event(event) => self.on_event(now, event),
            Input::Disconnected => self.on_disconnected(),
            Input::Send { client_id, target, content, ack } => self.on_send(now, client_id, target, content, ack),
            Input::Mark { conv, seq, kind } => self.on_mark(now, conv, seq, kind),
            Input::Ask(command) => self.on_ask(command),
            Input::Tick => self.on_tick(now),
        }
        self.start_sync_if_wanted(now);
        self.tell_marks_if_due(now);
    }

    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When `Input::Tick` is due next.
    pub fn next_deadline(&self) -> Option<Millis> {
        self.timers.next()
    }

    fn on_event(&mut self, now: Millis, event: &Event) {
        match event {
            Event::Welcome { user, heads, .. } => self.on_welcome(now, user, heads, event),
            Event::Ack { .. } => self.on_ack(now, event),
            Event::Message { .. } => self.on_live(now, event),
            Event::Retracted { conv, msg_id, seq } => self.on_retracted(*conv, *msg_id, *seq),
            Event::SyncResult { id, conversations, next } => self.on_sync_result(now, id, conversations, next),
            Event::Error { id, code, message, retry_after_ms } => {
                self.on_error(now, id, *code, message, *retry_after_ms);
            }
            Event::ConversationCreated { conv, .. } => self.on_joined(*conv, event),
            Event::MemberAdded { conv, user, .. } if Some(user) == self.me.as_ref() => self.on_joined(*conv, event),
            Event::MemberAdded { .. }
            | Event::Receipt { .. }
            | Event::Typing { .. }
            | Event::Presence { .. }
            | Event::Draining { .. } => self.tell(Notice::Told(event.clone())),
        }
    }

    fn on_joined(&mut self, conv: ConvId, event: &Event) {
        self.convs.entry(conv).or_default();
        self.tell(Notice::Told(event.clone()));
    }

    fn on_welcome(&mut self, now: Millis, user: &UserId, heads: &[Head], event: &Event) {
        if self.connected {
            self.on_disconnected();
        }
        let at_head = self.config.start_at_head && self.connection == 0;
        self.connected = true;
        self.connection += 1;
        self.me = Some(user.clone());
        for head in heads {
            match self.convs.contains_key(&head.conv) {
                false if at_head => self.restore(head.conv, head.durable_seq, Some(head.epoch)),
                _ => drop(self.convs.entry(head.conv).or_default()),
            }
        }
        self.tell(Notice::Told(event.clone()));
        self.sync.wanted = true;
        self.start_sync_if_wanted(now);
        self.transmit_all(now);
    }

    fn on_disconnected(&mut self) {
        self.connected = false;
        self.forget_sync();
        self.leave_waiting_to_sync();
        self.timers.disarm(&mut self.marks_due, Timer::Marks);
        self.forget_marks();
    }

    fn on_ask(&mut self, command: OwnedCommand) {
        if self.connected {
            return self.command(command);
        }
        let id = command.id().clone();
        self.tell(Notice::AskFailed { id, code: None, message: SmolStr::default(), retry_after_ms: 0 });
    }

    fn on_error(&mut self, now: Millis, id: &SmolStr, code: ErrorCode, message: &SmolStr, retry_after_ms: u32) {
        match id.as_bytes().first() {
            Some(b'0'..=b'9') => self.on_send_refused(now, id, code, message, retry_after_ms),
            Some(b's') => self.on_sync_refused(now, id, retry_after_ms),
            Some(b'k') => self.on_mark_refused(now, code, retry_after_ms),
            _ => {
                let (id, message) = (id.clone(), message.clone());
                self.tell(Notice::AskFailed { id, code: Some(code), message, retry_after_ms });
            }
        }
    }

    fn on_tick(&mut self, now: Millis) {
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Sync => self.on_sync_due(now),
                // Told at the end of this input.
                Timer::Marks => self.marks_due = Some(now),
                Timer::Hole(conv) => self.on_hole_due(conv),
                Timer::Send(serial) => self.on_send_due(now, serial),
            }
        }
    }

    pub(crate) fn tell(&mut self, notice: Notice) {
        self.out.push_back(Output::Notice(notice));
    }

    pub(crate) fn command(&mut self, command: OwnedCommand) {
        self.out.push_back(Output::Command(command));
    }
}

/// What checkers ask.
impl Rules {
    pub fn me(&self) -> Option<&UserId> {
        self.me.as_ref()
    }
    pub fn connected(&self) -> bool {
        self.connected
    }
    pub fn stats(&self) -> &Stats {
        &self.stats
    }
    pub fn conversations(&self) -> impl Iterator<Item = ConvId> + '_ {
        self.convs.keys().copied()
    }
    pub fn cursor(&self, conv: ConvId) -> Seq {
        self.convs.get(&conv).map_or(0, |c| c.cursor)
    }
    /// Highest contiguous seq received, provisional messages included.
    pub fn reach(&self, conv: ConvId) -> Seq {
        self.convs.get(&conv).map_or(0, |c| c.reach)
    }
    pub fn durable_seen(&self, conv: ConvId) -> Seq {
        self.convs.get(&conv).map_or(0, |c| c.durable_seen)
    }
    pub fn epoch(&self, conv: ConvId) -> Option<Epoch> {
        self.convs.get(&conv)?.epoch
    }
    /// The messages known: with `Config::keep_log` those up to the cursor, then those above it.
    pub fn messages(&self, conv: ConvId) -> impl Iterator<Item = Known> + '_ {
        self.convs.get(&conv).into_iter().flat_map(Conversation::known)
    }
    /// Sends without an answer, in the order they were made.
    pub fn unacked(&self) -> impl Iterator<Item = &Outgoing> {
        self.outbox.unanswered().map(|(_, outgoing)| outgoing)
    }
    /// Whether a SYNC is outstanding or wanted.
    pub fn syncing(&self) -> bool {
        self.sync.busy() || self.sync.wanted
    }
    /// Connected, with nothing left to ask for or to wait for.
    pub fn settled(&self) -> bool {
        let whole = |c: &Conversation| !c.has_hole() && c.suspects.is_empty();
        let idle = self.waiting.is_empty() && self.outbox.len() == 0;
        self.connected && idle && !self.syncing() && self.convs.values().all(whole)
    }
    /// Panics where an invariant of the crate's documentation is broken. For tests and the simulator.
    pub fn check(&self) {
        for (conv, c) in &self.convs {
            assert!(c.cursor <= c.reach && c.cursor <= c.durable_seen, "{conv}: cursor beyond what was received");
            assert!(c.held.keys().all(|seq| *seq > c.cursor), "{conv}: definitive messages are held");
            assert!(!c.held.contains_key(&(c.reach + 1)), "{conv}: reach lags");
            let unplaced = |o: &&Outgoing| o.conv == Some(*conv) && o.place.is_none();
            assert_eq!(c.own_unplaced, self.outbox.all().filter(unplaced).count(), "{conv}: own sends miscounted");
        }
    }
}
