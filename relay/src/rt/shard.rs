//! A shard's thread: pinned, with a runtime of its own, from start to the last closed socket.

use std::future::Future;
use std::io;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use monoio::net::udp::UdpSocket;

use super::context::Shard;
use super::driver::{self, Driver};
use super::task::spawn;

/// How to start one shard.
#[derive(Debug, Clone)]
pub struct ShardSpec {
    pub index: usize,
    pub driver: Driver,
    /// Keep the thread on core `index` (modulo the cores there are). Failing that is logged only.
    pub pinned: bool,
}

/// Starts a thread that runs `main` to its end. Returns once the driver is up, or with its error.
///
/// When `main` is done, tasks that still wait are dropped and their sockets closed. A panic in any task
/// ends the released program; where panics unwind it ends the thread, and joining reports it.
pub fn run_shard<M, F>(spec: ShardSpec, main: M) -> io::Result<JoinHandle<F::Output>>
where
    M: FnOnce() -> F + Send + 'static,
    F: Future + 'static,
    F::Output: Send + 'static,
{
    let (built, started) = mpsc::channel();
    let thread = thread::Builder::new().name(format!("shard-{}", spec.index)).spawn(move || {
        if spec.pinned {
            pin_to_core(spec.index);
        }
        // The receiver waits for exactly this message.
        let report = |result| built.send(result).expect("the starter waits");
        driver::block_on(spec.driver, report, || life(main)).expect("the driver was reported as built")
    })?;
    match started.recv() {
        Ok(Ok(())) => Ok(thread),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(io::Error::other("the shard's thread ended before its driver was up")),
    }
}

/// Runs a shard's life on the calling thread, for tests and tools.
pub fn block_on<M, F>(driver: Driver, main: M) -> io::Result<F::Output>
where
    M: FnOnce() -> F + 'static,
    F: Future + 'static,
{
    let mut outcome = Ok(());
    let output = driver::block_on(driver, |built| outcome = built, || life(main));
    outcome.map(|()| output.expect("a driver that was built runs to the end"))
}

fn pin_to_core(index: usize) {
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let pinned = !cores.is_empty() && core_affinity::set_for_current(cores[index % cores.len()]);
    if !pinned {
        tracing::warn!(shard = index, "cannot pin the shard's thread to a core; it runs unpinned");
    }
}

async fn life<M, F>(main: M) -> F::Output
where
    M: FnOnce() -> F + 'static,
    F: Future + 'static,
    F::Output: 'static,
{
    let shard = Shard::open().expect("epoll and eventfd are there on every supported kernel");
    let _entered = shard.enter();
    let sockets = monoio::spawn(watch_sockets(shard.clone()));
    let timers = monoio::spawn(watch_timers(shard.clone()));
    let deferred = monoio::spawn(wake_deferred(shard.clone()));
    let output = spawn(async move { main().await }).await;
    shard.close();
    sockets.await;
    timers.await;
    deferred.await;
    output
}

/// Begins a turn whenever a socket of this shard is ready.
///
/// The wait is for the epoll instance itself; dropping it loses nothing, since the instance stays ready
/// until its events are taken.
async fn watch_sockets(shard: Rc<Shard>) {
    let epoll = shard.reactor_fd().expect("the reactor's descriptor can be duplicated");
    // A UDP socket is the driver's one type that is only a descriptor to wait for.
    let epoll = UdpSocket::from_std(epoll.into()).expect("the driver accepts a pollable descriptor");
    loop {
        epoll.readable(false).await.expect("an epoll instance can be polled");
        if shard.is_closing() {
            return;
        }
        shard.dispatch();
    }
}

async fn watch_timers(shard: Rc<Shard>) {
    shard.timers.watch(&shard).await;
}

/// Wakes the tasks that stood back for the others, after those have run.
async fn wake_deferred(shard: Rc<Shard>) {
    while !shard.is_closing() {
        shard.deferral.raised().await;
        shard.turn();
        shard.wake_deferred();
    }
}
