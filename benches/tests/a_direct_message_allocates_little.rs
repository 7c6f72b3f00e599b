//! A direct message in steady state, from the sender's frame to the frames of message and ack: how often the allocator
//! is asked, so that no allocation comes to the path unseen. A failure names each site.

use chasqui_benches::allocations::{self, Counting};
use chasqui_benches::core::{Core, Receiver};
use chasqui_benches::sample;
use chasqui_proto::command::{AckLevel, Command};
use chasqui_proto::dialect::{Dialect, Scratch, decode_command};
use chasqui_proto::event::Event;
use chasqui_proto::ids::{ClientId, SessionId};
use chasqui_relay::shard::encode::{Encoder, Wire};
use chasqui_relay::shard::outbox::Outbox;
use chasqui_storage::memory::Volatile;
use rkyv::util::AlignedVec;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Beyond the bounds of what a conversation remembers, so that every table has its final size.
const WARM_UP_MESSAGES: usize = 5_000;
/// Receipts are written and timers come due several times meanwhile.
const MEASURED_MESSAGES: usize = 20_000;
/// Enough for the sites, each of which costs a backtrace.
const TRACED_MESSAGES: usize = 1_000;

struct Case {
    name: &'static str,
    dialect: Dialect,
    ack: AckLevel,
    /// Store requests under way.
    store_depth: usize,
    /// With the relay's memory store, which holds messages too.
    volatile: bool,
    /// Allocations in a thousand messages; those that come once in a while, such as a flush of receipts, included.
    per_thousand_max: u64,
}

const CASES: [Case; 5] = [
    Case {
        name: "native, accepted",
        dialect: Dialect::Native,
        ack: AckLevel::Accepted,
        store_depth: 0,
        volatile: false,
        per_thousand_max: 20,
    },
    Case {
        name: "native, durable",
        dialect: Dialect::Native,
        ack: AckLevel::Durable,
        store_depth: 0,
        volatile: false,
        per_thousand_max: 25,
    },
    Case {
        name: "native, durable, 100 appends under way",
        dialect: Dialect::Native,
        ack: AckLevel::Durable,
        store_depth: 100,
        volatile: false,
        per_thousand_max: 25,
    },
    Case {
        name: "native, durable, in the memory store",
        dialect: Dialect::Native,
        ack: AckLevel::Durable,
        store_depth: 0,
        volatile: true,
        per_thousand_max: 25,
    },
    Case {
        name: "json, durable",
        dialect: Dialect::Json,
        ack: AckLevel::Durable,
        store_depth: 0,
        volatile: false,
        per_thousand_max: 25,
    },
];

/// Receives events as a connection does that is written to at once.
struct Frames {
    encoder: Encoder,
    wire: Wire,
    outbox: Outbox,
}

impl Receiver for Frames {
    fn receive(&mut self, _: &[SessionId], event: &Event) {
        self.outbox.push(self.encoder.begin(event).frame(self.wire));
        self.outbox.advance(self.outbox.bytes());
    }
}

struct Path {
    core: Core<Frames>,
    alice: SessionId,
    dialect: Dialect,
    scratch: Scratch,
    frames: std::vec::IntoIter<AlignedVec<8>>,
}

impl Path {
    fn new(case: &Case) -> Self {
        let wire = Wire::web_socket(case.dialect);
        let mut core = Core::new(Frames { encoder: Encoder::default(), wire, outbox: Outbox::default() });
        if case.volatile {
            let store = Volatile::default();
            core.store = Box::new(move |request| store.answer(request));
        }
        let (alice, _bob) = (core.open("alice"), core.open("bob"));
        core.direct(alice, "bob");
        core.store_depth = case.store_depth;
        let messages = WARM_UP_MESSAGES + MEASURED_MESSAGES + TRACED_MESSAGES;
        let frames: Vec<_> = (1..=messages).map(|number| frame(case, number)).collect();
        Self { core, alice, dialect: case.dialect, scratch: Scratch::default(), frames: frames.into_iter() }
    }

    fn run(&mut self, messages: usize) {
        for frame in self.frames.by_ref().take(messages) {
            let command = decode_command(self.dialect, &frame, &mut self.scratch).expect("the frame is well formed");
            self.core.command(self.alice, &command);
        }
    }
}

/// A send with a client id of its own.
fn frame(case: &Case, number: usize) -> AlignedVec<8> {
    let Command::Send { id, target, content, resend, .. } = sample::send() else { unreachable!("a sample send") };
    let mut client_id = [9; 16];
    client_id[8..].copy_from_slice(&number.to_be_bytes());
    let send = Command::Send { id, target, client_id: ClientId(client_id), content, ack: case.ack, resend };
    sample::aligned(&sample::command_frame(case.dialect, &send))
}

fn check(case: &Case) {
    let mut path = Path::new(case);
    path.run(WARM_UP_MESSAGES);
    let count = allocations::measure(|| path.run(MEASURED_MESSAGES));
    let per_thousand = count * 1_000 / MEASURED_MESSAGES as u64;
    println!("{}: {per_thousand} allocations in a thousand messages", case.name);
    if per_thousand > case.per_thousand_max {
        let sites = allocations::sites(|| path.run(TRACED_MESSAGES));
        let listed: String = sites.iter().map(|(site, count)| format!("{count} x {site}\n")).collect();
        panic!("{}: more than {} in a thousand messages:\n{listed}", case.name, case.per_thousand_max);
    }
}

#[test]
fn no_more_than_is_known() {
    CASES.iter().for_each(check);
}
