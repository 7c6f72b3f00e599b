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
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use h3::ext::Protocol;
use h3::server::{RequestResolver, RequestStream};
use http::Method;
use quinn::{AcceptBi, AcceptUni, ReadDatagram};

use super::classify::{HEAD_TIMEOUT, Sorter};
use super::codes;
use super::guard::HEAD_BYTES_MAX;
use super::h3io::{Bidi, Conn, Inlet};
use super::http::{HttpRequest, respond};
use super::registry::{Registry, SESSIONS_PER_CONNECTION_MAX};
use super::request::Request;
use super::server::Handler;
use crate::race::within;
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
    let sorter = Rc::new(Sorter { registry, inlet });
    let Some(mut h3) = set_up(conn.clone(), sorter.inlet.clone()).await else {
        return conn.close(codes::INTERNAL_ERROR, b"no HTTP/3 set-up");
    };
    run(&conn, &mut h3, &sorter, &handler).await;
    conn.close(codes::NO_ERROR, b"");
    sorter.inlet.bidi.clear();
    sorter.inlet.uni.clear();
}

/// Boxed twice: a future keeps room for its largest moment as long as it lives, and a connection lives
/// long after its set-up.
async fn set_up(conn: quinn::Connection, inlet: Rc<Inlet>) -> Option<Box<H3>> {
    let building = Box::pin(build(Conn::new(conn, inlet)));
    within(SETUP_TIMEOUT, building).await?.ok().map(Box::new)
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
async fn run<H: Handler>(conn: &quinn::Connection, h3: &mut H3, sorter: &Rc<Sorter>, handler: &Rc<H>) {
    let bidi = pin!(conn.accept_bi());
    let uni = pin!(conn.accept_uni());
    let datagram = pin!(conn.read_datagram());
    let mut taker = Taker { conn, h3, sorter, handler, bidi, uni, datagram };
    let mut idle = Idle::new();
    poll_fn(|cx| {
        loop {
            match taker.poll(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(Ended)) => return Poll::Ready(()),
                Poll::Pending => return idle.poll(&sorter.registry, cx),
            }
        }
    })
    .await
}

/// There is no more to come from the connection.
struct Ended;

type Taken = Poll<Result<(), Ended>>;

struct Taker<'c, 'p, H> {
    conn: &'c quinn::Connection,
    h3: &'p mut H3,
    sorter: &'p Rc<Sorter>,
    handler: &'p Rc<H>,
    bidi: Pin<&'p mut AcceptBi<'c>>,
    uni: Pin<&'p mut AcceptUni<'c>>,
    datagram: Pin<&'p mut ReadDatagram<'c>>,
}

impl<H: Handler> Taker<'_, '_, H> {
    /// Takes one of each kind that has come; pending when nothing has.
    fn poll(&mut self, cx: &mut Context<'_>) -> Taken {
        let taken = [self.poll_bidi(cx), self.poll_uni(cx), self.poll_datagram(cx), self.poll_request(cx)];
        taken.into_iter().filter(Poll::is_ready).reduce(first_error).unwrap_or(Poll::Pending)
    }

    fn poll_bidi(&mut self, cx: &mut Context<'_>) -> Taken {
        let (send, recv) = ready!(self.bidi.as_mut().poll(cx)).map_err(|_| Ended)?;
        self.sorter.bidi(send, recv);
        self.bidi.set(self.conn.accept_bi());
        Poll::Ready(Ok(()))
    }

    fn poll_uni(&mut self, cx: &mut Context<'_>) -> Taken {
        let recv = ready!(self.uni.as_mut().poll(cx)).map_err(|_| Ended)?;
        self.sorter.uni(recv);
        self.uni.set(self.conn.accept_uni());
        Poll::Ready(Ok(()))
    }

    fn poll_datagram(&mut self, cx: &mut Context<'_>) -> Taken {
        let datagram = ready!(self.datagram.as_mut().poll(cx)).map_err(|_| Ended)?;
        self.sorter.registry.route_datagram(&datagram);
        self.datagram.set(self.conn.read_datagram());
        Poll::Ready(Ok(()))
    }

    fn poll_request(&mut self, cx: &mut Context<'_>) -> Taken {
        let resolver = match ready!(pin!(self.h3.accept()).poll(cx)) {
            Ok(Some(resolver)) => resolver,
            _ => return Poll::Ready(Err(Ended)),
        };
        let (handler, registry) = (self.handler.clone(), self.sorter.registry.clone());
        rt::spawn(answer(resolver, self.conn.remote_address(), handler, registry));
        Poll::Ready(Ok(()))
    }
}

fn first_error(one: Taken, other: Taken) -> Taken {
    if matches!(one, Poll::Ready(Err(Ended))) { one } else { other }
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
        // In a task of its own, so that a session does not keep the room its head was read in.
        rt::spawn(handler.session(Request::new(head, stream, remote, registry)));
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
