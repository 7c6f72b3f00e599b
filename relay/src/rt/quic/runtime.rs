//! quinn's runtime: tasks and timers of the shard it is used on.

use std::future::Future;
use std::io;
use std::net::UdpSocket;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use quinn::{AsyncTimer, AsyncUdpSocket, Runtime};

use super::bound::ThreadBound;
use crate::rt::{self, timer::Sleep};

/// The shard quinn happens to be called on. Holds nothing: tasks and timers go to the current thread.
#[derive(Debug)]
pub(super) struct ShardRuntime;

impl Runtime for ShardRuntime {
    fn new_timer(&self, deadline: Instant) -> Pin<Box<dyn AsyncTimer>> {
        Box::pin(Timer(ThreadBound::new(Sleep::until(deadline))))
    }

    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        rt::spawn(future);
    }

    fn wrap_udp_socket(&self, _socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        // A foreign socket is in no group, so its shard is unknown; endpoints are opened with theirs.
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[derive(Debug)]
struct Timer(ThreadBound<Sleep>);

impl AsyncTimer for Timer {
    fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        self.0.get_mut().reset(deadline);
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(self.0.get_mut()).poll(cx)
    }
}
