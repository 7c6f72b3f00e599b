//! Turns of a shard: what they are, counting them, and doing something once at the end of each.
//!
//! A turn is whatever a shard does between two looks at the outside: it starts with a batch of socket
//! events or of mesh messages, and everything these wake runs in it. At every such start the deadline
//! wheel is looked at ([`tick`]).
//!
//! [`EndOfTurn`] is where coalescing comes from: connections written to are marked, and once all that
//! was queued has run, each is flushed with one system call and each touched shard's bell is rung once.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::context::Shard;
use super::notify::Notify;

/// Counted by the shard itself; read them for the metrics page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TurnCounts {
    pub turns: u64,
    /// Times the driver reported that sockets are ready.
    pub wakeups: u64,
    pub socket_events: u64,
    pub timers_fired: u64,
}

/// This shard's counts since it started.
pub fn counts() -> TurnCounts {
    Shard::current().counters.0.get()
}

/// When the current turn began.
pub fn began() -> Instant {
    Shard::try_current().map_or_else(Instant::now, |shard| shard.turn_began.get())
}

/// How long the current turn has been running.
pub fn running_for() -> Duration {
    began().elapsed()
}

/// Starts a turn: due timers fire. Called by the runtime for socket events and by the mesh when it
/// drains; costs one look at the clock. Outside a shard there are no timers and it does nothing.
pub fn tick() {
    if let Some(shard) = Shard::try_current() {
        shard.turn();
    }
}

#[derive(Default)]
pub(super) struct Counters(Cell<TurnCounts>);

impl Counters {
    fn update(&self, change: impl FnOnce(&mut TurnCounts)) {
        let mut counts = self.0.get();
        change(&mut counts);
        self.0.set(counts);
    }

    pub(super) fn count_turn(&self) {
        self.update(|counts| counts.turns += 1);
    }

    pub(super) fn count_wakeup(&self, events: usize) {
        self.update(|counts| {
            counts.wakeups += 1;
            counts.socket_events += events as u64;
        });
    }

    pub(super) fn count_timers(&self, fired: usize) {
        self.update(|counts| counts.timers_fired += fired as u64);
    }
}

/// Runs a hook once after the tasks of the current turn have run. Cheap to touch many times per turn.
///
/// The hook runs behind everything that was queued when it was first touched, so what the turn's other
/// tasks add is covered by the same run. A hook that touches its own end of turn runs again next turn.
/// Dropping the last clone ends it, without another run.
#[derive(Clone)]
pub struct EndOfTurn {
    state: Rc<State>,
}

struct State {
    touched: Rc<Notify>,
    ended: Rc<Cell<bool>>,
}

impl EndOfTurn {
    pub fn new(hook: impl FnMut() + 'static) -> Self {
        let (touched, ended) = (Rc::new(Notify::default()), Rc::new(Cell::new(false)));
        super::spawn(run_hook(touched.clone(), ended.clone(), hook));
        Self { state: Rc::new(State { touched, ended }) }
    }

    pub fn touch(&self) {
        self.state.touched.raise();
    }
}

async fn run_hook(touched: Rc<Notify>, ended: Rc<Cell<bool>>, mut hook: impl FnMut()) {
    while !ended.get() {
        touched.raised().await;
        hook();
        if touched.is_raised() {
            super::yield_now().await;
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.ended.set(true);
        self.touched.forget();
    }
}
