//! TCP for a shard: a listener that shares its port with the other shards', and streams that keep no
//! buffer while they wait.
//!
//! # Promise
//!
//! An idle connection costs its socket and a readiness entry. Bytes are received into one buffer per
//! shard and handed to a closure in the same step as the system call, so dropping a waiting future never
//! loses any.
//!
//! # Limits
//!
//! [`RECEIVE_BYTES_MAX`] per receive, and at most one such receive per connection and turn: a peer that
//! sends faster than the shard works lets the others have theirs.

use std::cell::Cell;
use std::future::poll_fn;
use std::io::{self, ErrorKind, Read};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::task::Poll;

use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::context::Shard;
use super::poller::Poller;

/// The shard's one receive buffer: the largest default frame, so that a frame seldom comes in two parts.
pub const RECEIVE_BYTES_MAX: usize = 64 * 1024;

/// Connections the kernel completes ahead of us. The system's own limit (net.core.somaxconn) also holds.
const BACKLOG: i32 = 1024;

/// Binds a port that several shards share, each with a socket of its own; the kernel spreads connections
/// over them. Made before the shards start, so that a port in use is an error of the start-up.
pub fn bind(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM.nonblocking(), Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

pub struct TcpListener {
    poller: Poller<std::net::TcpListener>,
}

impl TcpListener {
    /// Takes a listener over from whoever bound it; call this on the shard.
    pub fn from_std(listener: std::net::TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self { poller: Poller::owning(listener)? })
    }

    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.poller.get().local_addr()
    }

    /// Cancel-safe. After an error such as "too many open files" pause before the next call: the
    /// connection is still waiting, so it would fail again at once.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        loop {
            poll_fn(|cx| self.poller.poll_readable(cx)).await;
            match self.poller.try_read(|listener| listener.accept()) {
                Ok((stream, peer)) => return Ok((TcpStream::from_std(stream)?, peer)),
                Err(error) if is_transient(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// The connection went away before it was accepted, or there was none.
fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::ConnectionAborted)
}

/// A connected stream. Reading and writing take `&self`: one task reads while another writes.
#[derive(Debug)]
pub struct TcpStream {
    poller: Poller<std::net::TcpStream>,
    /// The last receive filled the buffer, so more is waiting: let the others have their turn first.
    greedy: Cell<bool>,
}

impl TcpStream {
    /// Takes a stream over and turns Nagle's delay off, since writes are gathered per turn anyway.
    pub fn from_std(stream: std::net::TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        Ok(Self { poller: Poller::owning(stream)?, greedy: Cell::new(false) })
    }

    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.poller.get().peer_addr()
    }

    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.poller.get().local_addr()
    }

    /// Waits for bytes and hands them to `take`, which may change them in place (unmask, decrypt); an
    /// empty slice is the peer's end of stream.
    ///
    /// Cancel-safe: bytes leave the socket only in the poll that also runs `take`.
    pub async fn receive<R>(&self, take: impl FnOnce(&mut [u8]) -> R) -> io::Result<R> {
        let mut take = Some(take);
        self.pause_if_greedy().await;
        loop {
            poll_fn(|cx| self.poller.poll_readable(cx)).await;
            match self.try_receive(&mut take) {
                Err(error) if is_transient(&error) => {}
                result => return result,
            }
        }
    }

    fn try_receive<R>(&self, take: &mut Option<impl FnOnce(&mut [u8]) -> R>) -> io::Result<R> {
        with_buffer(|buffer| {
            let count = self.poller.try_read(|mut stream| stream.read(buffer))?;
            self.greedy.set(count == buffer.len());
            if 0 < count && count < buffer.len() {
                self.poller.clear_after_short_read();
            }
            let take = take.take().expect("a receive succeeds once");
            Ok(take(&mut buffer[..count]))
        })
    }

    /// Waits for the first byte and leaves it where it is; `None` at the end of the stream. Cancel-safe.
    pub async fn peek_byte(&self) -> io::Result<Option<u8>> {
        loop {
            poll_fn(|cx| self.poller.poll_readable(cx)).await;
            let mut byte = [0];
            match self.poller.try_read(|stream| stream.peek(&mut byte)) {
                Ok(count) => return Ok((count > 0).then_some(byte[0])),
                Err(error) if is_transient(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn pause_if_greedy(&self) {
        if self.greedy.take() {
            super::yield_now().await;
        }
    }

    /// Sends what fits now. "Would block" means wait with [`TcpStream::writable`].
    pub fn try_send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.poller.try_write(|stream| SockRef::from(stream).send_with_flags(bytes, libc::MSG_NOSIGNAL))
    }

    /// Waits until a send is worth another try. Cancel-safe.
    pub async fn writable(&self) {
        poll_fn(|cx| self.poll_writable(cx)).await;
    }

    pub fn poll_writable(&self, cx: &mut std::task::Context<'_>) -> Poll<()> {
        self.poller.poll_writable(cx)
    }

    /// Sends everything. **Not** cancel-safe: a dropped call may have sent a part, so only the one task
    /// that owns the stream's writing may call it, and never inside a `select`.
    pub async fn send_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let sent = self.send_some(|| self.try_send(bytes)).await?;
            bytes = &bytes[sent..];
        }
        Ok(())
    }

    async fn send_some(&self, mut send: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
        loop {
            match send() {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.writable().await,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Ends one or both directions; a task that waits on the stream wakes and sees it.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.poller.get().shutdown(how)
    }
}

impl AsFd for TcpStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.poller.get().as_fd()
    }
}

/// Lends the shard's receive buffer. It is taken out while lent, so a `take` that receives from another
/// stream gets a buffer of its own instead of this one's bytes.
fn with_buffer<R>(work: impl FnOnce(&mut [u8]) -> R) -> R {
    thread_local! {
        static BUFFER: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
    }
    let mut buffer = BUFFER.take().unwrap_or_else(|| vec![0; RECEIVE_BYTES_MAX].into_boxed_slice());
    let result = work(&mut buffer);
    BUFFER.set(Some(buffer));
    result
}

/// Sockets this shard watches, the doorbell and the listeners included.
pub fn watched_sockets() -> usize {
    Shard::current().reactor.sources()
}
