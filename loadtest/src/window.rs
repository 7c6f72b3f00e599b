//! Closed loop: a sender keeps a fixed number of messages under way.
//!
//! A slot is freed when the message it was taken for has reached everyone, so the window counts deliveries, not
//! acknowledgements. Slots are used in turn: message `c` takes slot `c mod n`.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use tokio::sync::Notify;

/// One sender's window, shared by the threads of its receivers.
#[derive(Debug)]
pub struct Window {
    /// Receivers still to be reached, per slot.
    missing: Vec<AtomicU32>,
    /// Messages that have taken a slot; the next is numbered so. Only their sender counts.
    taken: AtomicU64,
    freed: Notify,
    /// A message was refused since a slot was last taken.
    refused: AtomicBool,
}

impl Window {
    pub fn new(size: usize) -> Self {
        let missing = (0..size).map(|_| AtomicU32::new(0)).collect();
        Self { missing, taken: AtomicU64::new(0), freed: Notify::new(), refused: AtomicBool::new(false) }
    }

    /// Waits for the slot of the next message. Whether the server has refused a message since: then the sender had
    /// better pause.
    pub async fn free(&self) -> bool {
        while self.slot(self.taken.load(Ordering::Relaxed)).load(Ordering::Acquire) != 0 {
            self.freed.notified().await;
        }
        self.refused.swap(false, Ordering::AcqRel)
    }

    /// Takes the slot, once it is free, for `receivers` deliveries of the next message.
    pub fn take(&self, receivers: u32) {
        let counter = self.taken.fetch_add(1, Ordering::Relaxed);
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

    fn taking(window: &Window) -> Poll<bool> {
        let free = Box::pin(window.free()).as_mut().poll(&mut Context::from_waker(Waker::noop()));
        free.map(|refused| {
            window.take(2);
            refused
        })
    }

    #[test]
    fn no_more_than_the_window_is_under_way() {
        let window = Window::new(2);
        assert_eq!((taking(&window), taking(&window)), (Poll::Ready(false), Poll::Ready(false)));
        assert_eq!(taking(&window), Poll::Pending);
        window.delivered(0);
        assert_eq!(taking(&window), Poll::Pending, "one of two receivers is still missing");
        window.delivered(0);
        assert_eq!(taking(&window), Poll::Ready(false));
    }

    #[test]
    fn a_refused_message_frees_its_slot_and_is_told_once() {
        let window = Window::new(1);
        assert_eq!(taking(&window), Poll::Ready(false));
        window.refused(0);
        assert_eq!(taking(&window), Poll::Ready(true));
        window.refused(1);
        window.delivered(1);
        assert_eq!(taking(&window), Poll::Ready(true), "a delivery that nobody waits for frees nothing");
        assert_eq!(taking(&window), Poll::Pending);
    }
}
