//! A session's share of its user's send rate: a token bucket refilled by elapsed time.

use chasqui_proto::event::Limits;

/// Thousandths of a send, so that slow rates refill evenly.
const UNIT: u64 = 1_000;

pub(super) struct Bucket {
    level: u64,
    burst: u64,
    per_second: u64,
    filled_ms: u64,
}

impl Bucket {
    pub fn full(limits: &Limits, now_ms: u64) -> Self {
        let burst = u64::from(limits.burst).max(1) * UNIT;
        Self { level: burst, burst, per_second: u64::from(limits.sends_per_second).max(1) * UNIT, filled_ms: now_ms }
    }

    /// The user's rate is shared evenly by `sharers` sessions; each keeps at least one send.
    pub fn share(&mut self, limits: &Limits, sharers: u32) {
        let sharers = u64::from(sharers.max(1));
        self.burst = (u64::from(limits.burst) * UNIT / sharers).max(UNIT);
        self.per_second = (u64::from(limits.sends_per_second) * UNIT / sharers).max(1);
        self.level = self.level.min(self.burst);
    }

    /// Takes one send, or says in how many milliseconds there will be one.
    pub fn take(&mut self, now_ms: u64) -> Result<(), u32> {
        let gained = (now_ms - self.filled_ms).saturating_mul(self.per_second) / 1_000;
        if gained > 0 {
            self.level = self.level.saturating_add(gained).min(self.burst);
            self.filled_ms = now_ms;
        }
        if self.level >= UNIT {
            self.level -= UNIT;
            return Ok(());
        }
        Err(((UNIT - self.level) * 1_000).div_ceil(self.per_second).min(u64::from(u32::MAX)) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn burst_then_rate() {
        let limits = Limits { max_frame_bytes: 0, sends_per_second: 10, burst: 3 };
        let mut bucket = Bucket::full(&limits, 0);
        assert!((0..3).all(|_| bucket.take(0).is_ok()));
        assert_eq!(bucket.take(0), Err(100));
        assert_eq!(bucket.take(99).map_err(|_| ()), Err(()));
        assert_eq!(bucket.take(100), Ok(()));
        bucket.share(&limits, 2);
        assert_eq!(bucket.take(200), Err(100), "half the rate: 100 ms gave half a send");
        assert_eq!(bucket.take(300), Ok(()));
    }
}
