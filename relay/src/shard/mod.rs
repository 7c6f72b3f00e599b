//! A shard's shell: carries out what the core decides.
//!
//! Flow: a transport decodes a frame and calls [`Shell::input`]; the core's effects are carried out at once, in
//! order: events are encoded (once per wire format for a fan-out) into outboxes, store requests are queued. At the end of
//! the turn every touched connection is flushed with one write and every touched shard's bell is rung once.
//!
//! Invariant: the core is never entered while its effects are being carried out.

pub mod conn;
pub mod encode;
pub mod flush;
pub mod outbox;
mod pump;
pub mod stats;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use chasqui_chat::{Effect, Effects, Input, Now, Shard};
use chasqui_proto::codes::CloseCode;
use chasqui_proto::event::Event;
use chasqui_proto::ids::SessionId;
use chasqui_proto::row::{Completion, Outcome, StoreFailure};

use crate::rt::Notify;
use conn::Conn;
use encode::{Encoder, Wire};
use flush::Flusher;
pub use pump::{Phase, PortLinks, PumpParts, pump};
use stats::Stats;

/// Sends store requests on; the queue holds as many as the core has slots.
pub type StoreHandle = chasqui_storage::service::ShardHandle;

/// One shard, shared by its tasks.
pub struct Shell {
    core: RefCell<Shard>,
    effects: RefCell<Effects>,
    store: RefCell<StoreHandle>,
    conns: RefCell<HashMap<SessionId, Rc<Conn>>>,
    encoder: RefCell<Encoder>,
    pub flusher: Rc<Flusher>,
    deadline: Cell<Option<u64>>,
    deadline_moved: Notify,
    next_session: Cell<u64>,
    shard: u16,
    /// Store requests a stopped store refused; the pump answers them.
    refused: RefCell<Vec<Completion>>,
    pub stats: Arc<Stats>,
}

impl Shell {
    /// `first_session` keeps session ids apart from those of former processes.
    pub fn new(
        shard: u16,
        core: Shard,
        store: StoreHandle,
        started: Instant,
        first_session: u64,
        stats: Arc<Stats>,
    ) -> Rc<Self> {
        let flusher = Flusher::new(started, stats.clone());
        Rc::new(Self {
            core: RefCell::new(core),
            effects: RefCell::default(),
            store: RefCell::new(store),
            conns: RefCell::default(),
            encoder: RefCell::default(),
            deadline: Cell::new(None),
            deadline_moved: Notify::default(),
            next_session: Cell::new(first_session),
            shard,
            refused: RefCell::default(),
            stats,
            flusher,
        })
    }

    pub fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { mono_ms: self.flusher.now_ms(), wall_ms: wall.as_millis() as u64 }
    }

    pub fn session_id(&self) -> SessionId {
        let serial = self.next_session.get();
        self.next_session.set(serial + 1);
        SessionId::new(self.shard, serial)
    }

    pub fn sessions(&self) -> usize {
        self.conns.borrow().len()
    }

    pub fn add(&self, conn: Rc<Conn>) {
        self.conns.borrow_mut().insert(conn.session, conn);
        self.stats.connections.set(self.sessions() as u64);
    }

    /// The transport is gone.
    pub fn remove(&self, session: SessionId) {
        let known = self.take(session);
        if known.is_some() {
            self.input(Input::Closed { session });
        }
    }

    fn take(&self, session: SessionId) -> Option<Rc<Conn>> {
        let conn = self.conns.borrow_mut().remove(&session);
        self.stats.connections.set(self.sessions() as u64);
        conn
    }

    /// What a stopped store has refused since this was asked last.
    pub fn take_refused(&self) -> Vec<Completion> {
        self.refused.take()
    }

    pub fn conns(&self) -> Vec<Rc<Conn>> {
        self.conns.borrow().values().cloned().collect()
    }

    pub fn with_core<R>(&self, look: impl FnOnce(&Shard) -> R) -> R {
        look(&self.core.borrow())
    }

    /// One input into the core, and everything that follows from it.
    pub fn input(&self, input: Input<'_>) {
        let mut effects = self.effects.take();
        self.core.borrow_mut().step(self.now(), input, &mut effects);
        self.carry_out(&mut effects);
        effects.clear();
        self.effects.replace(effects);
        self.watch_deadline();
        self.flusher.touch();
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
        let conn = self.conns.borrow().get(&session).cloned();
        if let Some(conn) = conn {
            self.send_to(&conn, event);
        }
    }

    pub fn send_to(&self, conn: &Rc<Conn>, event: &Event) {
        let frame = self.encoder.borrow_mut().encode(conn.wire, event);
        self.queue(conn, frame, event.droppable());
    }

    fn fan(&self, targets: &[SessionId], event: &Event) {
        let mut frames: [Option<bytes::Bytes>; Wire::COUNT] = Default::default();
        let droppable = event.droppable();
        for session in targets {
            let conn = self.conns.borrow().get(session).cloned();
            let Some(conn) = conn else { continue };
            let encode = || self.encoder.borrow_mut().encode(conn.wire, event);
            let frame = frames[conn.wire as usize].get_or_insert_with(encode).clone();
            self.queue(&conn, frame, droppable);
        }
    }

    fn queue(&self, conn: &Rc<Conn>, frame: bytes::Bytes, droppable: bool) {
        self.stats.frames_out.add(1);
        self.stats.slow_consumers.add(u64::from(conn.queue(frame, droppable)));
        self.mark_dirty(conn);
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

    fn store(&self, request: chasqui_proto::row::StoreRequest) {
        let refused = self.store.borrow_mut().submit(request).err();
        if let Some(request) = refused {
            // The queue is as long as the core's slots, so only a stopped store comes here.
            let outcome = Outcome::Failed(StoreFailure::Unknown);
            self.refused.borrow_mut().push(Completion { ticket: request.ticket, outcome });
        }
    }

    fn watch_deadline(&self) {
        let next = self.core.borrow().next_deadline();
        if next != self.deadline.replace(next) {
            self.deadline_moved.raise();
        }
    }
}
