//! One message to the connections of a room: encoded once per dialect, queued for each.

use std::hint::black_box;

use chasqui_benches::fan_out::FanOut;
use chasqui_benches::sample;
use chasqui_proto::dialect::Dialect;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const RECEIVERS: [usize; 3] = [1, 20, 200];

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fan_out");
    let event = sample::message();
    for receivers in RECEIVERS {
        group.throughput(Throughput::Elements(receivers as u64));
        for (name, dialects) in [("native", &[Dialect::Native][..]), ("both dialects", &Dialect::ALL[..])] {
            if dialects.len() > receivers {
                continue;
            }
            let mut fan_out = FanOut::new(dialects, receivers);
            group.bench_function(format!("to {receivers}, {name}"), |bencher| {
                bencher.iter(|| {
                    fan_out.send(black_box(&event));
                    fan_out.drain();
                });
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = chasqui_benches::settings::criterion();
    targets = encode
}
criterion_main!(benches);
