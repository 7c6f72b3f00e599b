//! The public TCP port: accepting, TLS or not, HTTP/1.1, and the upgrade to WebSocket.
//!
//! Limits: the node's connection cap (refused before TLS), `authenticate_within` from the first byte to a
//! session, 8 KiB of request head.

mod http;
pub mod pipe;
pub mod websocket;

use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use chasqui_proto::ws::handshake::{HeadError, HeadReader, RequestHead};

use crate::edge::Edge;
use crate::race::within;
use crate::rt::tcp::{TcpListener, TcpStream};
use crate::rt::{self, timer};
use pipe::{Pipe, Received};
use websocket::Upgraded;

/// The first byte of a TLS record that carries a handshake.
const TLS_HANDSHAKE: u8 = 0x16;
/// After an accept error such as "too many open files".
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts until the shard stops.
pub async fn serve(edge: Rc<Edge>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let Some(seat) = edge.seat() else { continue };
                let edge = edge.clone();
                rt::spawn(async move {
                    if let Some(upgraded) = connection(&edge, stream).await {
                        // A task of its own: the handshake's memory, which is a good deal more, is given back.
                        rt::spawn(websocket::serve(edge, seat, upgraded));
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "accept failed");
                timer::sleep(ACCEPT_PAUSE).await;
            }
        }
        if edge.draining.get() {
            return;
        }
    }
}

/// Answers a connection's requests until one of them makes it a WebSocket.
async fn connection(edge: &Edge, stream: TcpStream) -> Option<Upgraded> {
    let limit = edge.limits.authenticate_within;
    let deadline = Instant::now() + limit;
    let opened = within(limit, open(edge, stream)).await;
    // A peer that says nothing, or half of something, is cut without a word.
    let Some(Ok(Some((pipe, head, rest)))) = opened else { return None };
    http::answer(edge, pipe, head, rest, deadline).await.ok().flatten()
}

/// The pipe and the first request, with the bytes that came after it.
async fn open(edge: &Edge, stream: TcpStream) -> io::Result<Option<(Rc<Pipe>, RequestHead, BytesMut)>> {
    let pipe = match (first_byte(&stream).await?, &edge.tls) {
        (None, _) | (Some(TLS_HANDSHAKE), None) => return Ok(None),
        (Some(TLS_HANDSHAKE), Some(tls)) => Pipe::tls(stream, tls.clone())?,
        _ => Pipe::plain(stream),
    };
    let pipe = Rc::new(pipe);
    let mut bytes = BytesMut::new();
    Ok(read_head(&pipe, &mut bytes).await?.map(|head| (pipe, head, bytes)))
}

async fn first_byte(stream: &TcpStream) -> io::Result<Option<u8>> {
    stream.peek_byte().await
}

/// The next request head; `None` at the end of the stream, or after a malformed head was answered.
pub async fn read_head(pipe: &Rc<Pipe>, bytes: &mut BytesMut) -> io::Result<Option<RequestHead>> {
    let mut reader = HeadReader::new();
    loop {
        match reader.read(bytes) {
            Ok(Some((head, used))) => {
                let _ = bytes.split_to(used);
                return Ok(Some(head));
            }
            Ok(None) => {}
            Err(error) => {
                pipe.send_all(&refusal(&error)).await?;
                pipe.finish();
                return Ok(None);
            }
        }
        if pipe.receive(|chunk| bytes.extend_from_slice(chunk)).await? == Received::End {
            return Ok(None);
        }
    }
}

fn refusal(error: &HeadError) -> Bytes {
    let mut out = BytesMut::new();
    chasqui_proto::ws::handshake::write_error(&mut out, error.status(), error.name(), error.message());
    out.freeze()
}
