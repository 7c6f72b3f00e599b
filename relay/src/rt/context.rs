//! What every part of this room shares on one shard's thread.
//!
//! Invariant: nothing here is borrowed while a waker is woken or dropped, because dropping a task's last
//! waker runs its destructors, and those come back here (a socket takes itself out of the reactor).

use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::task::Waker;
use std::time::Instant;

use super::notify::Notify;
use super::reactor::Reactor;
use super::timer::Timers;
use super::turn::Counters;

thread_local! {
    static CURRENT: RefCell<Option<Rc<Shard>>> = const { RefCell::new(None) };
}

/// The shard that runs on this thread.
pub(super) struct Shard {
    pub(super) reactor: Reactor,
    pub(super) timers: Timers,
    pub(super) counters: Counters,
    deferred: RefCell<Vec<Waker>>,
    pub(super) deferral: Notify,
    pub(super) turn_began: Cell<Instant>,
    closing: Cell<bool>,
}

impl Shard {
    pub(super) fn open() -> io::Result<Rc<Self>> {
        Ok(Rc::new(Self {
            reactor: Reactor::new()?,
            timers: Timers::default(),
            counters: Counters::default(),
            deferred: RefCell::default(),
            deferral: Notify::default(),
            turn_began: Cell::new(Instant::now()),
            closing: Cell::new(false),
        }))
    }

    /// The shard of this thread.
    ///
    /// # Panics
    ///
    /// Outside [`super::run_shard`]: sockets and timers belong to a shard.
    pub(super) fn current() -> Rc<Self> {
        Self::try_current().expect("sockets, timers and tasks exist only on a shard's thread (rt::run_shard)")
    }

    pub(super) fn try_current() -> Option<Rc<Self>> {
        CURRENT.with(|current| current.borrow().clone())
    }

    pub(super) fn enter(self: &Rc<Self>) -> Entered {
        CURRENT.with(|current| *current.borrow_mut() = Some(self.clone()));
        Entered
    }

    /// A turn: whatever is due fires, however long the run queue has been without a pause.
    pub(super) fn turn(&self) {
        let now = Instant::now();
        self.counters.count_turn();
        self.turn_began.set(now);
        let fired = self.timers.turn(now);
        self.counters.count_timers(fired);
    }

    /// A turn that begins with what the sockets have.
    pub(super) fn dispatch(&self) {
        self.turn();
        let events = self.reactor.dispatch();
        self.counters.count_wakeup(events);
    }

    pub(super) fn reactor_fd(&self) -> io::Result<OwnedFd> {
        self.reactor.as_fd().try_clone_to_owned()
    }

    /// Wakes the task after everything that is queued now has run.
    pub(super) fn defer(&self, waker: Waker) {
        if self.is_closing() {
            // Nobody wakes the deferred any more; without its waker the task is freed.
            return;
        }
        self.deferred.borrow_mut().push(waker);
        self.deferral.raise();
    }

    pub(super) fn wake_deferred(&self) {
        let deferred = self.deferred.take();
        deferred.into_iter().for_each(Waker::wake);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.get()
    }

    /// Lets go of every waiting task, so that sockets close, and tells the shard's own tasks to end.
    pub(super) fn close(&self) {
        self.closing.set(true);
        drop(self.deferred.take());
        self.timers.close();
        self.deferral.raise();
        self.reactor.close();
    }
}

/// Takes the shard off its thread again.
pub(super) struct Entered;

impl Drop for Entered {
    fn drop(&mut self) {
        let shard = CURRENT.with(|current| current.borrow_mut().take());
        drop(shard);
    }
}
