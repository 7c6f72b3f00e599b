//! Timers fire on time: beside a saturated shard, on an idle one, and after being moved.
//!
//! "On time" under load is told in turns, not milliseconds, so that a noisy machine cannot fail it: the
//! timer has fired by the first turn or two that begin after its deadline.

mod rt_common;

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use chasqui_relay::rt::{spawn, timer, turn, yield_now};
use rt_common::on_each_driver;

const SOON: Duration = Duration::from_millis(20);

/// Turns after the deadline by which it must have fired: the one in which it is noticed, and the one
/// in which its task runs.
const TURNS_LATE_MAX: u64 = 2;

#[test]
fn a_timer_fires_beside_a_task_that_is_always_ready() {
    on_each_driver(|driver| async move {
        let deadline = Instant::now() + SOON;
        let fired_at = Rc::new(Cell::new(None));
        let fired = fired_at.clone();
        spawn(async move {
            timer::sleep_until(deadline).await;
            fired.set(Some(Instant::now()));
        });
        let mut overdue_turns = 0;
        while fired_at.get().is_none() {
            overdue_turns += u64::from(Instant::now() >= deadline);
            assert!(overdue_turns <= TURNS_LATE_MAX, "late by {overdue_turns} turns on {driver}");
            yield_now().await;
        }
        assert!(fired_at.get().unwrap() >= deadline, "early on {driver}");
    });
}

#[test]
fn many_timers_fire_beside_many_busy_tasks() {
    const TIMERS: u64 = 200;
    on_each_driver(|_| async move {
        let done = Rc::new(Cell::new(false));
        for _ in 0..20 {
            let done = done.clone();
            spawn(async move {
                while !done.get() {
                    yield_now().await;
                }
            });
        }
        let start = Instant::now();
        let timers: Vec<_> = (0..TIMERS)
            .map(|i| start + Duration::from_micros(i * 300))
            .map(|deadline| {
                spawn(async move {
                    timer::sleep_until(deadline).await;
                    assert!(Instant::now() >= deadline);
                })
            })
            .collect();
        for timer in timers {
            timer.await;
        }
        done.set(true);
    });
}

#[test]
fn an_idle_shard_wakes_for_its_timers_and_only_then() {
    on_each_driver(|driver| async move {
        let before = turn::counts().turns;
        for _ in 0..5 {
            let start = Instant::now();
            timer::sleep(SOON).await;
            assert!(start.elapsed() >= SOON);
        }
        let turns = turn::counts().turns - before;
        assert!(turns < 60, "{turns} turns for five timers on {driver}: the shard spins");
    });
}

#[test]
fn an_earlier_timer_shortens_the_sleep() {
    on_each_driver(|_| async move {
        let far = spawn(timer::sleep(Duration::from_secs(3600)));
        yield_now().await;
        timer::sleep(SOON).await;
        drop(far);
    });
}

#[test]
fn a_sleep_can_be_moved_both_ways_and_used_again() {
    on_each_driver(|_| async move {
        let start = Instant::now();
        let mut sleep = timer::sleep(Duration::from_secs(3600));
        sleep.reset(start + SOON);
        (&mut sleep).await;
        assert!(start.elapsed() >= SOON && sleep.has_fired());

        sleep.reset(start + SOON * 3);
        assert!(!sleep.has_fired());
        sleep.reset(start + SOON * 5);
        (&mut sleep).await;
        assert!(start.elapsed() >= SOON * 5);
    });
}

#[test]
fn a_deadline_in_the_past_fires_at_once() {
    on_each_driver(|_| async move {
        timer::sleep_until(Instant::now() - SOON).await;
        timer::sleep(Duration::ZERO).await;
    });
}
