//! One ring between two shards, with the mark its producer leaves when it is full.

use std::sync::Arc;

use chasqui_doorbell::{Doorbell, StallMark};
use rtrb::{Consumer, Producer, PushError, RingBuffer};

pub(super) struct Outlet<T> {
    ring: Producer<T>,
    stall: Arc<StallMark>,
    room: Room,
}

/// What a producer knows about room in its ring since a push was last refused.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    /// No push was refused, or the producer has been told of the room made since.
    Told,
    /// Refused; the mark asks the consumer to ring back.
    Awaited,
    /// Made and noticed, but not told yet.
    Noticed,
}

pub(super) struct Inlet<T> {
    ring: Consumer<T>,
    stall: Arc<StallMark>,
    producer: Doorbell,
}

pub(super) fn ring<T>(capacity: usize, producer: Doorbell) -> (Outlet<T>, Inlet<T>) {
    let (sender, receiver) = RingBuffer::new(capacity);
    let stall = Arc::new(StallMark::default());
    let outlet = Outlet { ring: sender, stall: stall.clone(), room: Room::Told };
    (outlet, Inlet { ring: receiver, stall, producer })
}

impl<T> Outlet<T> {
    pub(super) fn push(&mut self, message: T) -> Result<(), T> {
        let Err(PushError::Full(message)) = self.ring.push(message) else { return Ok(()) };
        if self.room == Room::Awaited && self.stall.is_raised() {
            return Err(message);
        }
        self.stall.raise();
        match self.ring.push(message) {
            Ok(()) => {
                self.stall.lower();
                Ok(())
            }
            Err(PushError::Full(message)) => {
                self.room = Room::Awaited;
                Err(message)
            }
        }
    }

    /// Whether the consumer has made room since a push was refused, and nobody has noticed yet.
    pub(super) fn has_news(&self) -> bool {
        self.room == Room::Awaited && !self.stall.is_raised()
    }

    pub(super) fn notice(&mut self) {
        if self.has_news() {
            self.room = Room::Noticed;
        }
    }

    /// Whether there is room to be told of; it is told once.
    pub(super) fn take_released(&mut self) -> bool {
        self.notice();
        let released = self.room == Room::Noticed;
        if released {
            self.room = Room::Told;
        }
        released
    }
}

impl<T> Inlet<T> {
    pub(super) fn take(&mut self, max: usize, mut each: impl FnMut(T)) -> usize {
        let mut taken = 0;
        while taken < max {
            let Ok(message) = self.ring.pop() else { break };
            each(message);
            taken += 1;
        }
        taken
    }

    /// Rings the producer if it waits for the room just made. A fence must lie between taking and this.
    pub(super) fn release(&self) {
        if self.stall.release() {
            self.producer.ring();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    pub(super) fn depth(&self) -> usize {
        self.ring.slots()
    }

    pub(super) fn capacity(&self) -> usize {
        self.ring.buffer().capacity()
    }
}
