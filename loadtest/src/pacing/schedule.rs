//! The due times of an evenly paced sender.

use crate::clock::{NANOS_PER_SECOND, Nanos};

/// `rate` messages a second, of which this schedule has a share; message `k` of the share is due at
/// [`Schedule::due`]. Computed from `k` each time, so rounding never adds up.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    start: Nanos,
    rate: u64,
    /// `share` of every `whole` messages are ours.
    share: u64,
    whole: u64,
}

impl Schedule {
    /// # Panics
    /// If the rate or the share is zero, or the share exceeds the whole.
    pub fn new(start: Nanos, rate: u64, share: u64, whole: u64) -> Self {
        assert!(rate > 0 && share > 0 && share <= whole, "a schedule has something to send");
        Self { start, rate, share, whole }
    }

    /// When message `k`, from 0, is due.
    pub fn due(&self, k: u64) -> Nanos {
        let period = u128::from(NANOS_PER_SECOND) * u128::from(self.whole);
        let after = u128::from(k) * period / (u128::from(self.rate) * u128::from(self.share));
        self.start.saturating_add(u64::try_from(after).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_kept_without_drift() {
        let schedule = Schedule::new(1_000, 30_000, 1, 1);
        assert_eq!(schedule.due(0), 1_000);
        for seconds in [1, 7, 3_600] {
            assert_eq!(schedule.due(30_000 * seconds), 1_000 + NANOS_PER_SECOND * seconds);
        }
    }

    #[test]
    fn messages_are_evenly_spaced() {
        let schedule = Schedule::new(0, 3, 1, 1);
        let due: Vec<_> = (0..4).map(|k| schedule.due(k)).collect();
        assert_eq!(due, [0, 333_333_333, 666_666_666, 1_000_000_000]);
    }

    #[test]
    fn shares_add_up_to_the_rate() {
        let (large, small) = (Schedule::new(0, 1_000, 3, 4), Schedule::new(0, 1_000, 1, 4));
        assert_eq!(large.due(750), NANOS_PER_SECOND);
        assert_eq!(small.due(250), NANOS_PER_SECOND);
    }

    #[test]
    fn the_far_future_saturates() {
        assert_eq!(Schedule::new(5, 1, 1, 1).due(u64::MAX), u64::MAX);
    }
}
