//! A ring of 16-bit fingerprints, read through as a whole.
//!
//! Two cache lines in a row cost less than a hash table's scattered ones, and without a branch for each place they are
//! compared many at a time. Places that are free hold what was there last: a match among them is looked at and dismissed.

/// Places are added this many at a time, a power of two.
const PLACES: usize = 64;

#[derive(Default)]
pub(super) struct Fingerprints {
    /// A power of two of them, or none.
    places: Vec<u16>,
    first: usize,
    len: usize,
}

impl Fingerprints {
    pub fn push(&mut self, fingerprint: u16) {
        if self.len == self.places.len() {
            self.grow();
        }
        let place = self.place(self.len);
        self.places[place] = fingerprint;
        self.len += 1;
    }

    pub fn pop_oldest(&mut self) {
        self.first = self.place(1);
        self.len -= 1;
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = u16> {
        (0..self.len).map(|index| self.places[self.place(index)])
    }

    /// The newest of the first `end` that equals `wanted`. Nearly always there is none.
    pub fn newest(&self, end: usize, wanted: u16) -> Option<usize> {
        let among = |places: &[u16; PLACES]| places.iter().fold(false, |any, place| any | (*place == wanted));
        if !self.places.as_chunks().0.iter().any(among) {
            return None;
        }
        (0..end.min(self.len)).rev().find(|index| self.places[self.place(*index)] == wanted)
    }

    fn place(&self, index: usize) -> usize {
        (self.first + index) & (self.places.len() - 1)
    }

    fn grow(&mut self) {
        let mut places: Vec<u16> = self.iter().collect();
        places.resize((2 * self.len).max(PLACES), 0);
        (self.places, self.first) = (places, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_that_wraps_and_grows_finds_the_newest_and_no_free_place() {
        let mut ring = Fingerprints::default();
        assert_eq!(ring.newest(usize::MAX, 0), None);
        let mut model = std::collections::VecDeque::new();
        for turn in 0..3000_usize {
            // Few values, so that many are there several times.
            let fingerprint = (turn * turn % 97) as u16;
            ring.push(fingerprint);
            model.push_back(fingerprint);
            if turn % 1000 > 40 + turn / 10 {
                ring.pop_oldest();
                model.pop_front();
            }
            let end = turn % (model.len() + 2);
            for wanted in [fingerprint, 5, 98, 0] {
                let expected = model.iter().take(end).rposition(|held| *held == wanted);
                assert_eq!(ring.newest(end, wanted), expected, "turn {turn}");
            }
        }
        assert!(ring.iter().eq(model) && ring.places.len() > PLACES);
    }
}
