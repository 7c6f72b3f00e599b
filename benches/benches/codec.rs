//! Encoding and decoding of what one message costs: the send, the message, the ack; in both dialects.

use std::hint::black_box;

use chasqui_benches::sample;
use chasqui_proto::dialect::{Dialect, Scratch, decode_command, decode_event, encode_command, encode_event};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn codec(criterion: &mut Criterion) {
    for dialect in Dialect::ALL {
        let mut group = criterion.benchmark_group(format!("codec/{}", dialect.name()));
        group.throughput(Throughput::Elements(1));
        let mut out = Vec::with_capacity(1024);
        let send = sample::send();
        group.bench_function("send/encode", |bencher| {
            bencher.iter(|| {
                out.clear();
                encode_command(dialect, black_box(&send), &mut out);
                black_box(out.as_slice());
            });
        });
        let frame = sample::aligned(&sample::command_frame(dialect, &send));
        let mut scratch = Scratch::default();
        group.bench_function("send/decode", |bencher| {
            bencher.iter(|| {
                let command = decode_command(dialect, black_box(&frame), &mut scratch);
                black_box(command.expect("the frame is well formed"));
            });
        });
        for (name, event) in [("message", sample::message()), ("ack", sample::ack())] {
            group.bench_function(format!("{name}/encode"), |bencher| {
                bencher.iter(|| {
                    out.clear();
                    encode_event(dialect, black_box(&event), &mut out);
                    black_box(out.as_slice());
                });
            });
            let frame = sample::aligned(&sample::event_frame(dialect, &event));
            group.bench_function(format!("{name}/decode"), |bencher| {
                bencher.iter(|| decode_event(dialect, black_box(&frame)).expect("the frame is well formed"));
            });
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = chasqui_benches::settings::criterion();
    targets = codec
}
criterion_main!(benches);
