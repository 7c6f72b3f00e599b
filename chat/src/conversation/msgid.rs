//! Message ids of one shard: never going back, even where the clock does.

use chasqui_proto::ids::{MSG_ID_ZERO_MS, Millis, MsgId};

/// Ids of one millisecond; the next is borrowed when they are used up.
const PER_MS: u8 = 128;

pub struct MsgIds {
    node: u16,
    shard: u16,
    ms: u64,
    counter: u8,
}

impl MsgIds {
    pub fn new(node: u16, shard: u16) -> Self {
        Self { node, shard, ms: 0, counter: 0 }
    }

    pub fn next(&mut self, wall_ms: Millis) -> MsgId {
        let ms = wall_ms.saturating_sub(MSG_ID_ZERO_MS);
        if ms > self.ms {
            (self.ms, self.counter) = (ms, 0);
        } else if self.counter == PER_MS {
            (self.ms, self.counter) = (self.ms + 1, 0);
        }
        let id = MsgId::new(self.ms, self.node, self.shard, self.counter);
        self.counter += 1;
        id
    }

    /// Everything from now on is above `seen`, which a former process gave.
    pub fn rise_above(&mut self, seen: MsgId) {
        if seen.ms_since_zero() >= self.ms {
            (self.ms, self.counter) = (seen.ms_since_zero() + 1, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_whatever_the_clock_does() {
        let mut ids = MsgIds::new(1, 2);
        let mut last = ids.next(MSG_ID_ZERO_MS + 1_000);
        for i in 0..1_000u64 {
            let id = ids.next(MSG_ID_ZERO_MS + 1_000 - i % 7);
            assert!(id > last);
            last = id;
        }
        ids.rise_above(MsgId::new(9_000, 0, 0, 3));
        assert!(ids.next(MSG_ID_ZERO_MS).ms_since_zero() > 9_000);
    }
}
