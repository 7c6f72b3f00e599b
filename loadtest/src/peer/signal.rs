//! A pair's typing signals: which one is under way.
//!
//! A typing event carries no stamp. So there is one at a time, alternately on and off: what arrives is the one that was
//! sent last, and a straggler, given up before, is told from it by being the other. One that comes two turns late would
//! not be; by then it has been on its way for two seconds.

use std::cell::Cell;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use crate::clock::Nanos;

/// A signal that has not come by now is lost; thousands of round trips on a local network, and one on the worst of others.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(1);

/// One pair's, shared by its sender and its receiver.
#[derive(Default, Debug)]
pub struct Signal {
    under_way: Cell<Option<(u64, Nanos)>>,
    /// What the last one said.
    on: Cell<bool>,
    arrived: Notify,
}

impl Signal {
    /// Signal `counter` is to be sent; the answer is what it says.
    pub fn begin(&self, counter: u64, due: Nanos) -> bool {
        self.under_way.set(Some((counter, due)));
        self.on.set(!self.on.get());
        self.on.get()
    }

    /// A signal came: its counter and when it was due, or None if it was given up before.
    pub fn arrive(&self, on: bool) -> Option<(u64, Nanos)> {
        let came = if on == self.on.get() { self.under_way.take() } else { None }?;
        self.arrived.notify_one();
        Some(came)
    }

    /// Waits for the arrival; false: it is given up.
    pub async fn settled(&self) -> bool {
        let arrival = async {
            while self.under_way.get().is_some() {
                self.arrived.notified().await;
            }
        };
        let in_time = timeout(GIVEN_UP_AFTER, arrival).await.is_ok();
        self.give_up();
        in_time
    }

    fn give_up(&self) {
        self.under_way.set(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straggler_is_not_taken_for_its_successor() {
        let signal = Signal::default();
        assert!(signal.begin(0, 10));
        assert_eq!(signal.arrive(true), Some((0, 10)));
        assert!(!signal.begin(1, 20));
        signal.give_up();
        assert!(signal.begin(2, 30));
        assert_eq!(signal.arrive(false), None, "the one before, after all");
        assert_eq!(signal.arrive(true), Some((2, 30)));
        assert_eq!(signal.arrive(true), None, "twice");
    }
}
