//! The relay without the chat: its runtime, its sockets, its framing and its flush at the end of a turn.
//!
//! A message is framed into the buffer of each who gets it, as in the relay.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use bytes::BytesMut;
use chasqui_proto::dialect::Dialect;
use chasqui_proto::ids::SessionId;
use chasqui_proto::ws::encode;
use chasqui_proto::ws::handshake::{RequestHead, check_upgrade, write_switching};
use chasqui_proto::ws::{Limits, Opcode};
use chasqui_relay::rt::{self, DriverChoice, tcp};
use chasqui_relay::shard::conn::Conn;
use chasqui_relay::shard::encode::Wire;
use chasqui_relay::shard::flush::Flusher;
use chasqui_relay::tcp::pipe::Pipe;
use chasqui_relay::tcp::read_head;
use chasqui_relay::tcp::websocket::{Messages, Reader};

use super::{OUTBOX_BYTES_MAX, ROOM};

/// What all connections share.
struct Floor {
    rooms: RefCell<HashMap<String, Rc<Room>>>,
    flusher: Rc<Flusher>,
}

type Room = RefCell<Vec<Rc<Conn>>>;

pub fn serve(listen: SocketAddr, announce: impl Fn(SocketAddr)) -> anyhow::Result<()> {
    let listener = tcp::bind(listen).with_context(|| listen.to_string())?;
    announce(listener.local_addr()?);
    let driver = rt::choose(DriverChoice::Auto)?.driver;
    Ok(rt::block_on(driver, || accept(listener))??)
}

async fn accept(listener: std::net::TcpListener) -> std::io::Result<()> {
    let floor = Rc::new(Floor { rooms: RefCell::default(), flusher: Flusher::new(Instant::now(), Arc::default()) });
    floor.flusher.begin(|| {});
    let listener = tcp::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        rt::spawn(connection(floor.clone(), Rc::new(Pipe::plain(stream))));
    }
}

async fn connection(floor: Rc<Floor>, pipe: Rc<Pipe>) -> std::io::Result<()> {
    let mut rest = BytesMut::new();
    let Some(head) = read_head(&pipe, &mut rest).await? else { return Ok(()) };
    let name = head.query_param(ROOM).unwrap_or_default().into_owned();
    let conn = Conn::tcp(SessionId(0), Wire::web_socket(Dialect::Native), OUTBOX_BYTES_MAX, pipe.clone());
    greet(&conn, &head)?;
    let room = floor.enter(&name, &conn);
    let member = Member { room: room.clone(), conn: conn.clone(), flusher: floor.flusher.clone() };
    floor.flusher.mark(&conn);
    let mut reader = Reader::new(conn.clone(), floor.flusher.clone(), Limits::default(), member);
    reader.take(&mut rest);
    let result = reader.run(&pipe, Instant::now()).await;
    floor.leave(&name, &room, &conn);
    result
}

/// The switch of protocols, and the empty message that tells the client it is in.
fn greet(conn: &Conn, head: &RequestHead) -> std::io::Result<()> {
    let upgrade = check_upgrade(head).map_err(|error| std::io::Error::other(error.name()))?;
    conn.queue_with(|out| write_switching(out, &upgrade, Some(Dialect::Native.subprotocol())));
    conn.queue_with(|out| encode::binary(out, b""));
    Ok(())
}

impl Floor {
    fn enter(&self, name: &str, conn: &Rc<Conn>) -> Rc<Room> {
        let mut rooms = self.rooms.borrow_mut();
        let room = rooms.entry(name.to_owned()).or_default();
        room.borrow_mut().push(conn.clone());
        room.clone()
    }

    fn leave(&self, name: &str, room: &Room, conn: &Rc<Conn>) {
        room.borrow_mut().retain(|member| !Rc::ptr_eq(member, conn));
        if room.borrow().is_empty() {
            self.rooms.borrow_mut().remove(name);
        }
    }
}

/// One connection's place in its room.
struct Member {
    room: Rc<Room>,
    conn: Rc<Conn>,
    flusher: Rc<Flusher>,
}

impl Messages for Member {
    fn message(&mut self, opcode: Opcode, payload: &[u8]) {
        for other in self.room.borrow().iter().filter(|member| !Rc::ptr_eq(member, &self.conn)) {
            other.queue_with(|out| encode::frame(out, opcode, payload));
            self.flusher.mark(other);
        }
    }
    fn oversize(&mut self) {}
    fn is_open(&self) -> bool {
        true
    }
}
