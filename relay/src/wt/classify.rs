//! Whose stream is it? The first bytes of every stream a client opens.
//!
//! Promises: each stream is looked at on its own, so one whose head is late holds up no other; streams
//! whose heads arrive together keep their order. A head that takes longer than [`HEAD_TIMEOUT`] is cut.
//! WebTransport's streams go to the [`Registry`], HTTP/3's to `h3` by way of the [`Inlet`].

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use quinn::VarInt;

use super::codes;
use super::guard::Kind;
use super::h3io::{Bidi, Inlet, Recv};
use super::registry::{Arrival, Registry};
use super::wire::{BIDI_STREAM, H3_UNI_STREAMS, UNI_STREAM, read_varint};
use crate::race::within;
use crate::rt;

/// A client that means well sends a stream's head with its first data.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// What a stream's first bytes say.
enum Head {
    /// It belongs to this session; the rest is the application's.
    Session(u64, Bytes),
    /// It is HTTP/3's own, of this type, with all bytes read so far.
    Http(u64, VecDeque<Bytes>),
}

/// Where classified streams go.
pub(super) struct Sorter {
    pub(super) registry: Rc<Registry>,
    pub(super) inlet: Rc<Inlet>,
}

impl Sorter {
    pub(super) fn bidi(self: &Rc<Self>, send: quinn::SendStream, recv: quinn::RecvStream) {
        let id = VarInt::from(recv.id()).into_inner();
        self.registry.head_begun(id);
        let sorter = self.clone();
        run(async move { sorter.sort_bidi(id, send, recv).await });
    }

    pub(super) fn uni(self: &Rc<Self>, recv: quinn::RecvStream) {
        let sorter = self.clone();
        run(async move { sorter.sort_uni(recv).await });
    }

    async fn sort_bidi(&self, id: u64, mut send: quinn::SendStream, mut recv: quinn::RecvStream) {
        let head = within(HEAD_TIMEOUT, read_head(&mut recv, BIDI_STREAM)).await;
        match head.flatten() {
            Some(Head::Session(session, rest)) => {
                self.registry.head_ended(id);
                self.registry.route(session, Arrival::Bidi(send, recv, rest));
            }
            Some(Head::Http(_, first)) => {
                self.registry.request_begun(id);
                let recv = Recv::new(recv, first, Kind::Request, self.registry.clone());
                if self.inlet.bidi.push(Bidi::new(send, recv)).is_err() {
                    self.registry.close_connection(codes::EXCESSIVE_LOAD, b"too many requests");
                }
            }
            None => {
                self.registry.head_ended(id);
                let _ = send.reset(codes::REQUEST_INCOMPLETE);
                let _ = recv.stop(codes::REQUEST_INCOMPLETE);
            }
        }
    }

    async fn sort_uni(&self, mut recv: quinn::RecvStream) {
        let head = within(HEAD_TIMEOUT, read_head(&mut recv, UNI_STREAM)).await;
        match head.flatten() {
            Some(Head::Session(session, rest)) => self.registry.route(session, Arrival::Uni(recv, rest)),
            Some(Head::Http(kind, first)) if H3_UNI_STREAMS.contains(&kind) => {
                let kind = if kind == 0 { Kind::Control } else { Kind::Unframed };
                let recv = Recv::new(recv, first, kind, self.registry.clone());
                if self.inlet.uni.push(recv).is_err() {
                    self.registry.close_connection(codes::EXCESSIVE_LOAD, b"too many streams");
                }
            }
            _ => drop(recv.stop(codes::STREAM_CREATION_ERROR)),
        }
    }
}

/// Runs a sorting at once as far as it goes, which with a whole head is to its end and costs no task.
fn run(sorting: impl Future<Output = ()> + 'static) {
    let mut sorting: Pin<Box<dyn Future<Output = ()>>> = Box::pin(sorting);
    let mut nobody = Context::from_waker(Waker::noop());
    if sorting.as_mut().poll(&mut nobody).is_pending() {
        rt::spawn(sorting);
    }
}

/// Reads up to the end of the head, and whatever came with it. `None`: the stream ended before.
async fn read_head(recv: &mut quinn::RecvStream, session_stream: u64) -> Option<Head> {
    let mut first = VecDeque::new();
    let mut head = BytesMut::new();
    loop {
        let bytes = recv.read_chunk(usize::MAX, true).await.ok()??.bytes;
        let before = head.len();
        // Type and session id are at most sixteen bytes.
        head.extend_from_slice(&bytes[..bytes.len().min(16)]);
        first.push_back(bytes.clone());
        let Some((kind, used)) = read_varint(&head) else { continue };
        if kind != session_stream {
            return Some(Head::Http(kind, first));
        }
        if let Some((session, id_len)) = read_varint(&head[used..]) {
            return Some(Head::Session(session, bytes.slice(used + id_len - before..)));
        }
    }
}
