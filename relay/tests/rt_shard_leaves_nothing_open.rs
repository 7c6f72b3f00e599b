//! A shard that ends, ends whole: its waiting connections close, its tasks are freed, and no descriptor
//! stays behind.

mod rt_common;

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::Read;
use std::net::{Ipv4Addr, TcpStream as Client};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use chasqui_relay::mesh::{Capacities, Mesh};
use chasqui_relay::rt::tcp::{self, TcpListener};
use chasqui_relay::rt::turn::EndOfTurn;
use chasqui_relay::rt::{Driver, spawn, timer, yield_now};
use rt_common::{WATCHDOG, drivers, finish, start};

const CONNECTIONS: usize = 20;

/// Runs a shard whose tasks wait in every way there is, and ends it under them.
fn life_and_end(driver: Driver) {
    let listener = tcp::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let address = listener.local_addr().unwrap();
    let mut links = Mesh::<u8>::new(2, Capacities::default()).unwrap();
    let alive = Arc::new(());
    let held = alive.clone();
    let shard = start(driver, 0, move || async move {
        let listener = TcpListener::from_std(listener).unwrap();
        for _ in 0..CONNECTIONS {
            let (stream, _) = listener.accept().await.unwrap();
            let (held, hand) = (held.clone(), EndOfTurn::new(|| ()));
            spawn(async move {
                let _held = (held, hand);
                let _ = stream.receive(|bytes| bytes.len()).await;
            });
        }
        let (one, two, three) = (held.clone(), held.clone(), held.clone());
        spawn(async move {
            timer::sleep(Duration::from_secs(3600)).await;
            drop(one);
        });
        spawn(yield_forever(two));
        let bell: Rc<RefCell<Option<Waker>>> = Rc::default();
        let ringer = WakesWhenDropped(bell.clone());
        spawn(async move {
            timer::sleep(Duration::from_secs(3600)).await;
            drop(ringer);
        });
        spawn(async move {
            let _part_of_the_shard = timer::sleep(Duration::from_secs(3600));
            wait_for_bell(bell).await;
            yield_forever(three).await;
        });
        let mut port = links.remove(0).open().unwrap();
        spawn(async move {
            let _held = held;
            port.wait().await;
        });
        yield_now().await;
    });
    let clients: Vec<_> = (0..CONNECTIONS).map(|_| Client::connect(address).unwrap()).collect();
    finish(shard);
    for mut client in clients {
        client.set_read_timeout(Some(WATCHDOG)).unwrap();
        assert_eq!(client.read(&mut [0]).unwrap(), 0, "the connection was closed with its shard");
    }
    assert_eq!(Arc::strong_count(&alive), 1, "a task outlived its shard on {driver}");
}

/// Wakes a task in the very moment its shard closes, so that it becomes busy only then.
struct WakesWhenDropped(Rc<RefCell<Option<Waker>>>);

impl Drop for WakesWhenDropped {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(Waker::wake);
    }
}

async fn wait_for_bell(bell: Rc<RefCell<Option<Waker>>>) {
    let mut rung = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut rung, true) {
            return Poll::Ready(());
        }
        bell.replace(Some(cx.waker().clone()));
        Poll::Pending
    })
    .await;
}

async fn yield_forever<T>(_held: T) {
    loop {
        yield_now().await;
    }
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// The only test of this file, since it counts the descriptors of the process.
#[test]
fn connections_tasks_and_descriptors_end_with_their_shard() {
    for driver in drivers() {
        life_and_end(driver);
        let before = open_descriptors();
        (0..5).for_each(|_| life_and_end(driver));
        // The kernel tears a ring down shortly after its last descriptor is closed.
        let patience = std::time::Instant::now();
        while open_descriptors() > before && patience.elapsed() < WATCHDOG {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(open_descriptors() <= before, "descriptors leak on {driver}");
    }
}
