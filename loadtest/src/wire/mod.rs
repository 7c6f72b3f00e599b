//! Connections: frames in, frames out, over three transports.
//!
//! Promise: a [`Reader`] hands out every frame of one read before it waits again; a [`Writer`] gathers the frames it
//! is given into one write per [`Writer::flush`]. Readers and writers of one connection are used by two tasks, and no
//! read is ever abandoned half-way, which the WebSocket library does not survive.
//!
//! Deliberately not here: reconnecting, verifying certificates.

mod dial;
mod tls;
mod ws;
mod wt;

use bytes::Bytes;
use chasqui_proto::dialect::Dialect;

pub use dial::{Dialer, Transport};

/// What came in.
#[derive(Debug)]
pub enum Incoming<'a> {
    Frame(&'a [u8]),
    /// To be answered with a pong.
    Ping(Bytes),
}

/// The receiving half.
pub enum Reader {
    Ws(ws::WsReader),
    Wt(wt::WtReader),
}

/// The sending half. Dropping it does not end the connection in order; [`Writer::close`] does.
pub enum Writer {
    Ws(ws::WsWriter),
    Wt(wt::WtWriter),
}

impl Reader {
    /// Waits for bytes and hands out what they hold. An error is the connection's end. Not cancel-safe.
    pub async fn read(&mut self, each: &mut impl FnMut(Incoming<'_>)) -> anyhow::Result<()> {
        match self {
            Self::Ws(reader) => reader.read(each).await,
            Self::Wt(reader) => reader.read(each).await,
        }
    }
}

impl Writer {
    /// Queues a frame, which is scrambled in place.
    pub async fn frame(&mut self, frame: &mut [u8]) -> anyhow::Result<()> {
        match self {
            Self::Ws(writer) => writer.frame(frame).await,
            Self::Wt(writer) => {
                writer.frame(frame);
                Ok(())
            }
        }
    }

    pub async fn pong(&mut self, payload: Bytes) -> anyhow::Result<()> {
        match self {
            Self::Ws(writer) => writer.pong(payload).await,
            Self::Wt(_) => Ok(()),
        }
    }

    /// Hands everything queued to the system.
    pub async fn flush(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Ws(writer) => writer.flush().await,
            Self::Wt(writer) => writer.flush().await,
        }
    }

    pub async fn close(&mut self) {
        match self {
            Self::Ws(writer) => writer.close().await,
            Self::Wt(writer) => writer.close().await,
        }
    }
}

/// What a dialect adds to the handshake's path.
fn query(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Native => "",
        Dialect::Json => "?dialect=json",
    }
}
