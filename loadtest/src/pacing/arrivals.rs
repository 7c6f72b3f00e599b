//! Due times of the arrival patterns, each with a mean of the same rate.

use super::{Random, Schedule};
use crate::clock::{NANOS_PER_SECOND, Nanos};

/// How messages are spread over time.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Arrivals {
    /// Evenly, senders in turn.
    #[default]
    Const,
    /// Independent of one another: exponential gaps, each message from any sender.
    Poisson,
    /// This many at once, senders in turn, bursts evenly.
    Burst(u32),
}

impl Arrivals {
    pub fn name(self) -> String {
        match self {
            Self::Const => "const".into(),
            Self::Poisson => "poisson".into(),
            Self::Burst(size) => format!("burst:{size}"),
        }
    }
}

/// One thread's share of a load.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    pub start: Nanos,
    /// Events a second of all threads together.
    pub rate: u64,
    /// `own` of `whole` sources are this thread's.
    pub own: usize,
    pub whole: usize,
    /// The thread's number, and how many there are.
    pub place: (usize, usize),
    pub seed: u64,
}

/// The due times of one thread's share, without end.
#[derive(Clone, Debug)]
pub struct Times {
    arrivals: Arrivals,
    even: Schedule,
    sources: usize,
    random: Random,
    /// How many were told.
    told: u64,
    /// Nanoseconds after the start, where gaps are random.
    after: f64,
    gap: f64,
    start: Nanos,
}

impl Times {
    /// # Panics
    /// If the rate or the share is zero, or the share exceeds the whole.
    pub fn new(arrivals: Arrivals, share: Share) -> Self {
        let Share { start, rate, own, whole, place: (index, threads), seed } = share;
        let at_once = if let Arrivals::Burst(size) = arrivals { size.max(1).into() } else { 1 };
        // Threads take turns rather than send at the same moment.
        let step = Schedule::new(0, rate, own as u64, whole as u64).due(at_once);
        let even = Schedule::new(start + step / threads as u64 * index as u64, rate, own as u64, whole as u64);
        let gap = NANOS_PER_SECOND as f64 * whole as f64 / (rate as f64 * own as f64);
        let random = Random::new(seed, index as u64);
        Self { arrivals, even, sources: own, random, told: 0, after: 0.0, gap, start }
    }

    /// When the next one is due, and which of the thread's sources it comes from.
    pub fn next_due(&mut self) -> (Nanos, usize) {
        let k = self.told;
        self.told += 1;
        let in_turn = (k % self.sources as u64) as usize;
        match self.arrivals {
            Arrivals::Const => (self.even.due(k), in_turn),
            Arrivals::Burst(size) => (self.even.due(k - k % u64::from(size.max(1))), in_turn),
            Arrivals::Poisson => {
                self.after -= self.random.unit().ln() * self.gap;
                (self.start.saturating_add(self.after as u64), self.random.below(self.sources))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = NANOS_PER_SECOND;

    fn share(rate: u64, seed: u64) -> Share {
        Share { start: 1_000, rate, own: 4, whole: 8, place: (1, 2), seed }
    }

    fn take(arrivals: Arrivals, share: Share, count: usize) -> Vec<(Nanos, usize)> {
        let mut times = Times::new(arrivals, share);
        (0..count).map(|_| times.next_due()).collect()
    }

    #[test]
    fn every_pattern_keeps_the_rate() {
        for arrivals in [Arrivals::Const, Arrivals::Poisson, Arrivals::Burst(50)] {
            let times = take(arrivals, share(2_000, 3), 20_001);
            let took = times[20_000].0 - 1_000;
            assert!((19 * SECOND..21 * SECOND).contains(&took), "{arrivals:?} took {took}");
            assert!(times.is_sorted_by_key(|(due, _)| *due));
            assert!((0..4).all(|source| times.iter().any(|(_, of)| *of == source)));
        }
    }

    #[test]
    fn a_burst_is_due_at_once() {
        let times = take(Arrivals::Burst(3), share(2_000, 3), 7);
        assert!(times[0].0 == times[2].0 && times[2].0 < times[3].0 && times[3].0 == times[5].0);
    }

    #[test]
    fn a_seed_makes_the_same_arrivals_again() {
        let draw = |seed| take(Arrivals::Poisson, share(100, seed), 50);
        assert_eq!(draw(5), draw(5));
        assert_ne!(draw(5), draw(6));
    }

    #[test]
    fn poisson_gaps_vary_as_they_should() {
        let times = take(Arrivals::Poisson, share(2_000, 9), 10_001);
        let gaps: Vec<f64> = times.windows(2).map(|pair| (pair[1].0 - pair[0].0) as f64).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let deviation = (gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64).sqrt();
        assert!((0.9..1.1).contains(&(deviation / mean)), "an exponential's deviation is its mean");
    }
}
