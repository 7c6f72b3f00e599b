//! Readiness of any descriptor: sockets, eventfds, whatever epoll takes.
//!
//! # Use
//!
//! The cheap way keeps the edge in mind: try the call, and only after "would block" say so and wait.
//! [`Poller::try_read`] and [`Poller::try_write`] do that; a `poll_` function that makes its own calls
//! uses [`Poller::poll_readable`] and [`Poller::clear_readable`]. The forgiving way,
//! [`Poller::readable`], asks the kernel with poll(2) whether a cached readiness still holds, and so
//! costs a system call where the other does not.
//!
//! # Cancel safety
//!
//! Everything here waits for readiness and carries no data: dropping a future loses nothing.

use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::task::{Context, Poll};

use super::context::Shard;
use super::source::Source;

/// A descriptor registered with this shard's reactor, non-blocking as far as its owner made it so.
pub struct Poller<F: AsFd = OwnedFd> {
    fd: F,
    shard: Rc<Shard>,
    source: Rc<Source>,
}

impl Poller {
    /// Watches a duplicate of `fd`, so that the poller may outlive it.
    pub fn new(fd: &impl AsFd) -> io::Result<Self> {
        Self::owning(fd.as_fd().try_clone_to_owned()?)
    }
}

impl<F: AsFd> Poller<F> {
    /// Watches `fd` itself, and closes it last.
    pub fn owning(fd: F) -> io::Result<Self> {
        let shard = Shard::current();
        let source = shard.reactor.register(fd.as_fd())?;
        Ok(Self { fd, shard, source })
    }

    pub fn get(&self) -> &F {
        &self.fd
    }

    /// Ready while the last that was heard is that the descriptor is readable.
    pub fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.source.poll_readable(cx)
    }

    /// Like [`Poller::poll_readable`]. Any number of tasks may wait; all are woken.
    pub fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<()> {
        let ready = self.source.poll_writable(cx);
        if ready.is_pending() && self.shard.reactor.arm_write(self.fd.as_fd(), &self.source).is_err() {
            // The caller's next attempt meets the error itself.
            return Poll::Ready(());
        }
        ready
    }

    /// To be called after "would block", never before a call was made.
    pub fn clear_readable(&self) {
        self.source.clear_readable();
    }

    pub fn clear_writable(&self) {
        self.source.clear_writable();
    }

    pub(super) fn clear_after_short_read(&self) {
        self.source.clear_readable_unless_closed();
    }

    /// Makes the call only if the descriptor is thought readable; "would block" is remembered.
    pub fn try_read<R>(&self, call: impl FnOnce(&F) -> io::Result<R>) -> io::Result<R> {
        if !self.source.is_readable() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let result = call(&self.fd);
        if matches!(&result, Err(error) if error.kind() == io::ErrorKind::WouldBlock) {
            self.clear_readable();
        }
        result
    }

    pub fn try_write<R>(&self, call: impl FnOnce(&F) -> io::Result<R>) -> io::Result<R> {
        if !self.source.is_writable() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let result = call(&self.fd);
        if matches!(&result, Err(error) if error.kind() == io::ErrorKind::WouldBlock) {
            self.clear_writable();
        }
        result
    }

    /// Waits until the descriptor is readable at this moment.
    pub async fn readable(&self) -> io::Result<()> {
        loop {
            poll_fn(|cx| self.poll_readable(cx)).await;
            if holds(self.fd.as_fd(), libc::POLLIN)? {
                return Ok(());
            }
            self.clear_readable();
        }
    }

    /// Waits until the descriptor is writable at this moment.
    pub async fn writable(&self) -> io::Result<()> {
        loop {
            poll_fn(|cx| self.poll_writable(cx)).await;
            if holds(self.fd.as_fd(), libc::POLLOUT)? {
                return Ok(());
            }
            self.clear_writable();
        }
    }
}

/// Asks the kernel, without waiting. Errors and hang-ups count: the next call will report them.
fn holds(fd: BorrowedFd<'_>, events: i16) -> io::Result<bool> {
    let mut poll = libc::pollfd { fd: fd.as_raw_fd(), events, revents: 0 };
    // SAFETY: one live pollfd, and the count says one; a zero timeout returns at once.
    match unsafe { libc::poll(&raw mut poll, 1, 0) } {
        -1 => Err(io::Error::last_os_error()),
        count => Ok(count > 0),
    }
}

impl<F: AsFd> Drop for Poller<F> {
    fn drop(&mut self) {
        self.shard.reactor.deregister(self.fd.as_fd(), &self.source);
    }
}

impl<F: AsFd> std::fmt::Debug for Poller<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Poller").field("fd", &self.fd.as_fd().as_raw_fd()).finish_non_exhaustive()
    }
}
