//! Many frames per write: connections written to during a turn are flushed once, at its end.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use super::conn::Conn;
use super::stats::Stats;
use super::turn_log;
use crate::rt::turn::{self, EndOfTurn};

/// One shard's list of connections to flush.
pub struct Flusher {
    dirty: RefCell<Vec<Rc<Conn>>>,
    turn_end: RefCell<Option<EndOfTurn>>,
    started: Instant,
    stats: Arc<Stats>,
}

impl Flusher {
    pub fn new(started: Instant, stats: Arc<Stats>) -> Rc<Self> {
        Rc::new(Self { dirty: RefCell::default(), turn_end: RefCell::default(), started, stats })
    }

    /// Milliseconds since the process started.
    pub fn now_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    /// The same when this turn began, without a look at the clock.
    pub fn turn_ms(&self) -> u64 {
        turn::began().saturating_duration_since(self.started).as_millis() as u64
    }

    /// Begins: from now on each turn ends with a flush, and then with `also`.
    pub fn begin(self: &Rc<Self>, mut also: impl FnMut() + 'static) {
        let me = self.clone();
        let end = EndOfTurn::new(move || {
            me.flush();
            also();
            let (took, counts) = (turn::running_for(), turn::counts());
            me.stats.end_turn(took, counts);
        });
        self.turn_end.replace(Some(end));
        self.touch();
    }

    /// The connection is flushed at the end of the turn.
    pub fn mark(&self, conn: &Rc<Conn>) {
        if !conn.dirty.replace(true) {
            let mut dirty = self.dirty.borrow_mut();
            if dirty.is_empty() {
                self.touch();
            }
            dirty.push(conn.clone());
        }
    }

    /// The turn has something to do at its end.
    pub fn touch(&self) {
        if let Some(turn_end) = &*self.turn_end.borrow() {
            turn_end.touch();
        }
    }

    fn flush(&self) {
        let mut dirty = self.dirty.take();
        for conn in dirty.drain(..) {
            conn.dirty.set(false);
            conn.flush(&self.stats);
        }
        turn_log::clear();
        // Its room is used again, unless a flush has touched others.
        let mut next = self.dirty.borrow_mut();
        dirty.append(&mut next);
        *next = dirty;
    }
}
