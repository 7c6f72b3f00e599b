//! Between shards nothing is lost, doubled or overtaken in its ring, with rings of two and of a
//! thousand, and nobody sleeps forever: each shard waits whenever it has nothing to do, so one lost
//! wake-up stops the test.

mod rt_common;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chasqui_relay::mesh::{CLASSES, Capacities, Class, Link, Mesh, Port};
use chasqui_relay::rt::{self, Driver};
use rt_common::{Random, drivers, finish, start};

/// What a message says: which ring it is in and its number there.
#[derive(Clone, Copy)]
struct Message {
    class: Class,
    number: u64,
}

#[derive(Clone, Copy)]
struct Load {
    shards: usize,
    capacity: usize,
    per_ring: u64,
    burst_max: u64,
}

/// One shard of the test: sends its share to everybody in random bursts, and checks what it gets.
struct Shard {
    port: Port<Message>,
    load: Load,
    /// Per peer and class: messages yet to be sent, by number, the refused ones first.
    backlog: Vec<[VecDeque<u64>; 3]>,
    next_to_send: Vec<[u64; 3]>,
    next_expected: Vec<[u64; 3]>,
    random: Random,
}

impl Shard {
    fn new(link: Link<Message>, load: Load) -> Self {
        let port = link.open().unwrap();
        let random = Random(port.shard() as u64 + 1);
        let zeros = vec![[0; 3]; load.shards];
        let backlog = (0..load.shards).map(|_| Default::default()).collect();
        Self { port, load, backlog, next_to_send: zeros.clone(), next_expected: zeros, random }
    }

    /// Sends a burst to one peer; what does not fit waits for room. `false` once all is said.
    fn talk(&mut self) -> bool {
        let peers: Vec<_> = (0..self.load.shards).filter(|peer| !self.is_done_with(*peer)).collect();
        if peers.is_empty() {
            return false;
        }
        let to = peers[self.random.below(peers.len() as u64) as usize];
        for class in CLASSES {
            let next = &mut self.next_to_send[to][class as usize];
            let end = self.load.per_ring.min(*next + self.random.below(self.load.burst_max));
            self.backlog[to][class as usize].extend(*next..end);
            *next = end;
            self.flush(to, class);
        }
        true
    }

    fn is_done_with(&self, peer: usize) -> bool {
        peer == self.port.shard() || self.next_to_send[peer].iter().all(|next| *next == self.load.per_ring)
    }

    fn flush(&mut self, to: usize, class: Class) {
        let backlog = &mut self.backlog[to][class as usize];
        while let Some(number) = backlog.front() {
            if self.port.push(to, class, Message { class, number: *number }).is_err() {
                return;
            }
            backlog.pop_front();
        }
    }

    fn listen(&mut self) -> usize {
        let expected = &mut self.next_expected;
        self.port.drain(usize::MAX, &mut |from, message: Message| {
            let expected = &mut expected[from][message.class as usize];
            assert_eq!(message.number, *expected, "lost, doubled or overtaken");
            *expected += 1;
        })
    }

    fn flush_where_room(&mut self) {
        let mut released = Vec::new();
        self.port.take_released(&mut |to, class| released.push((to, class)));
        released.into_iter().for_each(|(to, class)| self.flush(to, class));
    }

    fn has_heard_all(&self) -> bool {
        let me = self.port.shard();
        (0..self.load.shards).filter(|from| *from != me).all(|from| self.next_expected[from] == [self.load.per_ring; 3])
    }

    fn has_said_all(&self) -> bool {
        (0..self.load.shards).all(|peer| self.is_done_with(peer))
            && self.backlog.iter().flatten().all(VecDeque::is_empty)
    }

    async fn live(mut self) {
        loop {
            let heard = self.listen();
            self.flush_where_room();
            // A long backlog means the peers are behind; say no more until they have caught up.
            let held_up = self.backlog.iter().flatten().any(|backlog| backlog.len() as u64 > self.load.burst_max);
            let said = !held_up && self.talk();
            self.port.ring_dirty();
            if self.has_heard_all() && self.has_said_all() {
                return;
            }
            if heard > 0 || said {
                rt::yield_now().await;
            } else {
                self.port.wait().await;
            }
        }
    }
}

fn run(driver: Driver, load: Load) {
    let capacities = Capacities { commands: load.capacity, replies: load.capacity, deliveries: load.capacity };
    let links = Mesh::new(load.shards, capacities).unwrap();
    let shards: Vec<_> = links
        .into_iter()
        .enumerate()
        .map(|(index, link)| start(driver, index, move || Shard::new(link, load).live()))
        .collect();
    shards.into_iter().for_each(finish);
}

#[test]
fn two_shards_with_rings_of_two() {
    for driver in drivers() {
        run(driver, Load { shards: 2, capacity: 2, per_ring: 20_000, burst_max: 7 });
    }
}

#[test]
fn four_shards_with_rings_of_two() {
    for driver in drivers() {
        run(driver, Load { shards: 4, capacity: 2, per_ring: 3_000, burst_max: 5 });
    }
}

#[test]
fn two_shards_with_rings_of_a_thousand() {
    for driver in drivers() {
        run(driver, Load { shards: 2, capacity: 1024, per_ring: 400_000, burst_max: 3_000 });
    }
}

#[test]
fn four_shards_with_rings_of_a_thousand() {
    for driver in drivers() {
        run(driver, Load { shards: 4, capacity: 1024, per_ring: 60_000, burst_max: 2_000 });
    }
}

/// Single messages, each side asleep in between: every one of them is a wake-up that must not be lost.
#[test]
fn a_ping_pong_never_stops() {
    const ROUNDS: u64 = 20_000;
    for driver in drivers() {
        let mut links = Mesh::new(2, Capacities::default()).unwrap();
        let (answering, asking) = (links.pop().unwrap(), links.pop().unwrap());
        let answering = start(driver, 1, move || answer(answering, ROUNDS));
        let asking = start(driver, 0, move || async move {
            let mut port = asking.open().unwrap();
            for number in 0..ROUNDS {
                port.push(1, Class::Command, number).unwrap();
                assert_eq!(next(&mut port).await, number);
            }
        });
        finish(asking);
        finish(answering);
    }
}

async fn answer(link: Link<u64>, rounds: u64) {
    let mut port = link.open().unwrap();
    for _ in 0..rounds {
        let number = next(&mut port).await;
        port.push(0, Class::Reply, number).unwrap();
    }
    port.ring_dirty();
}

async fn next(port: &mut Port<u64>) -> u64 {
    loop {
        let mut received = None;
        if port.drain(1, &mut |_, number| received = Some(number)) > 0 {
            return received.unwrap();
        }
        port.wait().await;
    }
}

#[test]
fn depths_tell_how_full_each_ring_is() {
    let depths = Arc::new(AtomicUsize::new(0));
    let seen = depths.clone();
    let capacities = Capacities { commands: 8, replies: 4, deliveries: 2 };
    let mut links = Mesh::new(2, capacities).unwrap();
    let (two, one) = (links.pop().unwrap(), links.pop().unwrap());
    let (sender, done) = std::sync::mpsc::channel();
    let filling = start(Driver::Epoll, 0, move || async move {
        let mut port = one.open().unwrap();
        (0..3).for_each(|n| port.push(1, Class::Command, n).unwrap());
        assert_eq!(port.push(1, Class::Delivery, 0), Ok(()));
        assert_eq!(port.push(1, Class::Delivery, 0), Ok(()));
        assert_eq!(port.push(1, Class::Delivery, 7), Err(7), "a full ring gives the message back");
        sender.send(()).unwrap();
    });
    finish(filling);
    done.recv().unwrap();
    let reading = start(Driver::Epoll, 1, move || async move {
        for gauge in two.open().unwrap().depths() {
            let expected = match gauge.class {
                Class::Command => (3, 8),
                Class::Reply => (0, 4),
                Class::Delivery => (2, 2),
            };
            assert_eq!((gauge.depth, gauge.capacity, gauge.from), (expected.0, expected.1, 0));
            seen.fetch_add(1, Ordering::Relaxed);
        }
    });
    finish(reading);
    assert_eq!(depths.load(Ordering::Relaxed), 3);
}
