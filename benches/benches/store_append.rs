//! The embedded store behind its service: groups of messages submitted at once, until the last is durable.

use std::sync::mpsc::{Receiver, Sender, channel};

use chasqui_benches::sample;
use chasqui_proto::row::{Completion, Op, Outcome, Row, StoreRequest, Ticket};
use chasqui_storage::embedded::Embedded;
use chasqui_storage::service::{CompletionSink, Service, ServiceConfig, ShardHandle};
use criterion::{BatchSize, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

const GROUPS: [u64; 3] = [1, 100, 1000];
/// A group waits for the disk, so fewer samples must do.
const SAMPLES: usize = 20;

/// Counts a batch's completions and tells them at its end.
struct Counter {
    count: u64,
    told: Sender<u64>,
}

impl CompletionSink for Counter {
    fn complete(&mut self, completion: Completion) {
        assert_eq!(completion.outcome, Outcome::Persisted);
        self.count += 1;
    }
    fn flush(&mut self) {
        // The bench may be over.
        let _ = self.told.send(std::mem::take(&mut self.count));
    }
}

struct Store {
    handle: ShardHandle,
    done: Receiver<u64>,
}

impl Store {
    fn append(&mut self, group: Vec<StoreRequest>) {
        let mut missing = group.len() as u64;
        for request in group {
            let submitted = self.handle.submit(request);
            assert!(submitted.is_ok(), "the queue holds the largest group");
        }
        while missing > 0 {
            missing -= self.done.recv().expect("the service runs");
        }
    }
}

/// Appends of the next messages; made outside the measurement, as the core makes them.
fn requests(seq: &mut u64, group: u64) -> Vec<StoreRequest> {
    let request = |_| {
        *seq += 1;
        StoreRequest { ticket: Ticket(*seq), op: Op::Write([Row::Message(sample::row(*seq))].into()) }
    };
    (0..group).map(request).collect()
}

fn append(criterion: &mut Criterion) {
    // In the target folder: a temporary folder may be in memory, where fsync costs nothing.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made");
    let engine = Embedded::open(folder.path()).expect("a new store opens");
    let (told, done) = channel();
    let sink: Box<dyn CompletionSink> = Box::new(Counter { count: 0, told });
    let (service, handles) = Service::start(engine, ServiceConfig::default(), vec![sink]);
    let handle = handles.into_iter().next().expect("one handle per sink");
    let mut store = Store { handle, done };
    let mut seq = 0;
    let mut group = criterion.benchmark_group("store_append");
    group.sample_size(SAMPLES).sampling_mode(SamplingMode::Flat);
    for size in GROUPS {
        group.throughput(Throughput::Elements(size));
        group.bench_function(format!("group of {size}"), |bencher| {
            bencher.iter_batched(|| requests(&mut seq, size), |group| store.append(group), BatchSize::PerIteration);
        });
    }
    group.finish();
    service.stop();
}

criterion_group! {
    name = benches;
    config = chasqui_benches::settings::criterion();
    targets = append
}
criterion_main!(benches);
