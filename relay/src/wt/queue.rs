//! Bounded queues between the tasks of one shard.
//!
//! Promises: pushing never waits: a full queue gives the value back. Closing wakes whoever waits; what is
//! still queued can be taken until the queue is cleared.
//!
//! Cancel safety: a dropped [`Queue::pop`] takes nothing with it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

/// Tasks to wake; a task is kept once, however often it asks.
#[derive(Default)]
pub(super) struct Wakers(RefCell<Vec<Waker>>);

impl Wakers {
    pub(super) fn register(&self, cx: &Context<'_>) {
        let mut wakers = self.0.borrow_mut();
        if !wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
            wakers.push(cx.waker().clone());
        }
    }

    pub(super) fn wake(&self) {
        for waker in self.0.take() {
            waker.wake();
        }
    }
}

pub(super) struct Queue<T> {
    items: RefCell<VecDeque<T>>,
    max: usize,
    closed: std::cell::Cell<bool>,
    wakers: Wakers,
}

impl<T> Queue<T> {
    pub(super) fn new(max: usize) -> Self {
        Self { items: RefCell::default(), max, closed: false.into(), wakers: Wakers::default() }
    }

    /// Gives `item` back when the queue is full or closed.
    pub(super) fn push(&self, item: T) -> Result<(), T> {
        if self.closed.get() || self.items.borrow().len() >= self.max {
            return Err(item);
        }
        self.items.borrow_mut().push_back(item);
        self.wakers.wake();
        Ok(())
    }

    /// Makes room by dropping the oldest: for what is worth less the older it gets.
    pub(super) fn push_over(&self, item: T) {
        if self.items.borrow().len() >= self.max {
            self.items.borrow_mut().pop_front();
        }
        let _ = self.push(item);
    }

    pub(super) fn poll_pop(&self, cx: &Context<'_>) -> Poll<Option<T>> {
        if let Some(item) = self.items.borrow_mut().pop_front() {
            return Poll::Ready(Some(item));
        }
        if self.closed.get() {
            return Poll::Ready(None);
        }
        self.wakers.register(cx);
        Poll::Pending
    }

    /// The next item, or `None` once the queue is closed and empty.
    pub(super) async fn pop(&self) -> Option<T> {
        poll_fn(|cx| self.poll_pop(cx)).await
    }

    pub(super) fn close(&self) {
        self.closed.set(true);
        self.wakers.wake();
    }

    /// Closes, and returns what was never taken.
    pub(super) fn clear(&self) -> VecDeque<T> {
        self.close();
        self.items.take()
    }
}
