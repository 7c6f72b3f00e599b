//! One message through the pure core, from the sender's command to the durable ack, the store answering at once.

use chasqui_benches::core::Core;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const ROOM_MEMBERS: usize = 200;

fn direct(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("core_step");
    group.throughput(Throughput::Elements(1));
    let mut core: Core = Core::default();
    let (alice, _bob) = (core.open("alice"), core.open("bob"));
    let conv = core.direct(alice, "bob");
    group.bench_function("direct message", |bencher| bencher.iter(|| core.send(alice, conv)));
    group.finish();
}

/// The core names the receivers once per shard; encoding for them is the shell's.
fn room(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("core_step");
    group.throughput(Throughput::Elements(ROOM_MEMBERS as u64 - 1));
    let mut core: Core = Core::default();
    let members: Vec<String> = (1..ROOM_MEMBERS).map(|index| format!("member-{index}")).collect();
    let creator = core.open("creator");
    members.iter().for_each(|name| _ = core.open(name));
    let conv = core.group(creator, &members);
    group.bench_function(format!("room of {ROOM_MEMBERS}"), |bencher| bencher.iter(|| core.send(creator, conv)));
    group.finish();
}

criterion_group! {
    name = benches;
    config = chasqui_benches::settings::criterion();
    targets = direct, room
}
criterion_main!(benches);
