//! A WebSocket connection's reading task.
//!
//! It reads only while the outbox is below half its bound: a reader that does not read is not served either.
//! Cancel safety: the task owns its connection and is never cancelled; it ends when the socket does.

use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use chasqui_proto::codes::CloseCode;
use chasqui_proto::dialect::Dialect;
use chasqui_proto::ws::{self, Decoder, Event, Input, Limits, Opcode};

use super::pipe::{Pipe, Received};
use crate::edge::intake::Intake;
use crate::edge::{Edge, Entrant, Seat};
use crate::race::{until, within};
use crate::shard::conn::Conn;
use crate::shard::encode::Wire;
use crate::shard::flush::Flusher;

/// How long a peer may take to answer our close frame.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);
/// An oversize message up to this is skipped and answered with 413; beyond, the connection is closed with 1009.
const SKIP_BYTES_MAX: usize = 1024 * 1024;

/// What takes a connection's messages.
pub trait Messages {
    fn message(&mut self, opcode: Opcode, payload: &[u8]);
    /// A message above the limit was skipped.
    fn oversize(&mut self);
    /// False: the peer must still authenticate, before the deadline.
    fn is_open(&self) -> bool;
}

impl Messages for Intake {
    fn message(&mut self, opcode: Opcode, payload: &[u8]) {
        let fits = (opcode == Opcode::Text) == self.conn.wire.dialect().is_text();
        // The other kind of frame than the dialect's cannot parse.
        self.payload(if fits { payload } else { b"" });
    }
    fn oversize(&mut self) {
        Intake::oversize(self);
    }
    fn is_open(&self) -> bool {
        self.is_authenticated()
    }
}

/// A connection whose next bytes are frames.
pub(super) struct Upgraded {
    pub pipe: Rc<Pipe>,
    pub dialect: Dialect,
    /// Who the handshake's token names; `None`: the first frame must authenticate, before the deadline.
    pub entrant: Option<Entrant>,
    /// What came with the handshake.
    pub rest: BytesMut,
    pub deadline: Instant,
}

/// Small: it is what an idle connection's task is made of.
pub(super) fn serve(edge: Rc<Edge>, seat: Seat, upgraded: Upgraded) -> impl Future<Output = ()> {
    let Upgraded { pipe, dialect, entrant, mut rest, deadline } = upgraded;
    let transport = if pipe.is_tls() { "wss" } else { "ws" };
    let session = edge.shell.session_id();
    let conn = Conn::tcp(session, Wire::web_socket(dialect), edge.limits.outbox_bytes_max, pipe.clone());
    let intake = Intake::new(edge.clone(), conn.clone(), entrant.is_some(), transport);
    if let Some(entrant) = entrant {
        edge.open(&conn, entrant, "", transport);
    }
    let limits = Limits::for_messages(edge.limits.frame_bytes_max).skipping_up_to(SKIP_BYTES_MAX);
    let mut reader = Reader::new(conn, edge.shell.flusher.clone(), limits, intake);
    reader.take(&mut rest);
    async move {
        let _seat = seat;
        let _ = reader.run(&pipe, deadline).await;
        edge.shell.remove(session);
        if reader.messages.is_authenticated() {
            let code = reader.conn.closing().map_or(0, |(code, _)| code);
            tracing::info!(%session, transport, code, "disconnect");
        }
    }
}

/// Reads one connection's messages until it ends.
pub struct Reader<M> {
    conn: Rc<Conn>,
    flusher: Rc<Flusher>,
    decoder: Decoder,
    messages: M,
    /// A close frame came, or the protocol was broken: nothing more is read.
    over: bool,
}

impl<M: Messages> Reader<M> {
    pub fn new(conn: Rc<Conn>, flusher: Rc<Flusher>, limits: Limits, messages: M) -> Self {
        conn.quiet_since_ms.set(flusher.now_ms());
        Self { conn, flusher, decoder: Decoder::new(limits), messages, over: false }
    }

    /// Until the connection ends, which it does at `deadline` if the peer has not authenticated.
    pub async fn run(&mut self, pipe: &Pipe, deadline: Instant) -> io::Result<()> {
        while !self.messages.is_open() && self.conn.closing().is_none() {
            let left = deadline.saturating_duration_since(Instant::now());
            match within(left, pipe.receive(|bytes| self.take(bytes))).await {
                Some(Ok(Received::Bytes)) => {}
                Some(_) => return Ok(()),
                None => self.close(CloseCode::Unauthenticated.code(), CloseCode::Unauthenticated.name()),
            }
        }
        while self.conn.closing().is_none() {
            if self.conn.is_congested() {
                self.conn.drained.raised().await;
                continue;
            }
            let conn = self.conn.clone();
            match until(pipe.receive(|bytes| self.take(bytes)), conn.closed()).await {
                Some(Ok(Received::Bytes)) | None => self.decoder.release(),
                Some(Ok(Received::End)) => return Ok(()),
                Some(Err(error)) => return Err(error),
            }
        }
        // The close is on its way; the peer's answer, or its end of stream, is awaited for a while.
        let _ = within(CLOSE_WITHIN, self.await_end(pipe)).await;
        pipe.shutdown();
        Ok(())
    }

    async fn await_end(&mut self, pipe: &Pipe) {
        // What is queued, our close frame last, goes out first.
        while !self.conn.outbox.borrow().is_empty() {
            self.conn.drained.raised().await;
        }
        loop {
            let received = pipe.receive(|bytes| self.take(bytes)).await;
            // After our close a peer that has sent its own ends the stream; so do we.
            if self.over || !matches!(received, Ok(Received::Bytes)) {
                return;
            }
        }
    }

    fn close(&self, code: u16, reason: &'static str) {
        self.conn.close(code, reason);
        self.flusher.mark(&self.conn);
    }

    /// Bytes that came, those that came with the handshake among them.
    pub fn take(&mut self, bytes: &mut [u8]) {
        let mut input = Input::new(bytes);
        self.conn.quiet_since_ms.set(self.flusher.turn_ms());
        while !self.over {
            match self.decoder.next(&mut input) {
                Ok(None) => return,
                Ok(Some(Event::Text(text))) => self.messages.message(Opcode::Text, text.as_bytes()),
                Ok(Some(Event::Binary(payload))) => self.messages.message(Opcode::Binary, payload),
                Ok(Some(Event::TooLarge { .. })) => self.messages.oversize(),
                Ok(Some(Event::Pong(_))) => self.conn.pinged_ms.set(None),
                Ok(Some(Event::Ping(payload))) => {
                    self.conn.queue_with(|out| ws::encode::pong(out, payload));
                    self.flusher.mark(&self.conn);
                }
                Ok(Some(Event::Close(close))) => {
                    let code = close.map_or(1000, |close| close.code);
                    self.over = true;
                    self.close(code, "");
                }
                Err(error) => {
                    let close = error.close();
                    self.over = true;
                    self.close(close.code, close.reason);
                }
            }
        }
    }
}
