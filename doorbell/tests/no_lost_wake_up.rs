//! The doorbell on real atomics, a real eventfd and real threads: a ping-pong in which each side sleeps
//! as soon as it has nothing to read. One lost wake-up ends it within the watchdog's time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chasqui_doorbell::{Doorbell, doorbell};

const ROUNDS: u32 = 20_000;
/// Far beyond any scheduling delay of a busy machine; reached only when a wake-up is lost.
const WATCHDOG: Duration = Duration::from_secs(20);

/// A ring of one: the last value written, compared with the last one taken.
struct Side {
    bell: Doorbell,
    written: AtomicU32,
}

impl Side {
    fn new() -> Arc<Self> {
        Arc::new(Self { bell: doorbell().unwrap(), written: AtomicU32::new(0) })
    }

    fn write(&self, value: u32) {
        self.written.store(value, Ordering::Release);
        self.bell.ring();
    }

    fn wait_for(&self, value: u32) {
        let has_it = || self.written.load(Ordering::Acquire) == value;
        while !has_it() {
            if self.bell.before_sleep(has_it) {
                assert!(self.bell.signal().wait(WATCHDOG).unwrap(), "slept forever at {value}");
                self.bell.awake();
            }
        }
    }
}

#[test]
fn a_ping_pong_of_sleepers_never_stops() {
    let (left, right) = (Side::new(), Side::new());
    let echo = {
        let (left, right) = (left.clone(), right.clone());
        std::thread::spawn(move || {
            (1..=ROUNDS).for_each(|round| {
                left.wait_for(round);
                right.write(round);
            });
        })
    };
    (1..=ROUNDS).for_each(|round| {
        left.write(round);
        right.wait_for(round);
    });
    echo.join().unwrap();
}

#[test]
fn ringing_the_waking_costs_no_signal() {
    let bell = doorbell().unwrap();
    assert!(!bell.ring(), "nobody sleeps");
    assert!(bell.before_sleep(|| false));
    assert!(bell.ring(), "the sleeper is woken");
    assert!(!bell.ring(), "and only once");
    assert!(bell.signal().drain());
    assert!(!bell.before_sleep(|| true), "something is pending");
    assert!(!bell.ring(), "so the flag is down");
    assert!(!bell.signal().drain());
}
