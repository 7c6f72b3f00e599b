//! Closed loop: a sender keeps a fixed number of messages under way.
//!
//! A slot is freed when the message it was taken for has reached everyone, so the window counts deliveries, not
//! acknowledgements. Slots are used in turn: message `c` takes slot `c mod n`.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::sync::Notify;

/// One sender's window, shared by the threads of its receivers.
#[derive(Debug)]
pub struct Window {
    /// Receivers still to be reached, per slot.
    missing: Vec<AtomicU32>,
    freed: Notify,
    /// A message was refused since a slot was last taken.
    refused: AtomicBool,
}

impl Window {
    pub fn new(size: usize) -> Self {
        let missing = (0..size).map(|_| AtomicU32::new(0)).collect();
        Self { missing, freed: Notify::new(), refused: AtomicBool::new(false) }
    }

    /// Waits for the slot of message `counter` and takes it for `receivers` deliveries. Whether the server has refused
    /// a message since: then the sender had better pause.
    pub async fn take(&self, counter: u64, receivers: u32) -> bool {
        while self.slot(counter).load(Ordering::Acquire) != 0 {
            self.freed.notified().await;
        }
        self.slot(counter).store(receivers, Ordering::Release);
        self.refused.swap(false, Ordering::AcqRel)
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
        self.refused.store(true, Ordering::Release);
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

    fn taking(window: &Window, counter: u64) -> Poll<bool> {
        Box::pin(window.take(counter, 2)).as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn no_more_than_the_window_is_under_way() {
        let window = Window::new(2);
        assert_eq!((taking(&window, 0), taking(&window, 1)), (Poll::Ready(false), Poll::Ready(false)));
        assert_eq!(taking(&window, 2), Poll::Pending);
        window.delivered(0);
        assert_eq!(taking(&window, 2), Poll::Pending, "one of two receivers is still missing");
        window.delivered(0);
        assert_eq!(taking(&window, 2), Poll::Ready(false));
    }

    #[test]
    fn a_refused_message_frees_its_slot_and_is_told_once() {
        let window = Window::new(1);
        assert_eq!(taking(&window, 0), Poll::Ready(false));
        window.refused(0);
        assert_eq!(taking(&window, 1), Poll::Ready(true));
        window.refused(1);
        window.delivered(1);
        assert_eq!(taking(&window, 2), Poll::Ready(true), "a delivery that nobody waits for frees nothing");
        assert_eq!(taking(&window, 3), Poll::Pending);
    }
}
