//! What the shard knows about one descriptor: is it readable, writable, and who waits for it.

use std::cell::{Cell, RefCell};
use std::os::fd::RawFd;
use std::task::{Context, Poll, Waker};

use super::notify::wake;

const READ_BITS: u32 = libc::EPOLLIN as u32;
const CLOSED_BITS: u32 = (libc::EPOLLRDHUP | libc::EPOLLHUP | libc::EPOLLERR) as u32;
const WRITE_BITS: u32 = (libc::EPOLLOUT | libc::EPOLLHUP | libc::EPOLLERR) as u32;

/// Cached readiness of one registered descriptor.
pub(super) struct Source {
    token: u64,
    read: Direction,
    write: Direction,
    /// The peer has closed or the socket failed. The kernel may have merged that edge with the last
    /// data's, so a short read must not wait for another.
    closed: Cell<bool>,
    /// Set while write events are asked for.
    armed: Cell<Option<RawFd>>,
}

impl Source {
    /// A fresh socket counts as writable until it says otherwise, and as unreadable until the kernel has
    /// reported it, which registration makes it do for data that is already there.
    pub(super) fn new(token: u64) -> Self {
        let write = Direction::default();
        write.ready.set(true);
        Self { token, read: Direction::default(), write, closed: Cell::new(false), armed: Cell::new(None) }
    }

    pub(super) fn token(&self) -> u64 {
        self.token
    }

    /// Records an event and wakes who waits for it. `true`: it was about writing.
    pub(super) fn deliver(&self, bits: u32) -> bool {
        if bits & CLOSED_BITS != 0 {
            self.closed.set(true);
        }
        if bits & (READ_BITS | CLOSED_BITS) != 0 {
            self.read.set_ready();
        }
        let writable = bits & WRITE_BITS != 0;
        if writable {
            self.write.set_ready();
        }
        writable
    }

    pub(super) fn is_readable(&self) -> bool {
        self.read.ready.get()
    }

    pub(super) fn is_writable(&self) -> bool {
        self.write.ready.get()
    }

    pub(super) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.read.poll(cx)
    }

    pub(super) fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.write.poll(cx)
    }

    /// After "would block": the next event is a new edge.
    pub(super) fn clear_readable(&self) {
        self.closed.set(false);
        self.read.ready.set(false);
    }

    /// After a short read of a stream, which says the same as "would block" without the extra call.
    pub(super) fn clear_readable_unless_closed(&self) {
        if !self.closed.get() {
            self.read.ready.set(false);
        }
    }

    pub(super) fn clear_writable(&self) {
        self.write.ready.set(false);
    }

    /// `true` if write events were not asked for yet.
    pub(super) fn arm_write(&self, fd: RawFd) -> bool {
        self.armed.replace(Some(fd)).is_none()
    }

    pub(super) fn disarm_write(&self) {
        self.armed.set(None);
    }

    pub(super) fn armed_fd(&self) -> Option<RawFd> {
        self.armed.get()
    }

    pub(super) fn forget_waiters(&self) {
        self.read.forget_waiters();
        self.write.forget_waiters();
    }
}

/// One direction's readiness and its waiters: nearly always one, but many QUIC connections may wait to
/// write to the shard's one UDP socket.
#[derive(Default)]
struct Direction {
    ready: Cell<bool>,
    /// Kept after it was woken: a task that waits again, as a reader does for ever, needs no new waker.
    first: RefCell<Option<Waker>>,
    waiting: Cell<bool>,
    more: RefCell<Vec<Waker>>,
}

impl Direction {
    fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.ready.get() {
            return Poll::Ready(());
        }
        self.add(cx.waker());
        Poll::Pending
    }

    fn add(&self, waker: &Waker) {
        let known = self.first.borrow().as_ref().is_some_and(|first| first.will_wake(waker));
        if known {
            self.waiting.set(true);
        } else if !self.waiting.replace(true) {
            let former = self.first.replace(Some(waker.clone()));
            drop(former);
        } else {
            let mut more = self.more.borrow_mut();
            if !more.iter().any(|waiting| waiting.will_wake(waker)) {
                more.push(waker.clone());
            }
        }
    }

    fn set_ready(&self) {
        self.ready.set(true);
        if self.waiting.take() {
            wake(&self.first);
        }
        if !self.more.borrow().is_empty() {
            self.more.take().into_iter().for_each(Waker::wake);
        }
    }

    fn forget_waiters(&self) {
        self.waiting.set(false);
        let waiters = (self.first.take(), self.more.take());
        drop(waiters);
    }
}
