//! A task that is always ready, by yielding or by waking itself, leaves the others and the sockets their
//! turn.

mod rt_common;

use std::cell::Cell;
use std::future::poll_fn;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream as Client};
use std::rc::Rc;
use std::task::Poll;

use chasqui_relay::rt::tcp::{self, TcpListener};
use chasqui_relay::rt::{spawn, yield_now};
use rt_common::{WATCHDOG, drivers, finish, on_each_driver, start};

/// Like quinn's and hyper's own tasks with more to do: wakes itself and is pending.
async fn wake_self_until(done: Rc<Cell<bool>>) {
    poll_fn(|cx| {
        if done.get() {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[test]
fn a_task_that_wakes_itself_goes_behind_the_others() {
    on_each_driver(|_| async {
        let done = Rc::new(Cell::new(false));
        let selfish = [spawn(wake_self_until(done.clone())), spawn(wake_self_until(done.clone()))];
        for _ in 0..1000 {
            yield_now().await;
        }
        done.set(true);
        for task in selfish {
            task.await;
        }
    });
}

#[test]
fn yielding_tasks_take_turns() {
    on_each_driver(|_| async {
        let log = Rc::new(std::cell::RefCell::new(Vec::new()));
        let tasks: Vec<_> = (0..3)
            .map(|name| {
                let log = log.clone();
                spawn(async move {
                    for _ in 0..100 {
                        log.borrow_mut().push(name);
                        yield_now().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await;
        }
        assert!(log.borrow().chunks(3).all(|round| round == [0, 1, 2]));
    });
}

#[test]
fn sockets_are_served_beside_a_task_that_is_always_ready() {
    for driver in drivers() {
        let listener = tcp::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let shard = start(driver, 0, move || async move {
            let done = Rc::new(Cell::new(false));
            spawn(wake_self_until(done.clone()));
            let (stream, _) = TcpListener::from_std(listener).unwrap().accept().await.unwrap();
            loop {
                let bytes = stream.receive(|bytes| bytes.to_vec()).await.unwrap();
                if bytes.is_empty() {
                    break;
                }
                stream.send_all(&bytes).await.unwrap();
            }
            done.set(true);
        });
        let mut client = Client::connect(address).unwrap();
        client.set_read_timeout(Some(WATCHDOG)).unwrap();
        for round in 0..100 {
            client.write_all(&[round]).unwrap();
            let mut back = [0];
            client.read_exact(&mut back).unwrap();
            assert_eq!(back, [round]);
        }
        drop(client);
        finish(shard);
    }
}
