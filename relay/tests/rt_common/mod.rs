//! What the tests of the runtime room share. Each test file uses a part of it.
#![allow(dead_code)]

use std::future::Future;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use chasqui_relay::rt::{Driver, ShardSpec, probe, run_shard};

/// Far beyond any delay of a busy machine; reached only when something waits forever.
pub const WATCHDOG: Duration = Duration::from_secs(60);

/// The drivers of this machine: epoll always, io_uring where the probe finds it.
pub fn drivers() -> Vec<Driver> {
    let best = probe();
    if best.driver == Driver::IoUring {
        return vec![Driver::IoUring, Driver::Epoll];
    }
    eprintln!("io_uring is not tested here: {}", best.reason);
    vec![Driver::Epoll]
}

/// Starts an unpinned shard: tests run many at once on few cores.
pub fn start<M, F>(driver: Driver, index: usize, main: M) -> JoinHandle<F::Output>
where
    M: FnOnce() -> F + Send + 'static,
    F: Future + 'static,
    F::Output: Send + 'static,
{
    run_shard(ShardSpec { index, driver, pinned: false }, main).unwrap()
}

/// Runs one shard to its end on every driver, within the watchdog's time.
pub fn on_each_driver<M, F>(main: M)
where
    M: FnOnce(Driver) -> F + Send + Clone + 'static,
    F: Future<Output = ()> + 'static,
{
    for driver in drivers() {
        let main = main.clone();
        finish(start(driver, 0, move || main(driver)));
    }
}

/// Joins a shard, and fails instead of hanging if it never ends.
pub fn finish<T: Send + 'static>(shard: JoinHandle<T>) -> T {
    let (done, ended) = mpsc::channel();
    let waiter = std::thread::spawn(move || {
        let output = shard.join();
        let _ = done.send(());
        output
    });
    ended.recv_timeout(WATCHDOG).expect("the shard sleeps forever");
    waiter.join().unwrap().expect("the shard did not panic")
}

/// A small generator, so that a test's choices are the same in every run.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
