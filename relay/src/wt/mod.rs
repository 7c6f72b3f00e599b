//! HTTP/3 and WebTransport for one shard.
//!
//! Promises: sessions, their streams and datagrams over QUIC, beside ordinary HTTP/3 requests, on one
//! connection. Whatever a peer sends, memory stays within the limits named in these modules.
//!
//! In the flow: [`serve`] takes the shard's socket; each accepted connection gets a task
//! (`connection`) that sorts its streams (`classify`): HTTP/3's own go to the `h3` library through our
//! backend for it (`h3io`, `guard`), the sessions' go past it to the `registry`. A request for a
//! session comes out as a [`Request`], and accepted becomes a [`Session`], whose CONNECT stream the
//! `keeper` holds.
//!
//! Invariants: all of it lives on one shard's thread; nothing here is `Send`.
//!
//! Not here: what is said on the streams. The relay's sessions know this module only as a pipe.

mod capsule;
pub mod cert;
mod classify;
mod codes;
mod connection;
mod guard;
mod h3io;
pub mod http;
mod keeper;
mod queue;
mod registry;
mod request;
mod server;
mod session;
mod stream;
pub mod tls;
mod wire;

pub use capsule::CLOSE_REASON_BYTES_MAX;
pub use classify::HEAD_TIMEOUT;
pub use connection::LINGER;
pub use guard::HEAD_BYTES_MAX;
pub use http::{HttpRequest, HttpResponse};
pub use registry::{PARKED_DATAGRAMS_MAX, PARKED_STREAMS_MAX, SESSIONS_PER_CONNECTION_MAX};
pub use request::{AcceptError, Request};
pub use server::{Config, Handler, Server, serve};
pub use session::{CloseInfo, ClosedBy, SESSION_DATAGRAMS_MAX, SESSION_STREAMS_MAX, Session};
pub use stream::{RecvStream, SendStream, StreamError};
