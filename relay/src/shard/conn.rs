//! One connection's write side, whatever the transport.
//!
//! Limits: `outbox_bytes_max`, of frames and where they end. Above half of it, typing and presence are dropped; above all
//! of it the connection is cut as a slow consumer. A closing connection takes no more frames. What goes as a datagram
//! waits in QUIC's own buffer, where it takes the place of the oldest.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use chasqui_proto::codes::CloseCode;
use chasqui_proto::event::Event;
use chasqui_proto::ids::SessionId;
use chasqui_proto::limits::DATAGRAM_BYTES_MAX;
use chasqui_proto::ws::{self, Close};

use super::encode::{self, Wire};
use super::outbox::Outbox;
use super::stats::Stats;
use super::turn_log::Shared;
use crate::rt::{Notify, timer};
use crate::tcp::pipe::Pipe;
use crate::wt::Session;

pub struct Conn {
    pub session: SessionId,
    pub wire: Wire,
    pub outbox: RefCell<Outbox>,
    pub(super) dirty: Cell<bool>,
    /// Among those whose acks wait.
    pub(super) lazy: Cell<bool>,
    sink: Sink,
    outbox_bytes_max: usize,
    closing: Cell<Option<(u16, &'static str)>>,
    /// When the last ping went out and no pong has come since, in milliseconds.
    pub pinged_ms: Cell<Option<u64>>,
    pub quiet_since_ms: Cell<u64>,
    /// Raised when the outbox has emptied, or the connection is closing.
    pub drained: Notify,
    /// Raised when the connection is closing, for its reader and for its writer.
    ended: [Notify; 2],
}

enum Sink {
    /// Written at the end of the turn; what does not fit is written by a task.
    Tcp { pipe: Rc<Pipe>, waiting: Cell<bool>, me: std::rc::Weak<Conn> },
    /// Written by the session's own task, save datagrams, if the client asked for them.
    Stream { wake: Notify, datagrams: Option<Session> },
}

/// A frame to be queued.
#[derive(Clone, Copy)]
pub(super) enum Frame<'a> {
    /// For this receiver alone.
    Of(&'a Event),
    Copied(&'a [u8]),
    /// For connections whose [`Conn::can_share`].
    Shared(Shared),
}

/// How an event travels.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// In order, whatever it takes.
    Ordered,
    /// In order, or not at all where the reader is slow.
    Droppable,
    /// As a datagram; where the session takes none, as [`Self::Droppable`].
    Datagram,
}

impl Lane {
    pub(super) fn of(event: &Event) -> Self {
        match event {
            _ if event.fleeting() => Self::Datagram,
            _ if event.droppable() => Self::Droppable,
            _ => Self::Ordered,
        }
    }
}

impl Conn {
    pub fn tcp(session: SessionId, wire: Wire, outbox_bytes_max: usize, pipe: Rc<Pipe>) -> Rc<Self> {
        Rc::new_cyclic(|me| {
            let sink = Sink::Tcp { pipe, waiting: Cell::new(false), me: me.clone() };
            Self::new(session, wire, outbox_bytes_max, sink)
        })
    }

    /// `datagrams`: where to send them.
    pub fn stream(session: SessionId, wire: Wire, outbox_bytes_max: usize, datagrams: Option<Session>) -> Rc<Self> {
        Rc::new(Self::new(session, wire, outbox_bytes_max, Sink::Stream { wake: Notify::default(), datagrams }))
    }

    fn new(session: SessionId, wire: Wire, outbox_bytes_max: usize, sink: Sink) -> Self {
        Self {
            session,
            wire,
            outbox: RefCell::default(),
            dirty: Cell::new(false),
            lazy: Cell::new(false),
            sink,
            outbox_bytes_max,
            closing: Cell::new(None),
            pinged_ms: Cell::new(None),
            quiet_since_ms: Cell::new(0),
            drained: Notify::default(),
            ended: Default::default(),
        }
    }

    pub fn closing(&self) -> Option<(u16, &'static str)> {
        self.closing.get()
    }

    /// More than this waiting, and the connection is not read from.
    pub fn is_congested(&self) -> bool {
        self.outbox.borrow().bytes() > self.outbox_bytes_max / 2
    }

    /// True: the reader is too slow, and the connection is cut.
    pub(super) fn queue(&self, frame: Frame<'_>, droppable: bool) -> bool {
        if droppable && self.is_congested() {
            return false;
        }
        match frame {
            Frame::Of(event) => self.queue_with(|out| encode::append(self.wire, event, out)),
            Frame::Copied(frame) => self.queue_with(|out| out.extend_from_slice(frame)),
            Frame::Shared(frame) => self.put(|outbox| outbox.share(frame)),
        }
    }

    /// A frame of the transport itself, such as a pong, which `write` appends. True: as above.
    pub fn queue_with(&self, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        self.put(|outbox| outbox.push_with(write))
    }

    fn put(&self, put: impl FnOnce(&mut Outbox)) -> bool {
        if self.closing.get().is_some() {
            return false;
        }
        let mut outbox = self.outbox.borrow_mut();
        put(&mut outbox);
        if outbox.bytes() <= self.outbox_bytes_max {
            return false;
        }
        outbox.cut();
        drop(outbox);
        self.close(CloseCode::SlowConsumer.code(), CloseCode::SlowConsumer.name());
        true
    }

    /// The bytes that went. None: it has to go the other way, for the session takes no datagrams, or none as long, or is not to be sent
    /// more than it reads.
    pub(super) fn send_datagram(&self, frame: &[u8]) -> Option<usize> {
        let Sink::Stream { datagrams: Some(session), .. } = &self.sink else { return None };
        // A datagram has an end of its own.
        let payload = frame.strip_suffix(self.wire.dialect().stream_terminator()).unwrap_or(frame);
        let fits = payload.len() <= DATAGRAM_BYTES_MAX && self.closing.get().is_none() && !self.is_congested();
        (fits && session.send_datagram(payload).is_ok()).then_some(payload.len())
    }

    /// Nothing more is taken; what is queued goes out, then the close.
    pub fn close(&self, code: u16, name: &'static str) {
        if self.closing.get().is_some() {
            return;
        }
        if matches!(self.sink, Sink::Tcp { .. }) {
            let close = Close { code, reason: name };
            self.outbox.borrow_mut().push_with(|out| ws::encode::close(out, Some(close)));
        }
        self.end(code, name);
    }

    fn end(&self, code: u16, name: &'static str) {
        self.closing.set(Some((code, name)));
        self.drained.raise();
        self.ended.iter().for_each(Notify::raise);
    }

    /// For the reader: the connection is closing.
    pub async fn closed(&self) {
        if self.closing.get().is_none() {
            self.ended[0].raised().await;
        }
    }

    /// For the writer: the connection has been closing for `grace`.
    pub async fn closed_for(&self, grace: Duration) {
        if self.closing.get().is_none() {
            self.ended[1].raised().await;
        }
        timer::sleep(grace).await;
    }

    pub fn is_web_socket(&self) -> bool {
        matches!(self.sink, Sink::Tcp { .. })
    }

    /// Whether it is written to at the end of this turn, and not by a task of its own.
    #[inline]
    pub(super) fn can_share(&self) -> bool {
        matches!(&self.sink, Sink::Tcp { waiting, .. } if !waiting.get())
    }

    /// Writes what can be written now, unless a task waits to write the rest. The turn's log is not needed any more.
    pub(super) fn flush(&self, stats: &Arc<Stats>) {
        self.write_or_wait(stats);
        self.outbox.borrow_mut().own();
    }

    fn write_or_wait(&self, stats: &Arc<Stats>) {
        match &self.sink {
            Sink::Stream { wake, .. } => wake.raise(),
            Sink::Tcp { pipe, waiting, me } => {
                if !waiting.get()
                    && !self.write_some(pipe, stats)
                    && !waiting.replace(true)
                    && let Some(me) = me.upgrade()
                {
                    crate::rt::spawn(me.write_rest(stats.clone()));
                }
            }
        }
    }

    /// True: nothing is left to write, or nothing more can be.
    fn write_some(&self, pipe: &Pipe, stats: &Stats) -> bool {
        loop {
            let mut outbox = self.outbox.borrow_mut();
            match pipe.try_write(&mut outbox, stats) {
                Ok(true) if outbox.is_empty() => break,
                Ok(true) => {}
                Ok(false) => return false,
                Err(_) => {
                    pipe.shutdown();
                    break;
                }
            }
        }
        self.drained.raise();
        if self.closing.get().is_some() {
            pipe.finish();
        }
        true
    }

    /// Waits for the peer to read on. Ends with the outbox empty or the connection gone.
    async fn write_rest(self: Rc<Self>, stats: Arc<Stats>) {
        let Sink::Tcp { pipe, waiting, .. } = &self.sink else { return };
        loop {
            pipe.writable().await;
            if self.write_some(pipe, &stats) {
                waiting.set(false);
                return;
            }
        }
    }

    /// For the session's own writing task: waits until there is something to do.
    pub async fn wait_for_frames(&self) {
        if let Sink::Stream { wake, .. } = &self.sink {
            wake.raised().await;
        }
    }

    /// Ends the transport at once, without the close handshake.
    pub fn abort(&self) {
        match &self.sink {
            Sink::Tcp { pipe, .. } => pipe.shutdown(),
            Sink::Stream { wake, .. } => {
                let (code, name) = self.closing.get().unwrap_or((0, ""));
                self.end(code, name);
                wake.raise();
            }
        }
        self.drained.raise();
    }
}
