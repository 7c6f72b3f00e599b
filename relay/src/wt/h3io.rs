//! The HTTP/3 library's view of a QUIC connection.
//!
//! Promises: `h3` sees the streams that are HTTP/3's and no others, each from its first byte, each byte
//! counted by a [`FrameGuard`] before it is handed over. What breaks the guard closes the connection with
//! `H3_EXCESSIVE_LOAD`.
//!
//! In the flow: [`super::classify`] puts streams into [`Inlet`]'s queues; `h3` takes them out through
//! [`Conn`]. A [`Recv`] that is dropped tells the registry that its request is over.
//!
//! Not here: opening bidirectional streams, which an HTTP/3 server never does.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use h3::error::Code;
use h3::quic::{self, BidiStream, ConnectionErrorIncoming, OpenStreams, StreamErrorIncoming, StreamId, WriteBuf};
use quinn::{ConnectionError, ReadError, VarInt, WriteError};

use super::codes;
use super::guard::{FrameGuard, Kind};
use super::queue::Queue;
use super::registry::Registry;

/// Frames of requests and answers go before the sessions' data, so a close is never stuck behind it.
const REQUEST_PRIORITY: i32 = 1;
/// As many as the transport lets a client open.
const INLET_STREAMS_MAX: usize = 64;

/// Where HTTP/3's own streams wait for `h3` to accept them.
pub(super) struct Inlet {
    pub(super) bidi: Queue<Bidi>,
    pub(super) uni: Queue<Recv>,
}

impl Inlet {
    pub(super) fn new() -> Self {
        Self { bidi: Queue::new(INLET_STREAMS_MAX), uni: Queue::new(INLET_STREAMS_MAX) }
    }
}

pub(super) fn connection_error(error: ConnectionError) -> ConnectionErrorIncoming {
    match error {
        ConnectionError::ApplicationClosed(close) => {
            ConnectionErrorIncoming::ApplicationClose { error_code: close.error_code.into_inner() }
        }
        ConnectionError::TimedOut => ConnectionErrorIncoming::Timeout,
        other => ConnectionErrorIncoming::Undefined(Arc::new(other)),
    }
}

fn lost(error: ConnectionError) -> StreamErrorIncoming {
    StreamErrorIncoming::ConnectionErrorIncoming { connection_error: connection_error(error) }
}

fn terminated(code: VarInt) -> StreamErrorIncoming {
    StreamErrorIncoming::StreamTerminated { error_code: code.into_inner() }
}

fn write_error(error: WriteError) -> StreamErrorIncoming {
    match error {
        WriteError::Stopped(code) => terminated(code),
        WriteError::ConnectionLost(error) => lost(error),
        other => StreamErrorIncoming::Unknown(Box::new(other)),
    }
}

fn read_error(error: ReadError) -> StreamErrorIncoming {
    match error {
        ReadError::Reset(code) => terminated(code),
        ReadError::ConnectionLost(error) => lost(error),
        other => StreamErrorIncoming::Unknown(Box::new(other)),
    }
}

fn stream_id(id: quinn::StreamId) -> StreamId {
    VarInt::from(id).into_inner().try_into().expect("quinn's stream ids are valid")
}

/// The receiving half of one of HTTP/3's streams.
pub(super) struct Recv {
    stream: quinn::RecvStream,
    /// Bytes read while the stream was classified.
    first: VecDeque<Bytes>,
    guard: FrameGuard,
    registry: Rc<Registry>,
}

impl Recv {
    pub(super) fn new(stream: quinn::RecvStream, first: VecDeque<Bytes>, kind: Kind, registry: Rc<Registry>) -> Self {
        Self { stream, first, guard: FrameGuard::new(kind), registry }
    }

    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        if let Some(first) = self.first.pop_front() {
            return Poll::Ready(Ok(Some(first)));
        }
        // The future of one poll holds no state worth keeping, so `stop_sending` may come in between.
        let chunk = ready!(pin!(self.stream.read_chunk(usize::MAX, true)).poll(cx));
        Poll::Ready(chunk.map(|chunk| chunk.map(|chunk| chunk.bytes)).map_err(read_error))
    }

    fn refuse(&self) -> StreamErrorIncoming {
        self.registry.close_connection(codes::EXCESSIVE_LOAD, b"frame too large");
        let error_code = codes::EXCESSIVE_LOAD.into_inner();
        let connection_error = ConnectionErrorIncoming::ApplicationClose { error_code };
        StreamErrorIncoming::ConnectionErrorIncoming { connection_error }
    }
}

impl quic::RecvStream for Recv {
    type Buf = Bytes;

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        let bytes = ready!(self.poll_bytes(cx))?;
        match bytes.as_deref().map_or(Ok(()), |bytes| self.guard.pass(bytes)) {
            Ok(()) => Poll::Ready(Ok(bytes)),
            Err(_) => Poll::Ready(Err(self.refuse())),
        }
    }

    fn stop_sending(&mut self, error_code: u64) {
        let code = VarInt::from_u64(error_code).unwrap_or(codes::INTERNAL_ERROR);
        let _ = self.stream.stop(code);
    }

    fn recv_id(&self) -> StreamId {
        stream_id(self.stream.id())
    }
}

impl Drop for Recv {
    fn drop(&mut self) {
        // Harmless when the stream has ended or was stopped before.
        let _ = self.stream.stop(codes::NO_ERROR);
        self.registry.request_over(VarInt::from(self.stream.id()).into_inner());
    }
}

/// The sending half of one of HTTP/3's streams.
pub(super) struct Send {
    stream: quinn::SendStream,
    pending: Option<WriteBuf<Bytes>>,
}

impl Send {
    fn new(stream: quinn::SendStream) -> Self {
        let _ = stream.set_priority(REQUEST_PRIORITY);
        Self { stream, pending: None }
    }
}

impl quic::SendStream<Bytes> for Send {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        while let Some(pending) = self.pending.as_mut().filter(|pending| pending.has_remaining()) {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, pending.chunk())).map_err(write_error)?;
            pending.advance(written);
        }
        self.pending = None;
        Poll::Ready(Ok(()))
    }

    fn send_data<T: Into<WriteBuf<Bytes>>>(&mut self, data: T) -> Result<(), StreamErrorIncoming> {
        debug_assert!(self.pending.is_none(), "h3 waits for one frame before it sends the next");
        self.pending = Some(data.into());
        Ok(())
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        ready!(self.poll_ready(cx))?;
        // A stream that is finished or reset already has nothing left to finish.
        let _ = self.stream.finish();
        Poll::Ready(Ok(()))
    }

    fn reset(&mut self, reset_code: u64) {
        let code = VarInt::from_u64(reset_code).unwrap_or(codes::INTERNAL_ERROR);
        let _ = self.stream.reset(code);
    }

    fn send_id(&self) -> StreamId {
        stream_id(self.stream.id())
    }
}

/// A request's stream.
pub(super) struct Bidi {
    send: Send,
    recv: Recv,
}

impl Bidi {
    pub(super) fn new(send: quinn::SendStream, recv: Recv) -> Self {
        Self { send: Send::new(send), recv }
    }
}

impl BidiStream<Bytes> for Bidi {
    type SendStream = Send;
    type RecvStream = Recv;

    fn split(self) -> (Send, Recv) {
        (self.send, self.recv)
    }
}

impl quic::RecvStream for Bidi {
    type Buf = Bytes;

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        self.recv.poll_data(cx)
    }

    fn stop_sending(&mut self, error_code: u64) {
        self.recv.stop_sending(error_code);
    }

    fn recv_id(&self) -> StreamId {
        self.recv.recv_id()
    }
}

impl quic::SendStream<Bytes> for Bidi {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        self.send.poll_ready(cx)
    }

    fn send_data<T: Into<WriteBuf<Bytes>>>(&mut self, data: T) -> Result<(), StreamErrorIncoming> {
        self.send.send_data(data)
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        self.send.poll_finish(cx)
    }

    fn reset(&mut self, reset_code: u64) {
        self.send.reset(reset_code);
    }

    fn send_id(&self) -> StreamId {
        self.send.send_id()
    }
}

type Opening = Pin<Box<dyn Future<Output = Result<quinn::SendStream, ConnectionError>>>>;

/// Opens HTTP/3's own unidirectional streams.
pub(super) struct Open {
    conn: quinn::Connection,
    opening: Option<Opening>,
}

impl OpenStreams<Bytes> for Open {
    type BidiStream = Bidi;
    type SendStream = Send;

    fn poll_open_bidi(&mut self, _cx: &mut Context<'_>) -> Poll<Result<Bidi, StreamErrorIncoming>> {
        Poll::Ready(Err(StreamErrorIncoming::Unknown("a server opens no request streams".into())))
    }

    fn poll_open_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<Send, StreamErrorIncoming>> {
        let conn = &self.conn;
        let opening = self.opening.get_or_insert_with(|| {
            let conn = conn.clone();
            Box::pin(async move { conn.open_uni().await })
        });
        let stream = ready!(opening.as_mut().poll(cx));
        self.opening = None;
        Poll::Ready(stream.map(Send::new).map_err(lost))
    }

    fn close(&mut self, code: Code, reason: &[u8]) {
        let code = VarInt::from_u64(code.value()).unwrap_or(codes::INTERNAL_ERROR);
        self.conn.close(code, reason);
    }
}

/// The connection as `h3` drives it.
pub(super) struct Conn {
    open: Open,
    inlet: Rc<Inlet>,
}

impl Conn {
    pub(super) fn new(conn: quinn::Connection, inlet: Rc<Inlet>) -> Self {
        Self { open: Open { conn, opening: None }, inlet }
    }

    fn ended(&self) -> ConnectionErrorIncoming {
        connection_error(self.open.conn.close_reason().unwrap_or(ConnectionError::LocallyClosed))
    }
}

impl quic::Connection<Bytes> for Conn {
    type RecvStream = Recv;
    type OpenStreams = Open;

    fn poll_accept_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Recv, ConnectionErrorIncoming>> {
        let stream = ready!(self.inlet.uni.poll_pop(cx));
        Poll::Ready(stream.ok_or_else(|| self.ended()))
    }

    fn poll_accept_bidi(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bidi, ConnectionErrorIncoming>> {
        let stream = ready!(self.inlet.bidi.poll_pop(cx));
        Poll::Ready(stream.ok_or_else(|| self.ended()))
    }

    fn opener(&self) -> Open {
        Open { conn: self.open.conn.clone(), opening: None }
    }
}

impl OpenStreams<Bytes> for Conn {
    type BidiStream = Bidi;
    type SendStream = Send;

    fn poll_open_bidi(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bidi, StreamErrorIncoming>> {
        self.open.poll_open_bidi(cx)
    }

    fn poll_open_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<Send, StreamErrorIncoming>> {
        self.open.poll_open_send(cx)
    }

    fn close(&mut self, code: Code, reason: &[u8]) {
        self.open.close(code, reason);
    }
}
