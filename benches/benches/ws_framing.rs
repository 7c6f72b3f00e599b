//! The server's WebSocket framing: cutting and unmasking what clients send, and heading what goes back.

use std::hint::black_box;

use chasqui_benches::sample;
use chasqui_proto::dialect::Dialect;
use chasqui_proto::ws::{Decoder, Event, Input, Limits, encode};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

/// Frames in one received chunk.
const CHUNK_FRAMES: [usize; 2] = [1, 64];

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ws_framing/decode");
    for frames in CHUNK_FRAMES {
        let chunk = sample::client_chunk(frames);
        group.throughput(Throughput::Elements(frames as u64));
        group.bench_function(format!("{frames} a read"), |bencher| {
            let mut decoder = Decoder::new(Limits::default());
            // Unmasking is done in place, so each run needs the chunk afresh.
            bencher.iter_batched_ref(
                || chunk.clone(),
                |chunk| {
                    let mut input = Input::new(chunk);
                    while let Some(event) = decoder.next(&mut input).expect("the frames are well formed") {
                        assert!(matches!(black_box(event), Event::Binary(_)));
                    }
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ws_framing/encode");
    group.throughput(Throughput::Elements(1));
    let payload = sample::event_frame(Dialect::Native, &sample::message());
    let mut out = Vec::with_capacity(1024);
    group.bench_function("into a buffer", |bencher| {
        bencher.iter(|| {
            out.clear();
            encode::binary(&mut out, black_box(&payload));
            black_box(out.as_slice());
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = chasqui_benches::settings::criterion();
    targets = decode, encode
}
criterion_main!(benches);
