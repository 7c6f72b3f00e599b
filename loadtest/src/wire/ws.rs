//! WebSocket by `fastwebsockets`: a peer independent of the relay's own framing.

use std::future::Future;
use std::net::SocketAddr;

use anyhow::{Context, bail};
use bytes::Bytes;
use chasqui_proto::dialect::Dialect;
use fastwebsockets::{Frame, OpCode, Payload, WebSocketError, WebSocketRead, WebSocketWrite, handshake};
use hyper::header::{CONNECTION, HOST, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE};
use hyper::upgrade::Upgraded;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, BufWriter, ReadHalf, WriteHalf};

use super::Incoming;

type Stream = TokioIo<Upgraded>;

/// Frames of one flush become one write up to here.
const WRITE_BUFFER_BYTES: usize = 16 * 1024;
/// The close code for "this is over".
const CLOSE_NORMAL: u16 = 1000;

pub struct WsReader {
    inner: WebSocketRead<ReadHalf<Stream>>,
}

pub struct WsWriter {
    inner: WebSocketWrite<BufWriter<WriteHalf<Stream>>>,
    opcode: OpCode,
}

struct Spawn;

impl<F> hyper::rt::Executor<F> for Spawn
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        tokio::spawn(future);
    }
}

/// Upgrades a stream and splits it.
pub(super) async fn open<S>(stream: S, server: SocketAddr, dialect: Dialect) -> anyhow::Result<(WsReader, WsWriter)>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (socket, response) =
        handshake::client(&Spawn, request(server, dialect)?, stream).await.context("WebSocket handshake")?;
    check_protocol(&response, dialect)?;
    let (mut reader, writer) = socket.split(|stream| {
        let (read, write) = tokio::io::split(stream);
        (read, BufWriter::with_capacity(WRITE_BUFFER_BYTES, write))
    });
    reader.set_auto_pong(false);
    reader.set_auto_close(false);
    let opcode = if dialect.is_text() { OpCode::Text } else { OpCode::Binary };
    Ok((WsReader { inner: reader }, WsWriter { inner: writer, opcode }))
}

fn request(server: SocketAddr, dialect: Dialect) -> anyhow::Result<Request<String>> {
    let request = Request::builder()
        .uri("/ws")
        .header(HOST, server.to_string())
        .header(UPGRADE, "websocket")
        .header(CONNECTION, "upgrade")
        .header(SEC_WEBSOCKET_KEY, handshake::generate_key())
        .header(SEC_WEBSOCKET_VERSION, "13")
        .header(SEC_WEBSOCKET_PROTOCOL, dialect.subprotocol());
    Ok(request.body(String::new())?)
}

fn check_protocol<B>(response: &Response<B>, dialect: Dialect) -> anyhow::Result<()> {
    match response.headers().get(SEC_WEBSOCKET_PROTOCOL) {
        Some(chosen) if chosen == dialect.subprotocol() => Ok(()),
        other => bail!("the server answered {} with {other:?}", dialect.subprotocol()),
    }
}

impl WsReader {
    pub(super) async fn read(&mut self, each: &mut impl FnMut(Incoming<'_>)) -> anyhow::Result<()> {
        // Never called: neither pongs nor closes are left to the library.
        let mut nothing = |_: Frame<'_>| std::future::ready(Ok::<(), WebSocketError>(()));
        let frame = self.inner.read_frame(&mut nothing).await?;
        match frame.opcode {
            OpCode::Text | OpCode::Binary if frame.fin => each(Incoming::Frame(&frame.payload)),
            OpCode::Ping => each(Incoming::Ping(Bytes::copy_from_slice(&frame.payload))),
            OpCode::Pong => {}
            OpCode::Close => bail!("closed with {}", close_text(&frame.payload)),
            _ => bail!("the server fragments its messages"),
        }
        Ok(())
    }
}

fn close_text(payload: &[u8]) -> String {
    match payload.split_first_chunk() {
        Some((code, reason)) => format!("{} {}", u16::from_be_bytes(*code), String::from_utf8_lossy(reason)),
        None => "no code".into(),
    }
}

impl WsWriter {
    pub(super) async fn frame(&mut self, frame: &mut [u8]) -> anyhow::Result<()> {
        // Borrowed mutably, so that masking needs no copy.
        let frame = Frame::new(true, self.opcode, None, Payload::BorrowedMut(frame));
        Ok(self.inner.write_frame(frame).await?)
    }

    pub(super) async fn pong(&mut self, payload: Bytes) -> anyhow::Result<()> {
        Ok(self.inner.write_frame(Frame::pong(Payload::Owned(payload.to_vec()))).await?)
    }

    pub(super) async fn flush(&mut self) -> anyhow::Result<()> {
        Ok(self.inner.flush().await?)
    }

    pub(super) async fn close(&mut self) {
        // The run is over; a connection that is gone already is as good.
        let _ = self.inner.write_frame(Frame::close(CLOSE_NORMAL, b"")).await;
        let _ = self.inner.flush().await;
    }
}
