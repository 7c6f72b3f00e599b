//! One client's connection: a single task that accepts its streams, datagrams and requests.
//!
//! Promises: the connection is closed [`LINGER`] after its last request and session have ended, because
//! browsers leave it open; and [`FIRST_REQUEST_WAIT`] after its start if there was none.
//!
//! Invariants: this task is the only one that accepts, so streams are sorted in the order of their ids.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use h3::ext::Protocol;
use h3::server::{RequestResolver, RequestStream};
use http::Method;

use super::classify::{HEAD_TIMEOUT, Sorter};
use super::codes;
use super::guard::HEAD_BYTES_MAX;
use super::h3io::{Bidi, Conn, Inlet};
use super::http::{HttpRequest, respond};
use super::registry::{Registry, SESSIONS_PER_CONNECTION_MAX};
use super::request::Request;
use super::server::Handler;
use super::time::within;
use crate::rt;
use crate::rt::timer::Sleep;

/// Long enough for a page that reloads, short enough to keep no one's idle connection.
pub const LINGER: Duration = Duration::from_millis(1500);
const FIRST_REQUEST_WAIT: Duration = Duration::from_secs(10);
/// A client that permits no streams cannot be spoken to.
const SETUP_TIMEOUT: Duration = Duration::from_secs(10);

type H3 = h3::server::Connection<Conn, Bytes>;

/// Serves the connection until it ends, one way or the other.
pub(super) async fn serve<H: Handler>(conn: quinn::Connection, handler: Rc<H>) {
    let registry = Registry::new(conn.clone());
    let inlet = Rc::new(Inlet::new());
    let h3 = match within(SETUP_TIMEOUT, build(Conn::new(conn.clone(), inlet.clone()))).await {
        Some(Ok(h3)) => h3,
        _ => return conn.close(codes::INTERNAL_ERROR, b"no HTTP/3 set-up"),
    };
    let sorter = Rc::new(Sorter { registry, inlet });
    let remote = conn.remote_address();
    run(&conn, h3, &sorter, |resolver| {
        let (handler, registry) = (handler.clone(), sorter.registry.clone());
        rt::spawn(answer(resolver, remote, handler, registry));
    })
    .await;
    conn.close(codes::NO_ERROR, b"");
    sorter.inlet.bidi.clear();
    sorter.inlet.uni.clear();
}

async fn build(conn: Conn) -> Result<H3, h3::error::ConnectionError> {
    h3::server::builder()
        .max_field_section_size(HEAD_BYTES_MAX)
        .enable_webtransport(true)
        .enable_extended_connect(true)
        .enable_datagram(true)
        .max_webtransport_sessions(SESSIONS_PER_CONNECTION_MAX as u64)
        .send_grease(false)
        .build(conn)
        .await
}

/// Takes what comes from the connection until it is lost, broken or no longer used.
async fn run(
    conn: &quinn::Connection,
    mut h3: H3,
    sorter: &Rc<Sorter>,
    mut on_request: impl FnMut(RequestResolver<Conn, Bytes>),
) {
    let mut bidi = pin!(conn.accept_bi());
    let mut uni = pin!(conn.accept_uni());
    let mut datagram = pin!(conn.read_datagram());
    let mut idle = Idle::new();
    poll_fn(|cx| {
        loop {
            let mut progress = false;
            if let Poll::Ready(next) = bidi.as_mut().poll(cx) {
                let Ok((send, recv)) = next else { return Poll::Ready(()) };
                sorter.bidi(send, recv);
                bidi.set(conn.accept_bi());
                progress = true;
            }
            if let Poll::Ready(next) = uni.as_mut().poll(cx) {
                let Ok(recv) = next else { return Poll::Ready(()) };
                sorter.uni(recv);
                uni.set(conn.accept_uni());
                progress = true;
            }
            if let Poll::Ready(next) = datagram.as_mut().poll(cx) {
                let Ok(bytes) = next else { return Poll::Ready(()) };
                sorter.registry.route_datagram(bytes);
                datagram.set(conn.read_datagram());
                progress = true;
            }
            if let Poll::Ready(next) = pin!(h3.accept()).poll(cx) {
                let Ok(Some(request)) = next else { return Poll::Ready(()) };
                on_request(request);
                progress = true;
            }
            if !progress {
                return idle.poll(&sorter.registry, cx);
            }
        }
    })
    .await
}

/// Watches for the time when nobody has used the connection for long enough.
struct Idle {
    first_request_by: Instant,
    sleep: Option<Sleep>,
}

impl Idle {
    fn new() -> Self {
        Self { first_request_by: Instant::now() + FIRST_REQUEST_WAIT, sleep: None }
    }

    fn poll(&mut self, registry: &Registry, cx: &mut Context<'_>) -> Poll<()> {
        let Some(since) = registry.quiet_since(cx) else {
            // The first request has come: from now on only the linger counts.
            self.first_request_by = Instant::now();
            self.sleep = None;
            return Poll::Pending;
        };
        let deadline = (since + LINGER).max(self.first_request_by);
        let sleep = self.sleep.get_or_insert_with(|| Sleep::until(deadline));
        if sleep.deadline() != deadline {
            sleep.reset(deadline);
        }
        Pin::new(sleep).poll(cx)
    }
}

/// Reads a request's head and hands it to whom it concerns.
async fn answer<H: Handler>(
    resolver: RequestResolver<Conn, Bytes>,
    remote: SocketAddr,
    handler: Rc<H>,
    registry: Rc<Registry>,
) {
    // Dropping the resolver, on time-out or error, ends the stream and the request with it.
    let resolved = within(HEAD_TIMEOUT, resolver.resolve_request()).await;
    let Some(Ok((head, stream))) = resolved else { return registry.request_malformed() };
    if is_webtransport(&head) {
        handler.session(Request::new(head, stream, remote, registry)).await;
    } else {
        answer_http(head, stream, handler).await;
    }
}

async fn answer_http<H: Handler>(head: http::Request<()>, stream: RequestStream<Bidi, Bytes>, handler: Rc<H>) {
    let with_body = head.method() != Method::HEAD;
    let response = handler.http(HttpRequest::new(head)).await;
    respond(stream, response, with_body).await;
}

fn is_webtransport(head: &http::Request<()>) -> bool {
    head.method() == Method::CONNECT && head.extensions().get() == Some(&Protocol::WEB_TRANSPORT)
}
