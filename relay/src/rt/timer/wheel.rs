//! The deadlines of one shard, without a clock: it is told the time.
//!
//! # Invariants
//!
//! Each armed timer has one live entry in the queue, at or before its deadline. Moving a deadline back,
//! which QUIC does with every packet, only writes the timer's slot; the entry is moved when its old time
//! comes. An entry that its timer no longer points to is stale and skipped.
//!
//! # Limits
//!
//! Stale entries never outnumber [`STALE_MIN`] plus the timers: beyond that the queue is rebuilt.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::task::Waker;
use std::time::Instant;

/// Stale entries that are tolerated however few timers there are.
const STALE_MIN: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimerId {
    index: u32,
    generation: u32,
}

/// A queue of deadlines that is looked at once per turn.
#[derive(Debug, Default)]
pub(super) struct Wheel {
    slots: Vec<Slot>,
    free: Vec<u32>,
    queue: BinaryHeap<Reverse<Entry>>,
}

#[derive(Debug, Default)]
struct Slot {
    generation: u32,
    deadline: Option<Instant>,
    /// The time of this timer's live entry.
    queued: Option<Instant>,
    waker: Option<Waker>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    at: Instant,
    index: u32,
    generation: u32,
}

impl Wheel {
    pub(super) fn insert(&mut self, deadline: Instant) -> TimerId {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            (self.slots.len() - 1) as u32
        });
        let id = TimerId { index, generation: self.slots[index as usize].generation };
        self.set(id, deadline);
        id
    }

    pub(super) fn set(&mut self, id: TimerId, deadline: Instant) {
        let slot = self.slot(id);
        slot.deadline = Some(deadline);
        if slot.queued.is_none_or(|queued| deadline < queued) {
            slot.queued = Some(deadline);
            self.queue.push(Reverse(Entry { at: deadline, index: id.index, generation: id.generation }));
            self.rebuild_if_stale();
        }
    }

    /// Forgets the timer. The waker is handed back, so that it is dropped outside any borrow.
    pub(super) fn remove(&mut self, id: TimerId) -> Option<Waker> {
        let slot = self.slot(id);
        let waker = slot.waker.take();
        *slot = Slot { generation: id.generation.wrapping_add(1), ..Slot::default() };
        self.free.push(id.index);
        waker
    }

    /// Whether it has fired; if not, `waker` is woken when it does. Returns the waker it replaces.
    pub(super) fn poll(&mut self, id: TimerId, waker: &Waker) -> (bool, Option<Waker>) {
        let slot = self.slot(id);
        if slot.deadline.is_none() {
            return (true, slot.waker.take());
        }
        match &slot.waker {
            Some(waiting) if waiting.will_wake(waker) => (false, None),
            _ => (false, slot.waker.replace(waker.clone())),
        }
    }

    pub(super) fn has_fired(&self, id: TimerId) -> bool {
        self.slots[id.index as usize].deadline.is_none()
    }

    /// Fires what is due. Adds the wakers to `due`, since waking may set timers.
    pub(super) fn turn(&mut self, now: Instant, due: &mut Vec<Waker>) -> usize {
        let mut fired = 0;
        while let Some(Reverse(entry)) = self.queue.peek().copied().filter(|Reverse(entry)| entry.at <= now) {
            self.queue.pop();
            if self.is_live(entry) && self.fire_or_move(entry, now, due) {
                fired += 1;
            }
        }
        fired
    }

    fn fire_or_move(&mut self, entry: Entry, now: Instant, due: &mut Vec<Waker>) -> bool {
        let slot = &mut self.slots[entry.index as usize];
        slot.queued = None;
        match slot.deadline {
            Some(later) if later > now => {
                slot.queued = Some(later);
                self.queue.push(Reverse(Entry { at: later, ..entry }));
                false
            }
            _ => {
                slot.deadline = None;
                due.extend(slot.waker.take());
                true
            }
        }
    }

    /// The earliest time at which [`Wheel::turn`] may have something to do.
    pub(super) fn next(&self) -> Option<Instant> {
        self.queue.peek().map(|Reverse(entry)| entry.at)
    }

    pub(super) fn take_wakers(&mut self) -> Vec<Waker> {
        self.slots.iter_mut().filter_map(|slot| slot.waker.take()).collect()
    }

    fn slot(&mut self, id: TimerId) -> &mut Slot {
        let slot = &mut self.slots[id.index as usize];
        assert_eq!(slot.generation, id.generation, "a timer was used after it was removed");
        slot
    }

    fn is_live(&self, entry: Entry) -> bool {
        let slot = &self.slots[entry.index as usize];
        slot.generation == entry.generation && slot.queued == Some(entry.at)
    }

    fn rebuild_if_stale(&mut self) {
        let timers = self.slots.len() - self.free.len();
        if self.queue.len() <= 2 * timers + STALE_MIN {
            return;
        }
        let mut entries = std::mem::take(&mut self.queue).into_vec();
        entries.retain(|Reverse(entry)| self.is_live(*entry));
        // A timer set away from a time and back to it has two equal entries, and needs one.
        entries.sort_unstable();
        entries.dedup();
        self.queue = entries.into();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(base: Instant, ms: u64) -> Instant {
        base + Duration::from_millis(ms)
    }

    #[test]
    fn fires_in_time_and_once() {
        let (mut wheel, base, mut due) = (Wheel::default(), Instant::now(), Vec::new());
        let (late, early) = (wheel.insert(at(base, 20)), wheel.insert(at(base, 10)));
        assert_eq!(wheel.turn(at(base, 9), &mut due), 0);
        assert_eq!(wheel.turn(at(base, 10), &mut due), 1);
        assert!(wheel.has_fired(early) && !wheel.has_fired(late));
        assert_eq!(wheel.turn(at(base, 100), &mut due), 1);
        assert_eq!(wheel.turn(at(base, 100), &mut due), 0);
    }

    #[test]
    fn a_deadline_moves_both_ways() {
        let (mut wheel, base, mut due) = (Wheel::default(), Instant::now(), Vec::new());
        let timer = wheel.insert(at(base, 10));
        wheel.set(timer, at(base, 30));
        assert_eq!(wheel.turn(at(base, 20), &mut due), 0);
        wheel.set(timer, at(base, 25));
        assert_eq!(wheel.turn(at(base, 24), &mut due), 0);
        assert_eq!(wheel.turn(at(base, 25), &mut due), 1);
        wheel.set(timer, at(base, 40));
        assert_eq!(wheel.turn(at(base, 39), &mut due), 0);
        assert_eq!(wheel.turn(at(base, 40), &mut due), 1);
    }

    #[test]
    fn a_removed_timer_and_its_successor_are_two() {
        let (mut wheel, base, mut due) = (Wheel::default(), Instant::now(), Vec::new());
        let old = wheel.insert(at(base, 10));
        wheel.remove(old);
        let new = wheel.insert(at(base, 20));
        assert_eq!(wheel.turn(at(base, 15), &mut due), 0);
        assert!(!wheel.has_fired(new));
        assert_eq!(wheel.turn(at(base, 20), &mut due), 1);
    }

    #[test]
    fn agrees_with_a_list_under_many_changes() {
        let (mut wheel, base, mut due) = (Wheel::default(), Instant::now(), Vec::new());
        let mut list: Vec<(TimerId, u64)> = Vec::new();
        let mut seed = 1_u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for now in 0..20_000 {
            match random(4) {
                0 => {
                    let deadline = now + 1 + random(50);
                    list.push((wheel.insert(at(base, deadline)), deadline));
                }
                1 if !list.is_empty() => {
                    wheel.remove(list.swap_remove(random(list.len() as u64) as usize).0);
                }
                2 if !list.is_empty() => {
                    let index = random(list.len() as u64) as usize;
                    let deadline = now + 1 + random(200);
                    wheel.set(list[index].0, at(base, deadline));
                    list[index].1 = deadline;
                }
                _ => {}
            }
            wheel.turn(at(base, now), &mut due);
            for (timer, deadline) in &list {
                assert_eq!(wheel.has_fired(*timer), *deadline <= now);
            }
            assert!(wheel.queue.len() <= 2 * (wheel.slots.len() - wheel.free.len()) + STALE_MIN + 1);
        }
    }

    #[test]
    fn deadlines_that_keep_coming_closer_leave_a_bounded_queue() {
        let (mut wheel, base) = (Wheel::default(), Instant::now());
        let timer = wheel.insert(at(base, 1_000_000));
        (0..100_000).rev().for_each(|ms| wheel.set(timer, at(base, ms)));
        assert!(wheel.queue.len() <= STALE_MIN + 3);
        assert_eq!(wheel.next(), Some(base));
    }
}
