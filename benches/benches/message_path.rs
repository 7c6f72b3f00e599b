//! A direct message in user space as the relay takes it, but for sockets and framing: from the sender's frame to the
//! frames of message and ack, among fifty conversations at work, on the memory store.
//!
//! What one conversation alone would not show is memory: each message comes after others of other conversations have
//! used the processor's cache.

use chasqui_benches::core::{Core, Receiver};
use chasqui_benches::sample::{CONTENT, aligned};
use chasqui_benches::{encode, outbox::Outbox};
use chasqui_proto::command::{AckLevel, Command, Target};
use chasqui_proto::dialect::{Dialect, Scratch, decode_command, encode_command};
use chasqui_proto::event::Event;
use chasqui_proto::ids::{ClientId, ConvId, SessionId};
use chasqui_storage::memory::Volatile;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rkyv::util::AlignedVec;

const PAIRS: usize = 50;

/// The connections' outboxes, by the serial of their sessions: [`Core`] counts these and the first messages, from 1.
struct Outboxes(Vec<Outbox>);

impl Receiver for Outboxes {
    fn receive(&mut self, sessions: &[SessionId], event: &Event) {
        for session in sessions {
            let outbox = &mut self.0[session.0 as usize];
            outbox.push_with(|out| encode::append(encode::Wire::NativeWebSocket, event, out));
        }
    }
}

struct Path {
    core: Core<Outboxes>,
    pairs: Vec<(SessionId, ConvId)>,
    sent: u64,
    frame: Vec<u8>,
    aligned: AlignedVec<8>,
    scratch: Scratch,
}

impl Path {
    fn new() -> Self {
        let mut core = Core::new(Outboxes((0..=3 * PAIRS).map(|_| Outbox::default()).collect()));
        let store = Volatile::default();
        core.store = Box::new(move |request| store.answer(request));
        let pairs = (0..PAIRS).map(|pair| {
            let (from, to) = (core.open(&format!("sender-{pair}")), format!("receiver-{pair}"));
            core.open(&to);
            (from, core.direct(from, &to))
        });
        let pairs = pairs.collect();
        Self { core, pairs, sent: 0, frame: Vec::new(), aligned: aligned(&[]), scratch: Scratch::default() }
    }

    /// A turn of the relay: from each sender some messages, then everything is written.
    fn turn(&mut self, messages: usize) {
        for pair in 0..PAIRS {
            (0..messages).for_each(|_| self.send(pair));
        }
        for outbox in &mut self.core.receiver.0 {
            outbox.advance(outbox.bytes());
        }
    }

    fn send(&mut self, pair: usize) {
        let (from, conv) = self.pairs[pair];
        self.sent += 1;
        let mut client_id = [9; 16];
        client_id[8..].copy_from_slice(&self.sent.to_be_bytes());
        let (target, client_id) = (Target::Conversation(conv), ClientId(client_id));
        let ack = AckLevel::Accepted;
        let send = Command::Send { id: "1742", target, client_id, content: CONTENT, ack, resend: false };
        self.frame.clear();
        encode_command(Dialect::Native, &send, &mut self.frame);
        self.aligned.clear();
        self.aligned.extend_from_slice(&self.frame);
        let command = decode_command(Dialect::Native, &self.aligned, &mut self.scratch).expect("well formed");
        self.core.command(from, &command);
    }
}

fn message_path(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("message_path");
    let mut path = Path::new();
    for messages in [1, 4] {
        group.throughput(Throughput::Elements((PAIRS * messages) as u64));
        group.bench_function(format!("50 pairs, {messages} a turn"), |bencher| bencher.iter(|| path.turn(messages)));
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = chasqui_benches::settings::criterion();
    targets = message_path
}
criterion_main!(benches);
