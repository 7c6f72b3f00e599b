//! Closed loop: a sender keeps a fixed number of messages under way.
//!
//! A slot is freed when the message it was taken for has reached everyone, so the window counts deliveries, not
//! acknowledgements. Slots are used in turn: message `c` takes slot `c mod n`.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Notify;

/// One sender's window, shared by the threads of its receivers.
#[derive(Debug)]
pub struct Window {
    /// Receivers still to be reached, per slot.
    missing: Vec<AtomicU32>,
    freed: Notify,
}

impl Window {
    pub fn new(size: usize) -> Self {
        Self { missing: (0..size).map(|_| AtomicU32::new(0)).collect(), freed: Notify::new() }
    }

    /// Waits for the slot of message `counter` and takes it for `receivers` deliveries.
    pub async fn take(&self, counter: u64, receivers: u32) {
        while self.slot(counter).load(Ordering::Acquire) != 0 {
            self.freed.notified().await;
        }
        self.slot(counter).store(receivers, Ordering::Release);
    }

    /// One receiver has the message.
    pub fn delivered(&self, counter: u64) {
        // Nothing to subtract where a refused message came after all.
        let left = self.slot(counter).fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1));
        if left == Ok(1) {
            self.freed.notify_one();
        }
    }

    /// The message was refused and will reach nobody.
    pub fn refused(&self, counter: u64) {
        self.slot(counter).store(0, Ordering::Release);
        self.freed.notify_one();
    }

    fn slot(&self, counter: u64) -> &AtomicU32 {
        &self.missing[(counter % self.missing.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::{Context, Poll, Waker};

    fn takes_at_once(window: &Window, counter: u64) -> bool {
        let mut future = Box::pin(window.take(counter, 2));
        future.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
    }

    #[test]
    fn no_more_than_the_window_is_under_way() {
        let window = Window::new(2);
        assert!(takes_at_once(&window, 0) && takes_at_once(&window, 1));
        assert!(!takes_at_once(&window, 2));
        window.delivered(0);
        assert!(!takes_at_once(&window, 2), "one of two receivers is still missing");
        window.delivered(0);
        assert!(takes_at_once(&window, 2));
        assert!(!takes_at_once(&window, 3));
        window.refused(1);
        assert!(takes_at_once(&window, 3));
    }
}
