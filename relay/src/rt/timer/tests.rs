//! What the runtime's own timers do beside a busy task: the reason this module exists.

use std::time::{Duration, Instant};

use crate::rt::{Driver, block_on, timer, yield_now};

const SOON: Duration = Duration::from_millis(20);
/// Long after `SOON`, so that a timer that was merely late would have fired.
const BUSY_FOR: Duration = Duration::from_millis(400);

async fn be_busy() {
    let until = Instant::now() + BUSY_FOR;
    while Instant::now() < until {
        yield_now().await;
    }
}

fn runtimes_own_timer_starves(driver: Driver) {
    let fired = block_on(driver, || async {
        let sleep = monoio::spawn(monoio::time::sleep(SOON));
        be_busy().await;
        sleep.is_finished()
    });
    assert!(!fired.unwrap(), "the runtime fires timers under load now: this wheel may go");
}

fn the_wheel_does_not(driver: Driver) {
    let late = block_on(driver, || async {
        let deadline = Instant::now() + SOON;
        let sleep = crate::rt::spawn(async move {
            timer::sleep_until(deadline).await;
            deadline.elapsed()
        });
        be_busy().await;
        sleep.await
    });
    assert!(late.unwrap() < BUSY_FOR - SOON);
}

#[test]
fn the_runtimes_own_timer_starves_beside_a_busy_task_on_io_uring() {
    if crate::rt::probe().driver == Driver::IoUring {
        runtimes_own_timer_starves(Driver::IoUring);
        the_wheel_does_not(Driver::IoUring);
    }
}

#[test]
fn the_runtimes_own_timer_starves_beside_a_busy_task_on_epoll() {
    runtimes_own_timer_starves(Driver::Epoll);
    the_wheel_does_not(Driver::Epoll);
}
