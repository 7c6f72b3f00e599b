//! An echo on the relay's own WebSocket transport, for the conformance tests. Not a product.
//!
//! `ws_echo --listen 127.0.0.1:0` prints `listening 127.0.0.1:PORT`.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use chasqui_proto::dialect::Dialect;
use chasqui_proto::ids::SessionId;
use chasqui_proto::ws::{Limits, Opcode, encode, handshake};
use chasqui_relay::rt::{self, DriverChoice, tcp};
use chasqui_relay::shard::conn::Conn;
use chasqui_relay::shard::encode::Wire;
use chasqui_relay::shard::flush::Flusher;
use chasqui_relay::tcp::pipe::Pipe;
use chasqui_relay::tcp::websocket::{Messages, Reader};
use chasqui_relay::tcp::{read_head, websocket};

/// What the conformance cases need.
const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
const OUTBOX_BYTES_MAX: usize = 64 * 1024 * 1024;

struct Echo {
    conn: Rc<Conn>,
    flusher: Rc<Flusher>,
}

impl Messages for Echo {
    fn message(&mut self, opcode: Opcode, payload: &[u8]) {
        self.conn.queue_with(|out| encode::frame(out, opcode, payload));
        self.flusher.mark(&self.conn);
    }
    fn oversize(&mut self) {}
    fn is_open(&self) -> bool {
        true
    }
}

fn main() -> std::io::Result<()> {
    let listen = std::env::args().nth(2).unwrap_or_else(|| "127.0.0.1:0".into());
    let listener = tcp::bind(listen.parse().expect("an address to listen on"))?;
    println!("listening {}", listener.local_addr()?);
    let driver = rt::choose(DriverChoice::Auto)?.driver;
    rt::block_on(driver, || serve(listener))
}

async fn serve(listener: std::net::TcpListener) {
    let flusher = Flusher::new(Instant::now(), Arc::default());
    flusher.begin(|| {});
    let listener = tcp::TcpListener::from_std(listener).expect("a bound listener can be watched");
    while let Ok((stream, _)) = listener.accept().await {
        rt::spawn(connection(Rc::new(Pipe::plain(stream)), flusher.clone()));
    }
}

async fn connection(pipe: Rc<Pipe>, flusher: Rc<Flusher>) -> std::io::Result<()> {
    let mut bytes = BytesMut::new();
    let Some(head) = read_head(&pipe, &mut bytes).await? else { return Ok(()) };
    let mut out = BytesMut::new();
    let upgrade = handshake::check_upgrade(&head).map_err(|e| std::io::Error::other(e.name()))?;
    handshake::write_switching(&mut out, &upgrade, None);
    pipe.send_all(&out).await?;
    let conn = Conn::tcp(SessionId(0), Wire::web_socket(Dialect::Json), OUTBOX_BYTES_MAX, pipe.clone());
    let echo = Echo { conn: conn.clone(), flusher: flusher.clone() };
    let mut reader: websocket::Reader<Echo> = Reader::new(conn, flusher, Limits::for_messages(MESSAGE_BYTES_MAX), echo);
    reader.take(&mut bytes);
    reader.run(&pipe, Instant::now() + Duration::from_secs(3_600)).await
}
