//! Every byte sent over TCP arrives once and in order, however reads and writes are cut, and the end of
//! a stream is always seen.

mod rt_common;

use std::cell::Cell;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream as Client};
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use chasqui_relay::rt::tcp::{self, RECEIVE_BYTES_MAX, TcpListener, TcpStream};
use chasqui_relay::rt::{self, Driver, timer};
use rt_common::{Random, WATCHDOG, drivers, finish, start};

const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const CLIENTS: usize = 8;
const BYTES_PER_CLIENT: usize = 3_000_000;

/// Starts a shard that gives each of `connections` streams to `serve` and ends when all are served.
fn serve_each<F, S>(driver: Driver, connections: usize, serve: S) -> (SocketAddr, thread::JoinHandle<()>)
where
    S: Fn(TcpStream) -> F + Send + 'static,
    F: Future<Output = ()> + 'static,
{
    let listener = tcp::bind(ANY).unwrap();
    let address = listener.local_addr().unwrap();
    let shard = start(driver, 0, move || async move {
        let listener = TcpListener::from_std(listener).unwrap();
        let mut served = Vec::new();
        for _ in 0..connections {
            let (stream, _) = listener.accept().await.unwrap();
            served.push(rt::spawn(serve(stream)));
        }
        for task in served {
            task.await;
        }
    });
    (address, shard)
}

fn connect(address: SocketAddr) -> Client {
    let client = Client::connect(address).unwrap();
    client.set_read_timeout(Some(WATCHDOG)).unwrap();
    client
}

async fn echo(stream: TcpStream) {
    loop {
        let bytes = stream.receive(|bytes| bytes.to_vec()).await.unwrap();
        if bytes.is_empty() {
            return stream.shutdown(Shutdown::Write).unwrap();
        }
        stream.send_all(&bytes).await.unwrap();
    }
}

/// The byte at each position, so that a loss, a double or a swap shows where it happened.
fn byte_at(position: usize) -> u8 {
    (position ^ (position >> 8) ^ (position >> 16)) as u8
}

fn send_in_pieces(mut client: Client, mut random: Random) {
    let mut at = 0;
    while at < BYTES_PER_CLIENT {
        let end = BYTES_PER_CLIENT.min(at + 1 + random.below(200_000) as usize);
        let piece: Vec<u8> = (at..end).map(byte_at).collect();
        client.write_all(&piece).unwrap();
        at = end;
    }
    client.shutdown(Shutdown::Write).unwrap();
}

fn check_to_end(mut client: Client) {
    let mut buffer = vec![0; 100_000];
    let mut at = 0;
    loop {
        let count = client.read(&mut buffer).unwrap();
        if count == 0 {
            break;
        }
        assert!((at..).zip(&buffer[..count]).all(|(at, byte)| *byte == byte_at(at)), "wrong near {at}");
        at += count;
    }
    assert_eq!(at, BYTES_PER_CLIENT);
}

#[test]
fn an_echo_returns_every_byte_in_order() {
    for driver in drivers() {
        let (address, shard) = serve_each(driver, CLIENTS, echo);
        let clients: Vec<_> = (0..CLIENTS)
            .map(|seed| {
                let client = connect(address);
                let sender = client.try_clone().unwrap();
                thread::spawn(move || {
                    let sending = thread::spawn(move || send_in_pieces(sender, Random(seed as u64 + 1)));
                    check_to_end(client);
                    sending.join().unwrap();
                })
            })
            .collect();
        clients.into_iter().for_each(|client| client.join().unwrap());
        finish(shard);
    }
}

/// A peer that writes and leaves at once: its last bytes and its end often come as one event.
#[test]
fn the_end_is_seen_after_the_last_bytes() {
    const TIMES: usize = 500;
    for driver in drivers() {
        let (address, shard) = serve_each(driver, TIMES, |stream| async move {
            let mut seen = Vec::new();
            while stream
                .receive(|bytes| {
                    seen.extend_from_slice(bytes);
                    !bytes.is_empty()
                })
                .await
                .unwrap()
            {}
            assert_eq!(seen, b"last words");
        });
        for _ in 0..TIMES {
            connect(address).write_all(b"last words").unwrap();
        }
        finish(shard);
    }
}

#[test]
fn a_receive_given_up_loses_no_byte() {
    const ROUNDS: usize = 300;
    for driver in drivers() {
        let (address, shard) = serve_each(driver, 1, |stream| async move {
            let mut seen = Vec::new();
            while seen.len() < ROUNDS {
                let patience = Duration::from_micros(300);
                let _ = give_up_after(patience, stream.receive(|bytes| seen.extend_from_slice(bytes))).await;
            }
            assert!(seen.iter().enumerate().all(|(at, byte)| *byte == byte_at(at)));
        });
        let mut client = connect(address);
        for at in 0..ROUNDS {
            client.write_all(&[byte_at(at)]).unwrap();
            thread::sleep(Duration::from_micros(200));
        }
        finish(shard);
    }
}

async fn give_up_after<F: Future>(patience: Duration, future: F) -> Option<F::Output> {
    let (mut future, mut sleep) = (std::pin::pin!(future), timer::sleep(patience));
    std::future::poll_fn(|cx| {
        if let std::task::Poll::Ready(output) = future.as_mut().poll(cx) {
            return std::task::Poll::Ready(Some(output));
        }
        std::pin::Pin::new(&mut sleep).poll(cx).map(|()| None)
    })
    .await
}

/// A reader that does not read fills the socket; the writer waits without spinning, and goes on.
#[test]
fn many_frames_in_one_write_arrive_whole_through_a_slow_reader() {
    const FRAMES: usize = 3_000;
    const FRAME_BYTES: usize = 4_096;
    for driver in drivers() {
        let (address, shard) = serve_each(driver, 1, |stream| async move {
            let frame: Vec<u8> = (0..FRAME_BYTES).map(byte_at).collect();
            let frames = frame.repeat(FRAMES);
            let before = rt::turn::counts().turns;
            stream.send_all(&frames).await.unwrap();
            let turns = rt::turn::counts().turns - before;
            assert!(turns < 20_000, "the writer spun for {turns} turns");
        });
        let mut client = connect(address);
        thread::sleep(Duration::from_millis(100));
        let mut all = Vec::new();
        client.read_to_end(&mut all).unwrap();
        assert_eq!(all.len(), FRAMES * FRAME_BYTES);
        assert!(all.chunks(FRAME_BYTES).all(|frame| frame.iter().enumerate().all(|(at, byte)| *byte == byte_at(at))));
        finish(shard);
    }
}

/// A peer that always has more waiting gets one buffer's worth per turn.
#[test]
fn a_flood_does_not_keep_others_waiting() {
    const FLOOD_BYTES: usize = 32 << 20;
    for driver in drivers() {
        let (address, shard) = serve_each(driver, 1, |stream| async move {
            // Lets the flood fill the socket's buffers.
            timer::sleep(Duration::from_millis(100)).await;
            let turns_of_others = Rc::new(Cell::new(0_u64));
            let other = turns_of_others.clone();
            rt::spawn(async move {
                while Rc::strong_count(&other) > 1 {
                    other.set(other.get() + 1);
                    rt::yield_now().await;
                }
            });
            let (mut total, mut after_full) = (0, None);
            while total < FLOOD_BYTES {
                let count = stream.receive(|bytes| bytes.len()).await.unwrap();
                let now = turns_of_others.get();
                assert_ne!(after_full, Some(now), "two full buffers in one turn");
                after_full = (count == RECEIVE_BYTES_MAX).then_some(now);
                total += count;
            }
        });
        let mut flood = connect(address);
        let block = vec![b'x'; 1 << 20];
        (0..FLOOD_BYTES >> 20).for_each(|_| flood.write_all(&block).unwrap());
        finish(shard);
    }
}

#[test]
fn shutdown_wakes_the_waiting_reader() {
    for driver in drivers() {
        let (address, shard) = serve_each(driver, 1, |stream| async move {
            let stream = Rc::new(stream);
            let reader = stream.clone();
            let reading = rt::spawn(async move { reader.receive(|bytes| bytes.len()).await });
            rt::yield_now().await;
            stream.shutdown(Shutdown::Both).unwrap();
            assert_eq!(reading.await.unwrap(), 0);
        });
        let _client = connect(address);
        finish(shard);
    }
}

/// The promise behind idle memory: a waiting receive is a few words, no buffer.
#[test]
fn a_waiting_receive_holds_no_buffer() {
    for driver in drivers() {
        let (address, shard) = serve_each(driver, 1, |stream| async move {
            let waiting = stream.receive(|bytes| bytes.len());
            assert!(size_of_val(&waiting) < 256, "{} bytes", size_of_val(&waiting));
        });
        let _client = connect(address);
        finish(shard);
    }
}
