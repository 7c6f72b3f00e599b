//! Every interleaving of the doorbell over a modelled ring: nobody sleeps forever.
//!
//! The second half leaves one step out at a time and demands that the model notices; a model that
//! accepts everything proves nothing. A lost wake-up shows as loom's "deadlock" panic.

// Not loom's `Arc`: the deadlock panic unwinds through these, where a loom operation would panic again.
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use chasqui_doorbell::{Bell, Flag, Signal, Stall};
use loom::sync::atomic::{AtomicBool, AtomicUsize};
use loom::sync::{Condvar, Mutex};
use loom::thread;

/// An eventfd: raises are remembered until the sleeper takes them.
struct ModelSignal {
    raised: Mutex<bool>,
    changed: Condvar,
}

impl ModelSignal {
    fn new() -> Self {
        Self { raised: Mutex::new(false), changed: Condvar::new() }
    }

    fn wait(&self) {
        let mut raised = self.raised.lock().unwrap();
        while !*raised {
            raised = self.changed.wait(raised).unwrap();
        }
        *raised = false;
    }
}

impl Signal for ModelSignal {
    fn raise(&self) {
        *self.raised.lock().unwrap() = true;
        self.changed.notify_one();
    }
}

/// A single-producer ring with rtrb's orderings; the values carry nothing, so counting is enough.
struct ModelRing {
    capacity: usize,
    head: AtomicUsize,
    tail: AtomicUsize,
}

impl ModelRing {
    fn new(capacity: usize) -> Self {
        Self { capacity, head: AtomicUsize::new(0), tail: AtomicUsize::new(0) }
    }

    fn push(&self) -> bool {
        let tail = self.tail.load(Relaxed);
        if tail - self.head.load(Acquire) == self.capacity {
            return false;
        }
        self.tail.store(tail + 1, Release);
        true
    }

    fn pop(&self) -> bool {
        let head = self.head.load(Relaxed);
        if head == self.tail.load(Acquire) {
            return false;
        }
        self.head.store(head + 1, Release);
        true
    }

    fn is_empty(&self) -> bool {
        self.head.load(Relaxed) == self.tail.load(Acquire)
    }
}

/// The real flag, without its fence.
struct Unfenced(AtomicBool);

impl Flag for Unfenced {
    fn new(value: bool) -> Self {
        Self(Flag::new(value))
    }
    fn load(&self) -> bool {
        Flag::load(&self.0)
    }
    fn store(&self, value: bool) {
        Flag::store(&self.0, value);
    }
    fn take(&self) -> bool {
        Flag::take(&self.0)
    }
    fn fence() {}
}

type ModelBell<F> = Bell<F, ModelSignal>;

/// The sleeper's loop: drain, and sleep only when the last look finds nothing.
fn drain_all<F: Flag>(bell: &ModelBell<F>, rings: &[Arc<ModelRing>], expected: usize, looks: bool) {
    let mut taken = 0;
    while taken < expected {
        let before = taken;
        taken += rings.iter().filter(|ring| ring.pop()).count();
        if taken > before {
            continue;
        }
        if bell.before_sleep(|| looks && rings.iter().any(|ring| !ring.is_empty())) {
            bell.signal().wait();
            bell.awake();
        }
    }
}

fn ringers_and_a_sleeper<F: Flag + Send + Sync + 'static>(ringers: usize, messages: usize, looks: bool) {
    let bell = Arc::new(ModelBell::<F>::new(ModelSignal::new()));
    let rings: Vec<_> = (0..ringers).map(|_| Arc::new(ModelRing::new(messages))).collect();
    let threads: Vec<_> = rings
        .iter()
        .map(|ring| {
            let (ring, bell) = (ring.clone(), bell.clone());
            thread::spawn(move || {
                for _ in 0..messages {
                    assert!(ring.push());
                    bell.ring();
                }
            })
        })
        .collect();
    drain_all(&bell, &rings, ringers * messages, looks);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// Bounded preemption keeps the larger models within seconds; three forced switches are more than any
/// of the left-out steps below needs to show itself.
fn bounded() -> loom::model::Builder {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model
}

#[test]
fn one_ringer_never_leaves_the_sleeper_behind() {
    loom::model(|| ringers_and_a_sleeper::<AtomicBool>(1, 2, true));
}

#[test]
fn two_ringers_never_leave_the_sleeper_behind() {
    bounded().check(|| ringers_and_a_sleeper::<AtomicBool>(2, 1, true));
}

#[test]
#[should_panic(expected = "deadlock")]
fn without_the_fence_the_model_notices() {
    loom::model(|| ringers_and_a_sleeper::<Unfenced>(1, 1, true));
}

#[test]
#[should_panic(expected = "deadlock")]
fn without_the_last_look_the_model_notices() {
    loom::model(|| ringers_and_a_sleeper::<AtomicBool>(1, 1, false));
}

/// Which step of the full-ring protocol to leave out.
#[derive(Clone, Copy, PartialEq)]
enum LeftOut {
    Nothing,
    SecondTry,
    LookForRoom,
    RingBack,
}

/// The producer's half: push, and on a full ring mark it, try again, and sleep until there is room.
fn push_all<F: Flag>(
    ring: &ModelRing,
    stall: &Stall<F>,
    mine: &ModelBell<F>,
    theirs: &ModelBell<F>,
    messages: usize,
    left_out: LeftOut,
) {
    for _ in 0..messages {
        while !push_or_mark(ring, stall, left_out) {
            let room = || left_out != LeftOut::LookForRoom && !stall.is_raised();
            if mine.before_sleep(room) {
                mine.signal().wait();
                mine.awake();
            }
        }
        theirs.ring();
    }
}

fn push_or_mark<F: Flag>(ring: &ModelRing, stall: &Stall<F>, left_out: LeftOut) -> bool {
    if ring.push() {
        return true;
    }
    stall.raise();
    let pushed = left_out != LeftOut::SecondTry && ring.push();
    if pushed {
        stall.lower();
    }
    pushed
}

/// A ring of one with both ends asleep in turn: the producer for room, the consumer for messages.
fn full_ring<F: Flag + Send + Sync + 'static>(messages: usize, left_out: LeftOut) {
    let ring = Arc::new(ModelRing::new(1));
    let stall = Arc::new(Stall::<F>::default());
    let producer_bell = Arc::new(ModelBell::<F>::new(ModelSignal::new()));
    let consumer_bell = Arc::new(ModelBell::<F>::new(ModelSignal::new()));
    let producer = {
        let (ring, stall) = (ring.clone(), stall.clone());
        let (mine, theirs) = (producer_bell.clone(), consumer_bell.clone());
        thread::spawn(move || push_all(&ring, &stall, &mine, &theirs, messages, left_out))
    };
    let mut taken = 0;
    while taken < messages {
        if ring.pop() {
            taken += 1;
            F::fence();
            if stall.release() && left_out != LeftOut::RingBack {
                producer_bell.ring();
            }
        } else if consumer_bell.before_sleep(|| !ring.is_empty()) {
            consumer_bell.signal().wait();
            consumer_bell.awake();
        }
    }
    producer.join().unwrap();
}

fn model_full_ring<F: Flag + Send + Sync + 'static>(left_out: LeftOut) {
    bounded().check(move || full_ring::<F>(2, left_out));
}

#[test]
fn a_full_ring_never_leaves_its_producer_behind() {
    model_full_ring::<AtomicBool>(LeftOut::Nothing);
}

#[test]
#[should_panic(expected = "deadlock")]
fn without_the_second_try_the_model_notices() {
    model_full_ring::<AtomicBool>(LeftOut::SecondTry);
}

#[test]
#[should_panic(expected = "deadlock")]
fn without_the_look_for_room_the_model_notices() {
    model_full_ring::<AtomicBool>(LeftOut::LookForRoom);
}

#[test]
#[should_panic(expected = "deadlock")]
fn without_ringing_back_the_model_notices() {
    model_full_ring::<AtomicBool>(LeftOut::RingBack);
}

#[test]
#[should_panic(expected = "deadlock")]
fn without_fences_a_full_ring_is_noticed() {
    model_full_ring::<Unfenced>(LeftOut::Nothing);
}
