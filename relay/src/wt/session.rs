//! A WebTransport session: what the relay holds of it, and the task that keeps its CONNECT stream.
//!
//! Promises: a close says its code and reason to the other side at once, in either direction; when a
//! session ends, for whatever reason, its streams are reset, whoever waits on it is woken, and
//! [`Session::closed`] tells how it ended.
//!
//! In the flow: [`super::request`] makes a session out of a request; [`super::registry`] feeds it streams
//! and datagrams.
//!
//! Limits: [`SESSION_STREAMS_MAX`] streams wait to be accepted, then they are refused;
//! [`SESSION_DATAGRAMS_MAX`] datagrams wait to be read, then the oldest goes.
//!
//! Not here: a flush before closing. Data still unsent when a session closes is lost with its streams,
//! as the standard has it; finish a stream and await [`SendStream::stopped`] to know that it arrived.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};

use bytes::{BufMut, Bytes, BytesMut};
use quinn::SendDatagramError;

use super::queue::{Queue, Wakers};
use super::stream::{Mortal, RecvStream, SendStream, StreamError};
use super::wire::{BIDI_STREAM, UNI_STREAM, write_varint};

pub const SESSION_STREAMS_MAX: usize = 16;
pub const SESSION_DATAGRAMS_MAX: usize = 32;
/// A code on the wire for a stream refused because nobody accepts: the application's own zero.
const STREAM_REFUSED: u32 = 0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedBy {
    /// [`Session::close`], or the last handle was dropped.
    Us,
    /// The peer closed the session in due form.
    Peer,
    /// The connection was lost or the session broken off without a word.
    Lost,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseInfo {
    pub code: u32,
    pub reason: String,
    pub by: ClosedBy,
}

impl CloseInfo {
    pub(super) fn lost() -> Self {
        Self { code: 0, reason: String::new(), by: ClosedBy::Lost }
    }
}

/// A session as all its handles and its keeper share it.
pub(super) struct Shared {
    id: u64,
    conn: quinn::Connection,
    bidi: Queue<(SendStream, RecvStream)>,
    uni: Queue<RecvStream>,
    datagrams: Queue<Bytes>,
    streams: RefCell<Vec<Weak<dyn Mortal>>>,
    end: RefCell<Option<CloseInfo>>,
    ended: Wakers,
}

impl Shared {
    pub(super) fn new(id: u64, conn: quinn::Connection) -> Self {
        Self {
            id,
            conn,
            bidi: Queue::new(SESSION_STREAMS_MAX),
            uni: Queue::new(SESSION_STREAMS_MAX),
            datagrams: Queue::new(SESSION_DATAGRAMS_MAX),
            streams: RefCell::default(),
            end: RefCell::default(),
            ended: Wakers::default(),
        }
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn connection(&self) -> &quinn::Connection {
        &self.conn
    }

    pub(super) fn offer_bi(&self, send: SendStream, recv: RecvStream) {
        self.adopt(send.mortal());
        self.adopt(recv.mortal());
        if let Err((mut send, mut recv)) = self.bidi.push((send, recv)) {
            send.reset(STREAM_REFUSED);
            recv.stop(STREAM_REFUSED);
        }
    }

    pub(super) fn offer_uni(&self, recv: RecvStream) {
        self.adopt(recv.mortal());
        if let Err(mut recv) = self.uni.push(recv) {
            recv.stop(STREAM_REFUSED);
        }
    }

    pub(super) fn offer_datagram(&self, payload: Bytes) {
        self.datagrams.push_over(payload);
    }

    /// Remembers a stream for the session's end, and forgets those dropped since.
    fn adopt(&self, stream: Weak<dyn Mortal>) {
        let mut streams = self.streams.borrow_mut();
        if streams.len() == streams.capacity() {
            streams.retain(|stream| stream.strong_count() > 0);
        }
        streams.push(stream);
        if self.end.borrow().is_some() {
            drop(streams);
            self.end_streams();
        }
    }

    fn end_streams(&self) {
        for stream in self.streams.take() {
            if let Some(stream) = stream.upgrade() {
                stream.die();
            }
        }
    }

    /// Ends the session; only the first end counts.
    pub(super) fn end(&self, info: CloseInfo) {
        if self.end.borrow().is_some() {
            return;
        }
        self.end.replace(Some(info));
        self.end_streams();
        // Their streams have died above; dropping them only frees them.
        drop((self.bidi.clear(), self.uni.clear(), self.datagrams.clear()));
        self.ended.wake();
    }

    pub(super) fn poll_ended(&self, cx: &Context<'_>) -> Poll<CloseInfo> {
        match &*self.end.borrow() {
            Some(info) => Poll::Ready(info.clone()),
            None => {
                self.ended.register(cx);
                Poll::Pending
            }
        }
    }

    /// `open`, unless the session ends first.
    async fn while_open<T>(
        &self,
        open: impl Future<Output = Result<T, quinn::ConnectionError>>,
    ) -> Result<T, StreamError> {
        let mut open = pin!(open);
        poll_fn(|cx| match self.poll_ended(cx) {
            Poll::Ready(_) => Poll::Ready(Err(StreamError::SessionClosed)),
            Poll::Pending => open.as_mut().poll(cx).map_err(|_| StreamError::ConnectionLost),
        })
        .await
    }

    async fn begin(&self, stream: quinn::SendStream, kind: u64) -> Result<SendStream, StreamError> {
        let mut stream = SendStream::new(stream);
        self.adopt(stream.mortal());
        let mut head = Vec::with_capacity(16);
        write_varint(kind, &mut head);
        write_varint(self.id, &mut head);
        stream.write_all(&head).await?;
        Ok(stream)
    }
}

struct CloseOnDrop(Rc<Shared>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.end(CloseInfo { code: 0, reason: String::new(), by: ClosedBy::Us });
    }
}

/// A handle on a session; clones share it. Dropping the last closes the session with code 0.
#[derive(Clone)]
pub struct Session(Rc<CloseOnDrop>);

impl Session {
    pub(super) fn new(shared: Rc<Shared>) -> Self {
        Self(Rc::new(CloseOnDrop(shared)))
    }

    fn shared(&self) -> &Shared {
        &self.0.0
    }

    /// The stream id of the request that began the session; unique on its connection.
    pub fn id(&self) -> u64 {
        self.shared().id
    }

    pub fn remote_addr(&self) -> SocketAddr {
        self.shared().conn.remote_address()
    }

    /// The next bidirectional stream of the peer's; `None` when the session has ended. Cancel safe.
    pub async fn accept_bi(&self) -> Option<(SendStream, RecvStream)> {
        self.shared().bidi.pop().await
    }

    /// The next unidirectional stream of the peer's; `None` when the session has ended. Cancel safe.
    pub async fn accept_uni(&self) -> Option<RecvStream> {
        self.shared().uni.pop().await
    }

    /// Opens a stream, waiting for the peer's permission if need be.
    pub async fn open_bi(&self) -> Result<(SendStream, RecvStream), StreamError> {
        let shared = self.shared();
        let (send, recv) = shared.while_open(shared.conn.open_bi()).await?;
        let recv = RecvStream::new(recv, Bytes::new());
        shared.adopt(recv.mortal());
        Ok((shared.begin(send, BIDI_STREAM).await?, recv))
    }

    /// Opens a stream that only sends.
    pub async fn open_uni(&self) -> Result<SendStream, StreamError> {
        let shared = self.shared();
        let send = shared.while_open(shared.conn.open_uni()).await?;
        shared.begin(send, UNI_STREAM).await
    }

    /// The longest payload [`Self::send_datagram`] takes now; `None` if the peer takes no datagrams.
    pub fn max_datagram_size(&self) -> Option<usize> {
        let mut head = Vec::new();
        write_varint(self.id() / 4, &mut head);
        self.shared().conn.max_datagram_size()?.checked_sub(head.len())
    }

    /// Sends a datagram if there is room, in place of the oldest unsent one if there is not.
    pub fn send_datagram(&self, payload: &[u8]) -> Result<(), SendDatagramError> {
        let mut datagram = BytesMut::with_capacity(payload.len() + 8);
        write_varint(self.id() / 4, &mut datagram);
        datagram.put_slice(payload);
        self.shared().conn.send_datagram(datagram.freeze())
    }

    /// The next datagram; `None` when the session has ended. Cancel safe.
    pub async fn recv_datagram(&self) -> Option<Bytes> {
        poll_fn(|cx| self.poll_recv_datagram(cx)).await
    }

    /// As [`Self::recv_datagram`].
    pub fn poll_recv_datagram(&self, cx: &Context<'_>) -> Poll<Option<Bytes>> {
        self.shared().datagrams.poll_pop(cx)
    }

    /// Ends the session and tells the peer why. A reason beyond 1,024 bytes is cut.
    pub fn close(&self, code: u32, reason: &str) {
        self.shared().end(CloseInfo { code, reason: reason.into(), by: ClosedBy::Us });
    }

    /// Waits for the session's end. Cancel safe.
    pub async fn closed(&self) -> CloseInfo {
        poll_fn(|cx| self.poll_closed(cx)).await
    }

    /// As [`Self::closed`].
    pub fn poll_closed(&self, cx: &Context<'_>) -> Poll<CloseInfo> {
        self.shared().poll_ended(cx)
    }

    /// How the session ended, if it has.
    pub fn close_info(&self) -> Option<CloseInfo> {
        self.shared().end.borrow().clone()
    }
}
