//! Latency over time: a coarse histogram for each slot of the measured span, by when messages were due.
//!
//! Limits: [`SLOTS_MAX`] slots of a second or more, some 15 KiB each.

use hdrhistogram::Histogram;

use super::tally::LATENCY_NS_MAX;
use crate::clock::{NANOS_PER_SECOND, Nanos, Span};

/// As many as a plot can show; in longer runs the slots are.
pub const SLOTS_MAX: u64 = 600;
/// One percent is finer than a pixel.
const SIGNIFICANT_DIGITS: u8 = 2;

#[derive(Clone, Default, Debug)]
pub struct Timeline {
    from: Nanos,
    slot_ns: Nanos,
    slots: Vec<Histogram<u32>>,
}

impl Timeline {
    /// Books a delivery of a message that was due in `span`.
    pub fn record(&mut self, span: Span, due: Nanos, now: Nanos) {
        if self.slots.is_empty() {
            *self = Self::over(span);
        }
        let slot = (due - self.from) / self.slot_ns;
        self.slots[slot as usize].saturating_record(now.saturating_sub(due).max(1));
    }

    fn over(span: Span) -> Self {
        let length = span.until - span.from;
        // Whole seconds, so that a slot says what it is.
        let slot_ns = length.div_ceil(SLOTS_MAX).next_multiple_of(NANOS_PER_SECOND);
        let slot = Histogram::new_with_bounds(1, LATENCY_NS_MAX, SIGNIFICANT_DIGITS);
        let slot = slot.expect("the bounds and digits are valid");
        Self { from: span.from, slot_ns, slots: vec![slot; length.div_ceil(slot_ns) as usize] }
    }

    /// Adds another thread's. Sums over several spans keep the first one's.
    pub fn merge(&mut self, other: &Self) {
        if self.slots.is_empty() {
            *self = other.clone();
        } else if self.from == other.from {
            for (own, others) in self.slots.iter_mut().zip(&other.slots) {
                own.add(others).expect("slots have the same bounds");
            }
        }
    }

    pub fn slot_seconds(&self) -> u64 {
        self.slot_ns / NANOS_PER_SECOND
    }

    pub fn slots(&self) -> &[Histogram<u32>] {
        &self.slots
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Nanos = NANOS_PER_SECOND;

    #[test]
    fn deliveries_are_booked_where_their_message_was_due() {
        let span = Span { from: 10 * SECOND, until: 12 * SECOND + 1 };
        let (mut one, mut two) = (Timeline::default(), Timeline::default());
        one.record(span, 10 * SECOND, 15 * SECOND);
        one.record(span, 12 * SECOND, 12 * SECOND + 500);
        two.record(span, 11 * SECOND - 1, 11 * SECOND);
        one.merge(&two);
        assert_eq!(one.slots().iter().map(Histogram::len).collect::<Vec<_>>(), [2, 0, 1]);
        let mut sum = Timeline::default();
        sum.merge(&one);
        assert_eq!((sum.slots().len(), sum.slot_seconds()), (3, 1));
    }

    #[test]
    fn a_long_run_has_longer_slots() {
        let mut timeline = Timeline::default();
        timeline.record(Span { from: 0, until: 3_600 * SECOND }, 3_600 * SECOND - 1, 3_600 * SECOND);
        assert_eq!((timeline.slots().len(), timeline.slot_seconds()), (600, 6));
    }
}
