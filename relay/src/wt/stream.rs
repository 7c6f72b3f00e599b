//! A session's streams: thin covers over quinn's, tied to the life of their session.
//!
//! Promises: bytes go through without a copy ([`SendStream::write_chunks`], [`RecvStream::read_chunk`]);
//! error codes are the application's own; when the session ends, every stream of it is reset and
//! whoever waits on one is woken with [`StreamError::SessionClosed`].
//!
//! Cancel safety: every read and every `write_chunks` moves bytes only when it is ready, so a dropped
//! future loses nothing. A dropped `write_all` may have written a part.
//!
//! Dropping a [`SendStream`] finishes it; dropping a [`RecvStream`] tells the peer to stop.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes};
use quinn::{ReadError, StoppedError, VarInt, WriteError};

use super::codes;

/// Why a stream came to its end before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// The peer reset the stream it was sending on; `None` if its code was not an application's.
    #[error("the peer reset the stream (code {0:?})")]
    Reset(Option<u32>),
    /// The peer asked to stop sending.
    #[error("the peer stopped the stream (code {0:?})")]
    Stopped(Option<u32>),
    #[error("the stream's session has ended")]
    SessionClosed,
    #[error("the connection was lost")]
    ConnectionLost,
    /// Finished or reset by this side before.
    #[error("the stream was closed here")]
    Closed,
}

impl From<WriteError> for StreamError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Stopped(code) if code == codes::SESSION_GONE => Self::SessionClosed,
            WriteError::Stopped(code) => Self::Stopped(codes::to_application(code)),
            WriteError::ConnectionLost(_) | WriteError::ZeroRttRejected => Self::ConnectionLost,
            WriteError::ClosedStream => Self::Closed,
        }
    }
}

impl From<ReadError> for StreamError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Reset(code) if code == codes::SESSION_GONE => Self::SessionClosed,
            ReadError::Reset(code) => Self::Reset(codes::to_application(code)),
            ReadError::ConnectionLost(_) | ReadError::ZeroRttRejected => Self::ConnectionLost,
            ReadError::ClosedStream | ReadError::IllegalOrderedRead => Self::Closed,
        }
    }
}

/// What a session does to its streams when it ends.
pub(super) trait Mortal {
    fn die(&self);
}

/// A quinn stream that its session can end from outside.
struct Cord<S> {
    stream: RefCell<S>,
    /// Who reads or writes, and who watches for the end.
    waiting: RefCell<Option<Waker>>,
    watching: RefCell<Option<Waker>>,
    dead: Cell<bool>,
}

impl<S> Cord<S> {
    fn new(stream: S) -> Rc<Self> {
        Rc::new(Self {
            stream: stream.into(),
            waiting: RefCell::default(),
            watching: RefCell::default(),
            dead: false.into(),
        })
    }

    /// Runs one poll of a quinn operation; the borrow ends with it.
    fn poll<T, E: Into<StreamError>>(
        &self,
        cx: &mut Context<'_>,
        operation: impl FnOnce(&mut S, &mut Context<'_>) -> Poll<Result<T, E>>,
    ) -> Poll<Result<T, StreamError>> {
        self.poll_with(&self.waiting, cx, operation)
    }

    fn poll_with<T, E: Into<StreamError>>(
        &self,
        slot: &RefCell<Option<Waker>>,
        cx: &mut Context<'_>,
        operation: impl FnOnce(&mut S, &mut Context<'_>) -> Poll<Result<T, E>>,
    ) -> Poll<Result<T, StreamError>> {
        if self.dead.get() {
            return Poll::Ready(Err(StreamError::SessionClosed));
        }
        let outcome = operation(&mut self.stream.borrow_mut(), cx);
        if outcome.is_pending() {
            slot.replace(Some(cx.waker().clone()));
        }
        outcome.map_err(Into::into)
    }

    fn kill(&self, end: impl FnOnce(&mut S)) {
        if self.dead.replace(true) {
            return;
        }
        end(&mut self.stream.borrow_mut());
        self.waiting.take().into_iter().chain(self.watching.take()).for_each(Waker::wake);
    }
}

impl Mortal for Cord<quinn::SendStream> {
    fn die(&self) {
        self.kill(|stream| drop(stream.reset(codes::SESSION_GONE)));
    }
}

impl Mortal for Cord<quinn::RecvStream> {
    fn die(&self) {
        self.kill(|stream| drop(stream.stop(codes::SESSION_GONE)));
    }
}

/// The sending half of a stream.
pub struct SendStream(Rc<Cord<quinn::SendStream>>);

impl SendStream {
    pub(super) fn new(stream: quinn::SendStream) -> Self {
        Self(Cord::new(stream))
    }

    pub(super) fn mortal(&self) -> Weak<dyn Mortal> {
        let strong: Rc<dyn Mortal> = self.0.clone();
        Rc::downgrade(&strong)
    }

    /// Writes what fits now of `chunks`, without a copy, and advances past it. Waits while nothing fits.
    pub fn poll_write_chunks(
        &self,
        cx: &mut Context<'_>,
        chunks: &mut [Bytes],
    ) -> Poll<Result<quinn::Written, StreamError>> {
        self.0.poll(cx, |stream, cx| pin!(stream.write_chunks(chunks)).poll(cx))
    }

    /// As [`Self::poll_write_chunks`]. Whole chunks written are left empty.
    pub async fn write_chunks(&mut self, chunks: &mut [Bytes]) -> Result<quinn::Written, StreamError> {
        poll_fn(|cx| self.poll_write_chunks(cx, chunks)).await
    }

    /// Writes all of `chunks`.
    pub async fn write_all_chunks(&mut self, mut chunks: &mut [Bytes]) -> Result<(), StreamError> {
        while !chunks.is_empty() {
            let written = self.write_chunks(chunks).await?;
            chunks = &mut chunks[written.chunks..];
        }
        Ok(())
    }

    /// Writes all of `bytes`, copying them.
    pub async fn write_all(&mut self, mut bytes: &[u8]) -> Result<(), StreamError> {
        while !bytes.is_empty() {
            let write = |stream: &mut quinn::SendStream, cx: &mut Context<'_>| pin!(stream.write(bytes)).poll(cx);
            let written = poll_fn(|cx| self.0.poll(cx, write)).await?;
            bytes.advance(written);
        }
        Ok(())
    }

    /// Says that no more follows. What was written still arrives.
    pub fn finish(&mut self) -> Result<(), StreamError> {
        self.0.stream.borrow_mut().finish().map_err(|_| StreamError::Closed)
    }

    /// Abandons the stream with a code of the application's.
    pub fn reset(&mut self, code: u32) {
        let _ = self.0.stream.borrow_mut().reset(codes::from_application(code));
    }

    /// Streams of higher priority send first; all start at 0.
    pub fn set_priority(&self, priority: i32) {
        let _ = self.0.stream.borrow().set_priority(priority);
    }

    /// Waits until the peer has taken all (`Ok`), or stopped the stream, or the session has ended.
    pub async fn stopped(&self) -> Result<(), StreamError> {
        let stopped = self.0.stream.borrow().stopped();
        let mut stopped = pin!(stopped);
        poll_fn(|cx| self.0.poll_with(&self.0.watching, cx, |_, cx| stopped.as_mut().poll(cx).map(taken))).await
    }

    pub fn id(&self) -> u64 {
        VarInt::from(self.0.stream.borrow().id()).into_inner()
    }
}

fn taken(outcome: Result<Option<VarInt>, StoppedError>) -> Result<(), WriteError> {
    match outcome {
        Ok(None) => Ok(()),
        Ok(Some(code)) => Err(WriteError::Stopped(code)),
        Err(error) => Err(error.into()),
    }
}

/// The receiving half of a stream.
pub struct RecvStream {
    cord: Rc<Cord<quinn::RecvStream>>,
    /// What came in one piece with the stream's head.
    first: Bytes,
}

impl RecvStream {
    pub(super) fn new(stream: quinn::RecvStream, first: Bytes) -> Self {
        Self { cord: Cord::new(stream), first }
    }

    pub(super) fn mortal(&self) -> Weak<dyn Mortal> {
        let strong: Rc<dyn Mortal> = self.cord.clone();
        Rc::downgrade(&strong)
    }

    /// The next bytes in order, at most `max`; `None` at the end of the stream.
    pub fn poll_read_chunk(&mut self, cx: &mut Context<'_>, max: usize) -> Poll<Result<Option<Bytes>, StreamError>> {
        if !self.first.is_empty() && !self.cord.dead.get() {
            let len = self.first.len().min(max);
            return Poll::Ready(Ok(Some(self.first.split_to(len))));
        }
        let read = |stream: &mut quinn::RecvStream, cx: &mut Context<'_>| pin!(stream.read_chunk(max, true)).poll(cx);
        self.cord.poll(cx, read).map(|chunk| Ok(chunk?.map(|chunk| chunk.bytes)))
    }

    /// As [`Self::poll_read_chunk`].
    pub async fn read_chunk(&mut self, max: usize) -> Result<Option<Bytes>, StreamError> {
        poll_fn(|cx| self.poll_read_chunk(cx, max)).await
    }

    /// Tells the peer, with a code of the application's, that nobody reads on.
    pub fn stop(&mut self, code: u32) {
        let _ = self.cord.stream.borrow_mut().stop(codes::from_application(code));
    }

    pub fn id(&self) -> u64 {
        VarInt::from(self.cord.stream.borrow().id()).into_inner()
    }
}
