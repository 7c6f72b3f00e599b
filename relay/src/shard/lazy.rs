//! Acks that wait a moment, so that one write carries several of them, or carries them with other frames.
//!
//! A write of its own costs a small ack more than everything else done for it. Limits: an ack waits no longer than
//! the delay it was made with; with none, nothing waits.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::conn::Conn;
use super::flush::Flusher;
use crate::rt::{Notify, timer};

pub struct LazyAcks {
    delay: Duration,
    /// Connections with acks that wait, by when they have waited enough.
    queue: RefCell<VecDeque<(Instant, Rc<Conn>)>>,
    begun: Notify,
}

impl LazyAcks {
    pub fn new(delay: Duration) -> Self {
        Self { delay, queue: RefCell::default(), begun: Notify::default() }
    }

    pub fn is_off(&self) -> bool {
        self.delay.is_zero()
    }

    /// An ack was queued to `conn`, whose next write, whatever it is for, will carry it.
    pub fn put(&self, conn: &Rc<Conn>) {
        if !conn.lazy.replace(true) {
            self.queue.borrow_mut().push_back((Instant::now() + self.delay, conn.clone()));
            self.begun.raise();
        }
    }

    /// Has the connections written to when their time has come.
    pub async fn run(&self, flusher: &Flusher) {
        loop {
            let first = self.queue.borrow().front().map(|(at, _)| *at);
            match first {
                None => self.begun.raised().await,
                Some(at) => timer::sleep(at.saturating_duration_since(Instant::now())).await,
            }
            while let Some((_, conn)) = self.queue.borrow_mut().pop_front_if(|(at, _)| *at <= Instant::now()) {
                conn.lazy.set(false);
                if !conn.outbox.borrow().is_empty() {
                    flusher.mark(&conn);
                }
            }
        }
    }
}
