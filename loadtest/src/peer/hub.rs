//! What the peers of one thread share.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use chasqui_proto::command::AckLevel;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::Signal;
use crate::account::{Progress, Tally};
use crate::clock::{Nanos, Span};
use crate::window::Window;
use crate::worker::Timing;

/// A connection that was ended while nobody read from it says so within this time, once it is read.
const CUT_WAIT: Duration = Duration::from_secs(3);
const CUT_POLL: Duration = Duration::from_millis(10);

/// One thread's settings and books.
pub struct Hub {
    pub ack: AckLevel,
    /// Bytes of a message's content.
    pub size: usize,
    /// Tells runs apart in client ids.
    pub run: u64,
    /// A delivery that takes longer is late.
    pub late_after: Nanos,
    /// How long a peer that drops its connection stays away.
    pub away: Duration,
    pub tally: RefCell<Tally>,
    pub progress: Arc<Progress>,
    /// By sender; empty in an open loop.
    pub windows: Arc<[Window]>,
    /// By sender; None where messages are the load.
    pub signals: Option<RefCell<BTreeMap<u32, Rc<Signal>>>>,
    /// When the step's load began. What was due before belongs to a step whose books are closed.
    pub start: Cell<Nanos>,
    /// Latencies of messages due in this span are recorded.
    pub measured: Cell<Span>,
    /// The run is over: connections may end.
    pub closing: Cell<bool>,
    /// Wakes peers that read no more.
    pub stalled: Notify,
}

impl Hub {
    pub fn window(&self, sender: u32) -> Option<&Window> {
        self.windows.get(sender as usize)
    }

    /// Where typing is the load.
    pub fn signal(&self, sender: u32) -> Option<Rc<Signal>> {
        Some(self.signals.as_ref()?.borrow_mut().entry(sender).or_default().clone())
    }

    pub fn begin(&self, timing: Timing) {
        self.start.set(timing.start);
        self.measured.set(timing.measured);
    }

    /// Peers that stall do so from the first load to the end of the run.
    pub fn is_loaded(&self) -> bool {
        self.start.get() != Nanos::MAX && !self.closing.get()
    }

    /// Has peers that stalled read again, and waits for `stalling` of them to find their connections ended.
    pub async fn read_on(&self, stalling: u64) {
        self.start.set(Nanos::MAX);
        self.stalled.notify_waiters();
        for _ in 0..CUT_WAIT.as_millis() / CUT_POLL.as_millis() {
            if self.tally.borrow().counts.cut >= stalling {
                return;
            }
            sleep(CUT_POLL).await;
        }
    }

    /// The tally, once no peer uses it any more.
    pub fn into_tally(self: Rc<Self>) -> Tally {
        self.tally.take()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Of an open loop; late is what takes longer than a second.
    pub fn hub() -> Rc<Hub> {
        Rc::new(Hub {
            ack: AckLevel::Durable,
            size: 0,
            run: 0,
            late_after: crate::clock::NANOS_PER_SECOND,
            away: Duration::ZERO,
            tally: RefCell::default(),
            progress: Arc::default(),
            windows: Arc::new([]),
            signals: None,
            start: Cell::new(Nanos::MAX),
            measured: Cell::new(Span::NEVER),
            closing: Cell::new(false),
            stalled: Notify::new(),
        })
    }
}
