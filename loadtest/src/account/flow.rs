//! One sender's messages as one receiver hears them.

use std::collections::BTreeSet;

/// What a message's arrival was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    InOrder,
    /// New, but a later one came before it.
    OutOfOrder,
    Duplicate,
}

/// Remembers which counters have come: all below `next` but those in `holes`. Memory grows with what is missing only.
#[derive(Default, Debug)]
pub struct Flow {
    next: u64,
    holes: BTreeSet<u64>,
}

impl Flow {
    pub fn arrive(&mut self, counter: u64) -> Arrival {
        if counter >= self.next {
            self.holes.extend(self.next..counter);
            self.next = counter + 1;
            Arrival::InOrder
        } else if self.holes.remove(&counter) {
            Arrival::OutOfOrder
        } else {
            Arrival::Duplicate
        }
    }

    /// Missing below the highest that came.
    pub fn missing(&self) -> u64 {
        self.holes.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Arrival::{Duplicate, InOrder, OutOfOrder};

    fn arrivals(counters: &[u64]) -> (Vec<Arrival>, u64) {
        let mut flow = Flow::default();
        (counters.iter().map(|counter| flow.arrive(*counter)).collect(), flow.missing())
    }

    #[test]
    fn each_arrival_is_told_apart() {
        for (counters, expected, missing) in [
            (vec![0, 1, 2], vec![InOrder, InOrder, InOrder], 0),
            (vec![0, 0, 1], vec![InOrder, Duplicate, InOrder], 0),
            (vec![0, 2, 1, 1], vec![InOrder, InOrder, OutOfOrder, Duplicate], 0),
            (vec![3, 0, 2], vec![InOrder, OutOfOrder, OutOfOrder], 1),
            (vec![5, 5], vec![InOrder, Duplicate], 5),
        ] {
            assert_eq!(arrivals(&counters), (expected, missing), "{counters:?}");
        }
    }
}
