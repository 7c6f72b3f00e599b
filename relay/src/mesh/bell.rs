//! A shard's sleep on its own doorbell.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use chasqui_doorbell::Doorbell;

use crate::rt::Poller;

/// The sleeper's side of a doorbell, on the shard's thread. One task waits on it.
pub struct PortBell {
    doorbell: Doorbell,
    poller: Poller,
    /// Sleep is announced: whoever pushes for this shard signals its doorbell.
    asleep: Cell<bool>,
}

impl PortBell {
    pub(super) fn open(doorbell: Doorbell) -> io::Result<Self> {
        let poller = Poller::new(doorbell.signal())?;
        Ok(Self { doorbell, poller, asleep: Cell::new(false) })
    }

    /// Sleeps until something is pending, or for nothing now and then. `pending` must look at everything
    /// that rings this doorbell: the port ([`super::Port::is_pending`]) and each [`super::inbox`].
    ///
    /// Cancel-safe: what is pending stays where it is.
    pub async fn wait(&self, mut pending: impl FnMut() -> bool) {
        poll_fn(|cx| self.poll_wait(cx, &mut pending)).await;
    }

    pub fn poll_wait(&self, cx: &mut Context<'_>, pending: &mut dyn FnMut() -> bool) -> Poll<()> {
        if self.asleep.get() {
            if pending() || self.poller.poll_readable(cx).is_ready() {
                self.wake_up();
            }
        } else {
            // A signal that is forgotten here came before the look that follows.
            self.poller.clear_readable();
            self.asleep.set(self.doorbell.before_sleep(pending));
            if self.asleep.get() && self.poller.poll_readable(cx).is_ready() {
                self.wake_up();
            }
        }
        if self.asleep.get() { Poll::Pending } else { Poll::Ready(()) }
    }

    fn wake_up(&self) {
        self.doorbell.awake();
        self.asleep.set(false);
    }
}
