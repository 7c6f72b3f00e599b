//! No ring of the mesh starves another, a bell costs a signal only when somebody sleeps, and service
//! threads reach a sleeping shard.

mod rt_common;

use std::sync::mpsc;
use std::thread;

use chasqui_relay::mesh::{CLASSES, Capacities, Class, DRAIN_MAX, Mesh, Receiver, inbox};
use chasqui_relay::rt::{self, turn};
use rt_common::{drivers, finish, on_each_driver, start};

#[test]
fn a_drain_takes_from_every_ring_that_has_something() {
    const EACH: usize = 1000;
    on_each_driver(|_| async {
        let links = Mesh::new(4, Capacities::default()).unwrap();
        let mut ports: Vec<_> = links.into_iter().map(|link| link.open().unwrap()).collect();
        for port in &mut ports[1..] {
            for class in CLASSES {
                (0..EACH).for_each(|_| port.push(0, class, class).unwrap());
            }
        }
        let mut seen = std::collections::BTreeMap::new();
        let taken = ports[0].drain(usize::MAX, &mut |from, class| {
            *seen.entry((from, class as usize)).or_insert(0) += 1;
        });
        assert_eq!(taken, DRAIN_MAX);
        assert_eq!(seen.len(), 8, "a batch of {DRAIN_MAX} has a share for eight rings: {seen:?}");
        let mut more = 0;
        while ports[0].drain(usize::MAX, &mut |_, _| more += 1) > 0 {}
        assert_eq!(taken + more, 9 * EACH);
        assert!(!ports[0].is_pending());
    });
}

#[test]
fn room_in_a_full_ring_is_reported_once() {
    on_each_driver(|_| async {
        let capacities = Capacities { commands: 2, ..Capacities::default() };
        let mut links = Mesh::new(2, capacities).unwrap();
        let mut consumer = links.pop().unwrap().open().unwrap();
        let mut producer = links.pop().unwrap().open().unwrap();
        let released = |producer: &mut chasqui_relay::mesh::Port<u8>| {
            let mut rings = Vec::new();
            producer.take_released(&mut |to, class| rings.push((to, class)));
            rings
        };
        while producer.push(1, Class::Command, 0).is_ok() {}
        assert!(!producer.is_pending() && released(&mut producer).is_empty());
        assert_eq!(consumer.drain(1, &mut |_, _| ()), 1);
        assert!(producer.is_pending());
        producer.wait().await;
        assert_eq!(producer.drain(1, &mut |_, _| ()), 0);
        assert!(!producer.is_pending(), "the news was noticed");
        assert_eq!(released(&mut producer), [(1, Class::Command)]);
        assert!(!producer.is_pending() && released(&mut producer).is_empty());
    });
}

#[test]
fn only_shards_pushed_to_are_rung() {
    on_each_driver(|_| async {
        let links = Mesh::new(3, Capacities::default()).unwrap();
        let sleepers = [links[1].doorbell(), links[2].doorbell()];
        assert!(sleepers.iter().all(|bell| bell.before_sleep(|| false)));
        let mut port = links.into_iter().next().unwrap().open().unwrap();
        port.push(1, Class::Command, ()).unwrap();
        port.ring_dirty();
        assert!(!sleepers[0].ring(), "it has been rung already");
        assert!(sleepers[1].ring(), "it still slept");
    });
}

/// The pushes of one turn cost the sleeping peer one wake-up, however many they are.
#[test]
fn a_batch_wakes_its_shard_once() {
    const BATCHES: u64 = 50;
    for driver in drivers() {
        let mut links = Mesh::new(2, Capacities::default()).unwrap();
        let (receiving, sending) = (links.pop().unwrap(), links.pop().unwrap());
        let (asleep, is_asleep) = mpsc::channel();
        let receiver = start(driver, 1, move || async move {
            let mut port = receiving.open().unwrap();
            let mut received = 0;
            let before = turn::counts().wakeups;
            while received < BATCHES * 100 {
                asleep.send(()).unwrap();
                port.wait().await;
                while port.drain(usize::MAX, &mut |_, ()| received += 1) > 0 {}
            }
            turn::counts().wakeups - before
        });
        let sender = start(driver, 0, move || async move {
            let mut port = sending.open().unwrap();
            for _ in 0..BATCHES {
                is_asleep.recv().unwrap();
                (0..100).for_each(|_| port.push(1, Class::Delivery, ()).unwrap());
                port.ring_dirty();
            }
            // The receiver may take a batch apart by draining while it is written: it then sleeps once more.
            drop(port);
            while is_asleep.recv().is_ok() {}
        });
        let wakeups = finish(receiver);
        finish(sender);
        assert!(wakeups <= 3 * BATCHES, "{wakeups} wake-ups for {BATCHES} batches on {driver}");
    }
}

#[test]
fn service_threads_reach_a_sleeping_shard() {
    const THREADS: u64 = 3;
    const ANSWERS: u64 = 50_000;
    for driver in drivers() {
        let link = Mesh::<()>::new(1, Capacities::default()).unwrap().pop().unwrap();
        let (mut receivers, mut services) = (Vec::new(), Vec::new());
        for _ in 0..THREADS {
            let (mut sender, receiver) = inbox(64, link.doorbell());
            receivers.push((receiver, 0));
            services.push(thread::spawn(move || {
                for answer in 0..ANSWERS {
                    while sender.push(answer).is_err() {
                        sender.ring();
                        thread::yield_now();
                    }
                    if answer % 7 == 0 || answer + 1 == ANSWERS {
                        sender.ring();
                    }
                }
            }));
        }
        finish(start(driver, 0, move || async move {
            let bell = link.open().unwrap().bell();
            while receivers.iter().any(|(_, next)| *next < ANSWERS) {
                if take_all(&mut receivers) == 0 {
                    bell.wait(|| receivers.iter().any(|(receiver, _)| !receiver.is_empty())).await;
                } else {
                    rt::yield_now().await;
                }
            }
        }));
        services.into_iter().for_each(|service| service.join().unwrap());
    }
}

fn take_all(receivers: &mut [(Receiver<u64>, u64)]) -> usize {
    let mut taken = 0;
    for (receiver, next) in receivers {
        taken += receiver.drain(usize::MAX, &mut |answer| {
            assert_eq!(answer, *next, "lost or overtaken");
            *next += 1;
        });
    }
    taken
}
