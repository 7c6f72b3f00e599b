//! Who goes next: rings, the store, the clock. In order of number, or by chance.
//!
//! Whatever the order: a ring keeps its own, and a shard's writes commit in the order they were asked.

use std::collections::VecDeque;

use chasqui_chat::{Class, Input, Shard, ShardId};
use chasqui_proto::row::{Completion, Op, Outcome, StoreRequest};

use super::{StoreMode, World};

/// More turns than any command of these tests brings about: something goes round in circles.
const TURNS_MAX: usize = 200_000;

enum Turn {
    Ring(ShardId, ShardId, Class),
    /// Index in `World::held`.
    Store(usize),
}

impl World {
    /// Answers the oldest held store request; false where there is none.
    pub fn answer(&mut self, mode: StoreMode) -> bool {
        let Some((shard, request)) = self.held.pop_front() else {
            return false;
        };
        self.finish(shard, request, mode);
        true
    }

    /// Runs until nothing more happens by itself.
    pub fn settle(&mut self) {
        let rested = (0..TURNS_MAX).any(|_| {
            let moved = if self.chance.is_some() { self.chance_turn() } else { self.turn() };
            !moved && !self.room()
        });
        assert!(rested, "it does not come to rest");
        self.shards.iter().for_each(Shard::check);
    }

    /// Lets time pass, deadlines included.
    pub fn pass(&mut self, ms: u64) {
        let end = self.now.mono_ms + ms;
        while let Some(next) = self.shards.iter().filter_map(Shard::next_deadline).min().filter(|at| *at <= end) {
            self.advance(next.saturating_sub(self.now.mono_ms));
            for shard in 0..self.shards.len() as u16 {
                self.step(shard, Input::Tick);
            }
            self.settle();
        }
        self.advance(end - self.now.mono_ms);
    }

    fn advance(&mut self, ms: u64) {
        self.now.mono_ms += ms;
        self.now.wall_ms += ms;
    }

    fn finish(&mut self, shard: ShardId, StoreRequest { ticket, op }: StoreRequest, mode: StoreMode) {
        let outcome = match (op, mode) {
            (_, StoreMode::Fail(failure)) => Outcome::Failed(failure),
            (Op::Read(read), _) => Outcome::Found(self.rows.read(&read)),
            (Op::Write(rows), _) => {
                rows.into_iter().for_each(|row| self.rows.write(row));
                Outcome::Persisted
            }
        };
        self.step(shard, Input::Stored(Completion { ticket, outcome }));
    }

    /// One message of every ring, then one answer of the store.
    fn turn(&mut self) -> bool {
        let rings = self.ready_rings();
        let mut moved = !rings.is_empty();
        rings.into_iter().for_each(|ring| self.take_turn(ring));
        if let Some(store) = self.ready_store().into_iter().next() {
            self.take_turn(store);
            moved = true;
        }
        moved
    }

    fn chance_turn(&mut self) -> bool {
        let mut ready = self.ready_rings();
        ready.extend(self.ready_store());
        if ready.is_empty() {
            return false;
        }
        let drawn = self.draw() as usize % ready.len();
        self.take_turn(ready.swap_remove(drawn));
        true
    }

    fn take_turn(&mut self, turn: Turn) {
        match turn {
            Turn::Ring(from, to, class) => {
                let msg = self.rings.borrow_mut().get_mut(&(from, to, class)).and_then(VecDeque::pop_front);
                if let Some(msg) = msg {
                    self.step(to, Input::Mesh { from, msg });
                }
            }
            Turn::Store(at) => {
                let (shard, request) = self.held.remove(at).expect("it was ready");
                let mode = if matches!(request.op, Op::Read(_)) { self.reads } else { self.mode };
                self.finish(shard, request, mode);
            }
        }
    }

    fn ready_rings(&self) -> Vec<Turn> {
        let rings = self.rings.borrow();
        let ready = rings.iter().filter(|(_, ring)| !self.paused && !ring.is_empty());
        ready.map(|((from, to, class), _)| Turn::Ring(*from, *to, *class)).collect()
    }

    /// Every read, and of every shard the first write.
    fn ready_store(&self) -> Vec<Turn> {
        let mut wrote = vec![false; self.shards.len()];
        let ready = |(_, (shard, request)): &(usize, &(ShardId, StoreRequest))| match request.op {
            Op::Read(_) => self.reads != StoreMode::Hold,
            Op::Write(_) => {
                let first = !core::mem::replace(&mut wrote[usize::from(*shard)], true);
                first && self.mode != StoreMode::Hold
            }
        };
        self.held.iter().enumerate().filter(ready).map(|(at, _)| Turn::Store(at)).collect()
    }

    /// Tries what waits for room in a ring; whether that got anything going.
    fn room(&mut self) -> bool {
        let before = self.depth();
        for shard in 0..self.shards.len() as u16 {
            if self.shards[usize::from(shard)].owes() {
                self.step(shard, Input::Room);
            }
        }
        self.depth() != before
    }

    fn depth(&self) -> usize {
        let rings: usize = self.rings.borrow().values().map(VecDeque::len).sum();
        rings + self.held.len() + self.seen.values().map(Vec::len).sum::<usize>()
    }

    fn draw(&mut self) -> u64 {
        let x = self.chance.as_mut().expect("turns are by chance");
        *x ^= *x << 13;
        *x ^= *x >> 7;
        *x ^= *x << 17;
        x.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32
    }
}
