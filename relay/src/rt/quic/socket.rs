//! A shard's UDP socket as quinn wants to see it.
//!
//! Promises: segmentation offload in both directions stays on, as far as the kernel has it; after a batch
//! that was not full the socket counts as drained, which saves the call that would say so.
//!
//! Invariant: the poller reports edges, so readiness is given up only after a receive met the end of the
//! queue. `recvmmsg` fills fewer buffers than it was given exactly when it met it.

use std::cell::RefCell;
use std::io::{self, ErrorKind, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use quinn::{AsyncUdpSocket, UdpPoller};
use quinn_udp::{RecvMeta, Transmit, UdpSockRef, UdpSocketState};

use super::bound::ThreadBound;
use super::group::Member;
use super::handoff::Handoff;
use super::steering::Steering;
use crate::rt::Poller;

pub(super) struct ShardSocket {
    state: UdpSocketState,
    inner: ThreadBound<Inner>,
}

struct Inner {
    socket: UdpSocket,
    poller: Rc<Poller>,
    shard: u16,
    steering: Steering,
    handoff: RefCell<Handoff>,
    bell: Poller,
}

impl ShardSocket {
    /// Must run on the shard's thread, inside its runtime.
    pub(super) fn new(member: Member) -> io::Result<Self> {
        let Member { shard, socket, steering, handoff } = member;
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        let poller = Rc::new(Poller::new(&socket)?);
        let bell = Poller::new(&handoff.bell())?;
        let inner = Inner { socket, poller, shard, steering, handoff: handoff.into(), bell };
        Ok(Self { state, inner: ThreadBound::new(inner) })
    }
}

impl Inner {
    /// Copies packets of other shards into their inboxes. They also stay where they are: this shard's
    /// endpoint does not know their ids and drops them.
    fn hand_on(&self, bufs: &[IoSliceMut<'_>], meta: &[RecvMeta]) {
        let mut handoff = self.handoff.borrow_mut();
        if handoff.is_alone() {
            return;
        }
        for (buf, meta) in bufs.iter().zip(meta) {
            for packet in buf[..meta.len].chunks(meta.stride.max(1)) {
                match self.steering.owner(packet) {
                    Some(owner) if owner != self.shard => handoff.give(owner, packet, meta),
                    _ => {}
                }
            }
        }
        handoff.ring();
    }

    /// Packets that other shards handed on.
    fn poll_strays(&self, cx: &mut Context<'_>, bufs: &mut [IoSliceMut<'_>], meta: &mut [RecvMeta]) -> Poll<usize> {
        let mut handoff = self.handoff.borrow_mut();
        if handoff.is_alone() {
            return Poll::Pending;
        }
        loop {
            let taken = handoff.take(bufs, meta);
            if taken > 0 {
                return Poll::Ready(taken);
            }
            ready!(self.bell.poll_readable(cx));
            // Silenced and forgotten before the rings are looked at again, so no ring goes unheard.
            handoff.silence_bell();
            self.bell.clear_readable();
        }
    }

    fn poll_socket(
        &self,
        state: &UdpSocketState,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.poller.poll_readable(cx));
            match state.recv(UdpSockRef::from(&self.socket), bufs, meta) {
                Ok(received) => {
                    if received < bufs.len() {
                        self.poller.clear_readable();
                    }
                    self.hand_on(&bufs[..received], &meta[..received]);
                    return Poll::Ready(Ok(received));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.poller.clear_readable(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncUdpSocket for ShardSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        let poller = self.inner.get().poller.clone();
        Box::pin(WritePoller(ThreadBound::new(poller)))
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        let inner = self.inner.get();
        let sent = self.state.send(UdpSockRef::from(&inner.socket), transmit);
        if matches!(&sent, Err(error) if error.kind() == ErrorKind::WouldBlock) {
            inner.poller.clear_writable();
        }
        sent
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let inner = self.inner.get();
        if let Poll::Ready(taken) = inner.poll_strays(cx, bufs, meta) {
            return Poll::Ready(Ok(taken));
        }
        inner.poll_socket(&self.state, cx, bufs, meta)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.get().socket.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.state.max_gso_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.state.gro_segments()
    }

    fn may_fragment(&self) -> bool {
        self.state.may_fragment()
    }
}

impl std::fmt::Debug for ShardSocket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShardSocket").finish_non_exhaustive()
    }
}

/// Waits for room in the socket's send buffer on behalf of one quinn task.
#[derive(Debug)]
struct WritePoller(ThreadBound<Rc<Poller>>);

impl UdpPoller for WritePoller {
    fn poll_writable(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.get().poll_writable(cx).map(Ok)
    }
}
