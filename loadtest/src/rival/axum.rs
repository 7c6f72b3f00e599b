//! The same relay from the usual crates: axum and tungstenite on a single-threaded tokio, written as one writes it
//! with care: bytes shared among receivers, and everything that waits for a connection flushed together.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use anyhow::Context;
use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::any;
use axum::serve::ListenerExt;
use bytes::Bytes;
use chasqui_proto::dialect::Dialect;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{PATH, ROOM};

/// Messages taken from a connection's queue between two flushes.
const BATCH_MAX: usize = 256;

type Room = Arc<Mutex<Vec<UnboundedSender<Bytes>>>>;
type Rooms = Arc<Mutex<HashMap<String, Room>>>;

pub fn serve(listen: SocketAddr, announce: impl Fn(SocketAddr)) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(listen).await.with_context(|| listen.to_string())?;
        announce(listener.local_addr()?);
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("a TCP stream has this option"));
        Ok(axum::serve(listener, Router::new().route(PATH, any(enter)).with_state(Rooms::default())).await?)
    })
}

async fn enter(
    upgrade: WebSocketUpgrade,
    State(rooms): State<Rooms>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let name = query.get(ROOM).cloned().unwrap_or_default();
    upgrade.protocols([Dialect::Native.subprotocol()]).on_upgrade(move |socket| stay(socket, rooms, name))
}

async fn stay(socket: WebSocket, rooms: Rooms, name: String) {
    let (sink, stream) = socket.split();
    let (me, queue) = unbounded_channel();
    let room = rooms.lock().expect("no holder panics").entry(name.clone()).or_default().clone();
    room.lock().expect("no holder panics").push(me.clone());
    // The first message tells the client that it is in.
    let _ = me.send(Bytes::new());
    let writer = tokio::spawn(write(sink, queue));
    read(stream, &room, &me).await;
    leave(&rooms, &name, &room, &me);
    writer.abort();
}

async fn read(mut stream: SplitStream<WebSocket>, room: &Room, me: &UnboundedSender<Bytes>) {
    while let Some(Ok(message)) = stream.next().await {
        if let Message::Binary(payload) = message {
            for other in room.lock().expect("no holder panics").iter().filter(|member| !member.same_channel(me)) {
                // A member that is gone has its own task to say so.
                let _ = other.send(payload.clone());
            }
        }
    }
}

async fn write(mut sink: SplitSink<WebSocket, Message>, mut queue: UnboundedReceiver<Bytes>) {
    let mut batch = Vec::new();
    while queue.recv_many(&mut batch, BATCH_MAX).await > 0 {
        for payload in batch.drain(..) {
            if sink.feed(Message::Binary(payload)).await.is_err() {
                return;
            }
        }
        if sink.flush().await.is_err() {
            return;
        }
    }
}

fn leave(rooms: &Rooms, name: &str, room: &Room, me: &UnboundedSender<Bytes>) {
    let mut rooms = rooms.lock().expect("no holder panics");
    let mut members = room.lock().expect("no holder panics");
    members.retain(|member| !member.same_channel(me));
    if members.is_empty() {
        rooms.remove(name);
    }
}
