//! Answers from a service thread (storage, push) to one shard.
//!
//! The thread needs no runtime: it pushes a batch and rings the shard's doorbell once. The shard drains
//! its inboxes whenever its bell wakes it, and names them to [`super::PortBell::wait`], so that it never
//! sleeps on one that has something.
//!
//! # Limits
//!
//! One sending thread and one shard per inbox. Its capacity must cover the permits handed out for what
//! it answers, so that it is never full; a refused push gives the message back all the same.

use chasqui_doorbell::Doorbell;
use rtrb::{Consumer, Producer, PushError, RingBuffer};

/// Makes an inbox of the shard whose doorbell this is.
pub fn inbox<T>(capacity: usize, doorbell: Doorbell) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = RingBuffer::new(capacity);
    (Sender { ring: sender, doorbell }, Receiver { ring: receiver })
}

/// The service thread's end.
pub struct Sender<T> {
    ring: Producer<T>,
    doorbell: Doorbell,
}

impl<T> Sender<T> {
    /// Queues an answer; rings nobody.
    pub fn push(&mut self, message: T) -> Result<(), T> {
        self.ring.push(message).map_err(|PushError::Full(message)| message)
    }

    /// Wakes the shard if it sleeps; once per batch.
    pub fn ring(&self) {
        self.doorbell.ring();
    }

    /// The shard is gone; nobody will take what is pushed.
    pub fn is_abandoned(&self) -> bool {
        self.ring.is_abandoned()
    }
}

/// The shard's end.
pub struct Receiver<T> {
    ring: Consumer<T>,
}

impl<T> Receiver<T> {
    pub fn pop(&mut self) -> Option<T> {
        self.ring.pop().ok()
    }

    /// Takes up to `max` answers, in order. Returns how many.
    pub fn drain(&mut self, max: usize, each: &mut dyn FnMut(T)) -> usize {
        let mut taken = 0;
        while taken < max {
            let Some(message) = self.pop() else { break };
            each(message);
            taken += 1;
        }
        taken
    }

    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    pub fn depth(&self) -> usize {
        self.ring.slots()
    }

    pub fn capacity(&self) -> usize {
        self.ring.buffer().capacity()
    }
}
