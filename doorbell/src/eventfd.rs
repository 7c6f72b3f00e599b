//! The kernel's half of the doorbell.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use crate::bell::Signal;

/// A non-blocking eventfd.
///
/// A shard watches it edge-triggered and never reads it: each raise is an edge of its own, and the
/// counter takes 2^64 of them. A plain thread sleeps in [`EventFd::wait`].
#[derive(Debug)]
pub struct EventFd {
    fd: OwnedFd,
}

impl EventFd {
    pub fn new() -> io::Result<Self> {
        // SAFETY: eventfd takes no pointers; the result is checked before it is used.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel has just handed out this descriptor and nobody else knows it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Self { fd })
    }

    /// Takes all pending raises; `false` if there were none.
    pub fn drain(&self) -> bool {
        let mut count = 0_u64;
        // SAFETY: the buffer is a live u64, and 8 bytes is what an eventfd reads.
        let read = unsafe { libc::read(self.fd.as_raw_fd(), (&raw mut count).cast(), 8) };
        read == 8
    }

    /// Blocks the calling thread until raised or until the time is over. `true`: it was raised.
    pub fn wait(&self, timeout: Duration) -> io::Result<bool> {
        let mut poll = libc::pollfd { fd: self.fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let timeout_ms = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: one live pollfd, and the count says one.
        match unsafe { libc::poll(&raw mut poll, 1, timeout_ms) } {
            -1 => match io::Error::last_os_error() {
                e if e.kind() == io::ErrorKind::Interrupted => Ok(false),
                e => Err(e),
            },
            0 => Ok(false),
            _ => Ok(self.drain()),
        }
    }
}

impl Signal for EventFd {
    /// Cannot fail in a way that matters: the only refusal is a full counter, which is a pending raise.
    fn raise(&self) {
        let one = 1_u64;
        // SAFETY: the buffer is a live u64, and 8 bytes is what an eventfd takes.
        unsafe { libc::write(self.fd.as_raw_fd(), (&raw const one).cast(), 8) };
    }
}

impl AsRawFd for EventFd {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

impl AsFd for EventFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
