//! Deadlines in one ordered set. Whoever arms a timer keeps its due time, so that it can be found again.

use std::collections::BTreeSet;

use chasqui_proto::ids::{ConvId, Millis};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Timer {
    Sync,
    Marks,
    Hole(ConvId),
    /// Serial of a send.
    Send(u64),
}

#[derive(Default, Debug)]
pub struct Timers {
    set: BTreeSet<(Millis, Timer)>,
}

impl Timers {
    pub fn arm(&mut self, slot: &mut Option<Millis>, due: Millis, timer: Timer) {
        if *slot != Some(due) {
            self.disarm(slot, timer);
            self.set.insert((due, timer));
            *slot = Some(due);
        }
    }

    pub fn disarm(&mut self, slot: &mut Option<Millis>, timer: Timer) {
        if let Some(due) = slot.take() {
            self.set.remove(&(due, timer));
        }
    }

    pub fn next(&self) -> Option<Millis> {
        self.set.first().map(|(due, _)| *due)
    }

    /// The owner of the timer must clear its slot.
    pub fn pop_due(&mut self, now: Millis) -> Option<Timer> {
        (self.next()? <= now).then(|| self.set.pop_first()).flatten().map(|(_, timer)| timer)
    }
}
