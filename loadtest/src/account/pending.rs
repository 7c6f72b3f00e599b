//! A sender's messages that have no answer yet, oldest first.

use std::collections::VecDeque;

use crate::clock::Nanos;

/// Counters rise by one, so the place in the queue is the counter.
#[derive(Default, Debug)]
pub struct Pending {
    first: u64,
    /// When each was due; None once answered.
    due: VecDeque<Option<Nanos>>,
}

impl Pending {
    /// The counter the next message gets.
    pub fn next(&self) -> u64 {
        self.first + self.due.len() as u64
    }

    pub fn sent(&mut self, due: Nanos) {
        self.due.push_back(Some(due));
    }

    /// The answer to `counter` came: when it was due, or None if it was never sent or answered before.
    pub fn answered(&mut self, counter: u64) -> Option<Nanos> {
        let place = usize::try_from(counter.checked_sub(self.first)?).ok()?;
        let due = self.due.get_mut(place)?.take();
        while self.due.front().is_some_and(Option::is_none) {
            self.due.pop_front();
            self.first += 1;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_matched_in_any_order_and_once() {
        let mut pending = Pending::default();
        for due in [10, 11, 12] {
            pending.sent(due);
        }
        assert_eq!(pending.next(), 3);
        assert_eq!(pending.answered(1), Some(11));
        assert_eq!(pending.answered(1), None);
        assert_eq!(pending.answered(0), Some(10));
        assert_eq!(pending.answered(0), None);
        assert_eq!(pending.answered(3), None);
        assert_eq!((pending.next(), pending.answered(2)), (3, Some(12)));
        pending.sent(13);
        assert_eq!(pending.answered(3), Some(13));
    }
}
