//! A client: the real client rules behind a connection that may break at any moment.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chasqui_client_rules::{Config, Input, Notice, Output, OwnedCommand, Rules};
use chasqui_proto::command::AckLevel;
use chasqui_proto::event::Event;
use chasqui_proto::ids::{ClientId, ConvId, MsgId, Seq, SessionId, UserId};

use crate::server::Down;
use crate::world::CHECK_EVERY;

pub struct Client {
    pub user: UserId,
    pub rules: Rules,
    pub wire: Option<Wire>,
    pub connect_at: u64,
    /// What the app shows: each message once.
    pub shown: BTreeMap<ClientId, MsgId>,
    /// Shown, and then lost by a crash: should one come back, it is new.
    pub withdrawn: BTreeSet<ClientId>,
    /// Shown, and then taken back as this message: one sent again meanwhile is another, and new.
    pub retracted: BTreeMap<ClientId, MsgId>,
    pub sent: BTreeSet<ClientId>,
    pub failed: BTreeSet<ClientId>,
    pub ticked: Vec<Ack>,
    handled: u64,
    /// How many of the acks the checks have taken, and how far each cursor had come by then.
    acks_taken: usize,
    progress_taken: BTreeMap<ConvId, Seq>,
}

/// A send was acknowledged.
#[derive(Clone, Copy, Debug)]
pub struct Ack {
    pub client_id: ClientId,
    pub level: AckLevel,
    pub conv: ConvId,
    pub msg_id: MsgId,
    pub seq: Seq,
}

/// A connection's two directions.
pub struct Wire {
    pub session: SessionId,
    pub up: VecDeque<Up>,
    pub down: VecDeque<Down>,
}

#[derive(Debug)]
pub enum Up {
    Open,
    Command(OwnedCommand),
    /// The client is gone, as the server will find out.
    Closed,
}

impl Client {
    pub fn new(user: UserId, config: Config) -> Self {
        Self {
            user,
            rules: Rules::new(config),
            wire: None,
            connect_at: 0,
            shown: BTreeMap::new(),
            withdrawn: BTreeSet::new(),
            retracted: BTreeMap::new(),
            sent: BTreeSet::new(),
            failed: BTreeSet::new(),
            ticked: Vec::new(),
            handled: 0,
            acks_taken: 0,
            progress_taken: BTreeMap::new(),
        }
    }

    pub fn connect(&mut self, session: SessionId) {
        self.wire = Some(Wire { session, up: [Up::Open].into(), down: VecDeque::new() });
    }

    pub fn event(&mut self, now: u64, event: &Event) {
        self.handle(now, Input::Event(event));
    }

    /// Takes one input; commands go onto the wire, notices into the books.
    pub fn handle(&mut self, now: u64, input: Input<'_>) {
        self.rules.handle(now, input);
        while let Some(output) = self.rules.poll() {
            match output {
                Output::Command(command) => {
                    let wire = self.wire.as_mut().expect("the rules write only while connected");
                    wire.up.push_back(Up::Command(command));
                }
                Output::Notice(notice) => self.notice(notice),
            }
        }
        self.handled += 1;
        if self.handled.is_multiple_of(CHECK_EVERY) {
            self.rules.check();
        }
    }

    /// The durable acks that came since this was asked last.
    pub fn take_new_acks(&mut self) -> Vec<Ack> {
        let new = &self.ticked[self.acks_taken..];
        self.acks_taken = self.ticked.len();
        new.iter().copied().filter(|ack| ack.level >= AckLevel::Durable).collect()
    }

    /// The cursors that rose since this was asked last: conversation, from, to.
    pub fn take_progress(&mut self) -> Vec<(ConvId, Seq, Seq)> {
        let mut risen = Vec::new();
        for conv in self.rules.conversations() {
            let (taken, now) = (self.progress_taken.entry(conv).or_default(), self.rules.cursor(conv));
            if now > *taken {
                risen.push((conv, *taken, now));
            }
            *taken = now;
        }
        risen
    }

    fn notice(&mut self, notice: Notice) {
        match notice {
            Notice::NewMessage { message, .. } => self.show(message.client_id, message.msg_id),
            Notice::Ticked { client_id, level, conv, msg_id, seq, .. } => {
                self.ticked.push(Ack { client_id, level, conv, msg_id, seq });
                self.shown.insert(client_id, msg_id);
            }
            Notice::SendFailed { client_id, .. } => _ = self.failed.insert(client_id),
            // An own send is shown, with its place, from its tick on.
            Notice::Moved { client_id, msg_id, .. } => match self.shown.get_mut(&client_id) {
                Some(shown) => *shown = msg_id,
                None => assert!(self.sent.contains(&client_id), "{}: what moves is shown", self.user),
            },
            Notice::Withdrawn { client_id, .. } => {
                assert!(self.shown.remove(&client_id).is_some(), "{}: what is withdrawn was shown", self.user);
                self.withdrawn.insert(client_id);
            }
            Notice::Retracted { msg_id, .. } => {
                self.retracted.extend(self.shown.extract_if(.., |_, shown| *shown == msg_id));
            }
            Notice::Reset { conv } => {
                panic!("{}: conversation {conv} was reset, yet nothing is ever deleted", self.user)
            }
            Notice::Synced | Notice::Told(_) | Notice::AskFailed { .. } => {}
        }
    }

    fn show(&mut self, client_id: ClientId, msg_id: MsgId) {
        let own = self.sent.contains(&client_id);
        let other = self.retracted.get(&client_id).is_some_and(|retracted| *retracted != msg_id);
        let lost = self.withdrawn.remove(&client_id) || other;
        assert!(!own || lost, "{}: the own send {client_id} is shown as new", self.user);
        let before = self.shown.insert(client_id, msg_id);
        assert!(before.is_none(), "{} is shown message {client_id} twice", self.user);
    }
}
