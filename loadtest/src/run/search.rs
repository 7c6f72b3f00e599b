//! Which rate to try next, when the highest that passes is looked for.

/// The gap between what passed and what failed, as a part of the former, at which the search ends.
const RESOLUTION: f64 = 0.05;
/// A search that takes more has met a server whose limit moves.
const TRIES_MAX: usize = 30;

/// What is known of the limit.
#[derive(Clone, Debug)]
pub struct Search {
    first: u64,
    passed: Option<u64>,
    failed: Option<u64>,
    tries: usize,
}

impl Search {
    pub fn from(first: u64) -> Self {
        Self { first, passed: None, failed: None, tries: 0 }
    }

    /// Doubles until a rate fails, or halves until one passes; then halves the gap.
    pub fn next(&self) -> Option<u64> {
        if self.tries == TRIES_MAX {
            return None;
        }
        match (self.passed, self.failed) {
            (None, None) => Some(self.first),
            (Some(passed), None) => passed.checked_mul(2),
            (None, Some(failed)) => (failed > 1).then_some(failed / 2),
            (Some(passed), Some(failed)) => {
                let gap = failed - passed;
                (gap > 1 && gap as f64 > passed as f64 * RESOLUTION).then_some(passed + gap / 2)
            }
        }
    }

    pub fn tried(&mut self, rate: u64, passed: bool) {
        self.tries += 1;
        let known = if passed { &mut self.passed } else { &mut self.failed };
        *known = Some(rate);
    }

    /// The highest rate that has passed.
    pub fn found(&self) -> Option<u64> {
        self.passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(first: u64, limit: u64) -> (Option<u64>, Vec<u64>) {
        let (mut search, mut tried) = (Search::from(first), Vec::new());
        while let Some(rate) = search.next() {
            tried.push(rate);
            search.tried(rate, rate <= limit);
        }
        (search.found(), tried)
    }

    #[test]
    fn the_limit_is_found_from_either_side() {
        for first in [100, 1_000, 50_000] {
            let (found, tried) = search(first, 13_370);
            let found = found.unwrap();
            assert!(found <= 13_370 && found as f64 * (1.0 + RESOLUTION) >= 13_370.0, "{first}: {tried:?}");
            assert!(tried.len() < 16, "{tried:?}");
        }
    }

    #[test]
    fn every_search_ends() {
        assert_eq!(search(1_000, 0).0, None);
        assert_eq!(search(1, 1).0, Some(1));
        assert_eq!(search(1_000, u64::MAX).1.len(), TRIES_MAX);
    }
}
