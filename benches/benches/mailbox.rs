//! The mesh between shards: a ring on one thread, and hops between two threads that sleep and are rung.

use std::time::{Duration, Instant};

use chasqui_relay::mesh::{Capacities, Class, Link, Mesh, Port};
use chasqui_relay::rt::{self, Driver, ShardSpec};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Messages pushed before the bell is rung once.
const BATCHES: [u64; 2] = [1, 64];

type Message = u64;

fn driver() -> Driver {
    rt::probe().driver
}

fn links() -> (Link<Message>, Link<Message>) {
    let links = Mesh::new(2, Capacities::default()).expect("eventfds can be made");
    let [first, second] = <[Link<Message>; 2]>::try_from(links).ok().expect("one link per shard");
    (first, second)
}

fn ring(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mailbox");
    for batch in BATCHES {
        group.throughput(Throughput::Elements(batch));
        group.bench_function(format!("push and drain {batch}, one thread"), |bencher| {
            bencher.iter_custom(|rounds| {
                rt::block_on(driver(), move || async move { push_and_drain(rounds, batch) }).expect("a shard runs")
            });
        });
    }
    group.finish();
}

fn push_and_drain(rounds: u64, batch: u64) -> Duration {
    let (first, second) = links();
    let (mut from, mut to) = (first.open().expect("a port opens"), second.open().expect("a port opens"));
    let start = Instant::now();
    for _ in 0..rounds {
        push(&mut from, 1, batch);
        let mut sum = 0;
        to.drain(batch as usize, &mut |_, message| sum += message);
        assert_eq!(sum, batch * (batch - 1) / 2);
    }
    start.elapsed()
}

fn push(port: &mut Port<Message>, to: usize, batch: u64) {
    for message in 0..batch {
        port.push(to, Class::Command, message).expect("the ring has room");
    }
    port.ring_dirty();
}

fn hop(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mailbox");
    for batch in BATCHES {
        // There and back.
        group.throughput(Throughput::Elements(2 * batch));
        group.bench_function(format!("there and back {batch}, two threads"), |bencher| {
            bencher.iter_custom(|rounds| there_and_back(rounds, batch));
        });
    }
    group.finish();
}

fn there_and_back(rounds: u64, batch: u64) -> Duration {
    let (first, second) = links();
    let spec = |index| ShardSpec { index, driver: driver(), pinned: true };
    let echo = rt::run_shard(spec(1), move || async move {
        let mut port = second.open().expect("a port opens");
        for _ in 0..rounds {
            take(&mut port, batch).await;
            push(&mut port, 0, batch);
        }
    });
    let caller = rt::run_shard(spec(0), move || async move {
        let mut port = first.open().expect("a port opens");
        let start = Instant::now();
        for _ in 0..rounds {
            push(&mut port, 1, batch);
            take(&mut port, batch).await;
        }
        start.elapsed()
    });
    let elapsed = caller.expect("a shard starts").join().expect("the caller ends");
    echo.expect("a shard starts").join().expect("the echo ends");
    elapsed
}

/// Waits for a whole batch, asleep in between.
async fn take(port: &mut Port<Message>, batch: u64) {
    let mut missing = batch as usize;
    while missing > 0 {
        missing -= port.drain(missing, &mut |_, _| ());
        if missing > 0 {
            port.wait().await;
        }
    }
}

criterion_group! {
    name = benches;
    config = chasqui_benches::settings::criterion();
    targets = ring, hop
}
criterion_main!(benches);
