//! A shard's shell: carries out what the core decides.
//!
//! Flow: a transport decodes a frame and calls [`Shell::input`]; the core's effects are carried out at once, in
//! order: events are encoded (once per wire format for a fan-out) into outboxes, or into the turn's log if they are for
//! many; store requests are queued. At the end of the turn every touched connection is flushed with one write and every
//! touched shard's bell is rung once.
//!
//! Invariant: the core is never entered while its effects are being carried out.

pub mod conn;
mod conns;
pub mod encode;
pub mod flush;
pub mod histogram;
mod lazy;
pub mod outbox;
mod pump;
pub mod stats;
pub mod store;
mod turn_log;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chasqui_chat::{Effect, Effects, Input, Now, Shard};
use chasqui_proto::codes::CloseCode;
use chasqui_proto::event::Event;
use chasqui_proto::ids::SessionId;
use chasqui_proto::row::{Completion, StoreRequest};

use crate::rt::Notify;
use conn::{Conn, Frame, Lane};
use conns::Conns;
use encode::Encoder;
use flush::Flusher;
use lazy::LazyAcks;
pub use pump::{Phase, PortLinks, PumpParts, pump};
use stats::Stats;
use store::StoreHandle;

/// A frame for fewer receivers is copied to each at once: they are likely to get more, of which others get none.
const SHARED_BY_MIN: usize = 8;

/// One shard, shared by its tasks.
pub struct Shell {
    core: RefCell<Shard>,
    effects: RefCell<Effects>,
    store: RefCell<StoreHandle>,
    conns: RefCell<Conns>,
    encoder: RefCell<Encoder>,
    pub flusher: Rc<Flusher>,
    /// One look at the clocks serves a whole turn.
    turn_now: Cell<Option<Now>>,
    deadline: Cell<Option<u64>>,
    deadline_moved: Notify,
    /// Store requests answered at once.
    answered: RefCell<Vec<Completion>>,
    lazy_acks: LazyAcks,
    pub stats: Arc<Stats>,
}

/// What a shell is made with.
pub struct ShellParts {
    pub shard: u16,
    pub core: Shard,
    pub store: StoreHandle,
    pub started: Instant,
    /// Keeps session ids apart from those of former processes.
    pub first_session: u64,
    pub ack_delay: Duration,
    pub stats: Arc<Stats>,
}

impl Shell {
    pub fn new(parts: ShellParts) -> Rc<Self> {
        let ShellParts { shard, core, store, started, first_session, ack_delay, stats } = parts;
        Rc::new(Self {
            core: RefCell::new(core),
            effects: RefCell::default(),
            store: RefCell::new(store),
            conns: RefCell::new(Conns::new(shard, first_session)),
            encoder: RefCell::default(),
            turn_now: Cell::new(None),
            deadline: Cell::new(None),
            deadline_moved: Notify::default(),
            answered: RefCell::default(),
            lazy_acks: LazyAcks::new(ack_delay),
            flusher: Flusher::new(started, stats.clone()),
            stats,
        })
    }

    pub fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { mono_ms: self.flusher.now_ms(), wall_ms: wall.as_millis() as u64 }
    }

    pub fn session_id(&self) -> SessionId {
        self.conns.borrow_mut().new_id()
    }

    pub fn sessions(&self) -> usize {
        self.conns.borrow().len()
    }

    pub fn add(&self, conn: Rc<Conn>) {
        self.conns.borrow_mut().insert(conn);
        self.stats.connections.set(self.sessions() as u64);
    }

    /// Everything of this turn is written.
    pub fn end_turn(&self) {
        self.turn_now.set(None);
        self.watch_deadline();
        self.encoder.borrow_mut().trim();
        self.stats.core.set(self.core.borrow().gauges());
    }

    /// The transport is gone.
    pub fn remove(&self, session: SessionId) {
        let known = self.take(session);
        if known.is_some() {
            self.input(Input::Closed { session });
        }
    }

    fn take(&self, session: SessionId) -> Option<Rc<Conn>> {
        let conn = self.conns.borrow_mut().remove(session);
        self.stats.connections.set(self.sessions() as u64);
        conn
    }

    pub fn conns(&self) -> Vec<Rc<Conn>> {
        self.conns.borrow().iter().cloned().collect()
    }

    pub fn with_core<R>(&self, look: impl FnOnce(&Shard) -> R) -> R {
        look(&self.core.borrow())
    }

    /// One input into the core, and everything that follows from it.
    pub fn input(&self, input: Input<'_>) {
        self.step(input);
        self.take_answers();
        self.flusher.touch();
    }

    /// The core's deadline has come, perhaps since the turn began.
    pub fn tick(&self) {
        self.turn_now.set(None);
        self.input(Input::Tick);
    }

    fn step(&self, input: Input<'_>) {
        let now = self.turn_now.get().unwrap_or_else(|| self.now());
        self.turn_now.set(Some(now));
        let mut effects = self.effects.borrow_mut();
        self.core.borrow_mut().step(now, input, &mut effects);
        self.carry_out(&mut effects);
        effects.clear();
    }

    /// Answers to what was just asked may ask for more.
    fn take_answers(&self) {
        while !self.answered.borrow().is_empty() {
            let mut answered = self.answered.take();
            answered.drain(..).for_each(|completion| self.step(Input::Stored(completion)));
            let more = self.answered.replace(answered);
            self.answered.borrow_mut().extend(more);
        }
    }

    fn carry_out(&self, effects: &mut Effects) {
        for effect in effects.list.drain(..) {
            match effect {
                Effect::Send { session, event } => self.send(session, &event),
                Effect::Fan { targets, event } => self.fan(&effects.targets[targets], &event),
                Effect::Close { session, code } => self.close(session, code),
                Effect::Store(request) => self.store(request),
            }
        }
    }

    /// An event for one session.
    pub fn send(&self, session: SessionId, event: &Event) {
        if let Some(conn) = self.conns.borrow().get(session) {
            self.send_to(conn, event);
        }
    }

    pub fn send_to(&self, conn: &Rc<Conn>, event: &Event) {
        match Lane::of(event) {
            Lane::Datagram => self.queue(conn, self.encoder.borrow_mut().begin(event).frame(conn.wire), Lane::Datagram),
            _ if matches!(event, Event::Ack { .. }) && !self.lazy_acks.is_off() => {
                self.put(conn, Frame::Of(event), false);
                self.lazy_acks.put(conn);
            }
            lane => {
                self.put(conn, Frame::Of(event), lane != Lane::Ordered);
                self.mark_dirty(conn);
            }
        }
    }

    /// Writes acks that have waited enough, for ever.
    pub async fn write_lazy_acks(&self) {
        self.lazy_acks.run(&self.flusher).await;
    }

    fn fan(&self, targets: &[SessionId], event: &Event) {
        if let &[session] = targets {
            return self.send(session, event);
        }
        let mut encoder = self.encoder.borrow_mut();
        let mut encoding = encoder.begin(event);
        let (lane, conns) = (Lane::of(event), self.conns.borrow());
        let many = targets.len() >= SHARED_BY_MIN;
        for conn in targets.iter().filter_map(|session| conns.get(*session)) {
            let shared = if many && conn.can_share() { encoding.shared(conn.wire) } else { None };
            match shared {
                Some(frame) => {
                    self.put(conn, Frame::Shared(frame), lane != Lane::Ordered);
                    self.mark_dirty(conn);
                }
                None => self.queue(conn, encoding.frame(conn.wire), lane),
            }
        }
    }

    fn queue(&self, conn: &Rc<Conn>, frame: &[u8], lane: Lane) {
        if lane == Lane::Datagram
            && let Some(bytes) = conn.send_datagram(frame)
        {
            self.stats.frames_out.add(1);
            self.stats.bytes_out.add(bytes as u64);
            return self.stats.datagrams_out.add(1);
        }
        self.put(conn, Frame::Copied(frame), lane != Lane::Ordered);
        self.mark_dirty(conn);
    }

    fn put(&self, conn: &Rc<Conn>, frame: Frame<'_>, droppable: bool) {
        self.stats.frames_out.add(1);
        if conn.queue(frame, droppable) {
            self.stats.slow_consumers.add(1);
            self.mark_dirty(conn);
        }
    }

    /// The connection is flushed at the end of the turn.
    pub fn mark_dirty(&self, conn: &Rc<Conn>) {
        self.flusher.mark(conn);
    }

    fn close(&self, session: SessionId, code: CloseCode) {
        // The core has forgotten the session; no Closed is owed for it.
        if let Some(conn) = self.take(session) {
            self.close_conn(&conn, code);
        }
    }

    pub fn close_conn(&self, conn: &Rc<Conn>, code: CloseCode) {
        conn.close(code.code(), code.name());
        self.mark_dirty(conn);
    }

    fn store(&self, request: StoreRequest) {
        let answer = self.store.borrow_mut().submit(request);
        self.answered.borrow_mut().extend(answer);
    }

    fn watch_deadline(&self) {
        if self.deadline.get() != self.next_deadline() {
            self.deadline_moved.raise();
        }
    }

    /// The core's; whoever asks sleeps until then, or until `deadline_moved`.
    fn next_deadline(&self) -> Option<u64> {
        let next = self.core.borrow().next_deadline();
        self.deadline.set(next);
        next
    }
}
