//! The shard's WebTransport server: from a UDP socket to sessions.
//!
//! Promises: a handshake that does not finish in [`HANDSHAKE_TIMEOUT`] is dropped; under pressure a client
//! must first prove its address (QUIC Retry); beyond the shard's connections new ones are refused.

use std::cell::Cell;
use std::future::{Future, ready};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use quinn::{Endpoint, Incoming};

use super::codes;
use super::connection;
use super::http::{HttpRequest, HttpResponse};
use super::queue::Queue;
use super::request::Request;
use crate::race::within;
use crate::rt;
use crate::rt::quic::{self, EndpointLimits, Member};

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// With this many handshakes open, who asks for another must prove its address first.
const HANDSHAKES_UNPROVEN_MAX: usize = 256;
const HANDSHAKES_MAX: usize = 2048;

/// What a shard decides about the requests it gets. Each call runs in a task of its own.
pub trait Handler: 'static {
    /// A request for a session, to be accepted or rejected. The task may go on to serve the session.
    fn session(self: Rc<Self>, request: Request) -> impl Future<Output = ()>;

    /// Any other request.
    fn http(self: Rc<Self>, _request: HttpRequest) -> impl Future<Output = HttpResponse> {
        ready(HttpResponse::not_found())
    }
}

/// How a shard's server is set up.
pub struct Config {
    /// The shard's socket out of [`quic::group::bind`].
    pub member: Member,
    /// Made by [`super::tls::quic`].
    pub tls: Arc<rustls::ServerConfig>,
    pub limits: EndpointLimits,
    /// Connections this shard takes at most.
    pub connections_max: usize,
}

/// A running server; dropping it stops nothing, see [`Server::close`].
#[derive(Clone)]
pub struct Server {
    endpoint: Endpoint,
    limits: EndpointLimits,
    /// Ends when nobody is let in any more and everyone who was has been seen out.
    open: Rc<Queue<()>>,
}

/// Opens the shard's endpoint and serves it. Must run on the shard's thread, inside its runtime.
pub fn serve<H: Handler>(config: Config, handler: Rc<H>) -> io::Result<Server> {
    let Config { member, tls, limits, connections_max } = config;
    let endpoint = quic::open(member, tls, limits)?;
    let open = Rc::new(Queue::new(1));
    let guests = Guests(open.clone());
    let door = Door { endpoint: endpoint.clone(), connections_max, handshakes: Rc::default(), guests: Rc::new(guests) };
    rt::spawn(door.stand_open(handler));
    Ok(Server { endpoint, limits, open })
}

impl Server {
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.endpoint.local_addr()
    }

    pub fn connections(&self) -> usize {
        self.endpoint.open_connections()
    }

    /// Uses another certificate for the connections to come.
    pub fn renew(&self, tls: Arc<rustls::ServerConfig>) -> io::Result<()> {
        self.endpoint.set_server_config(Some(quic::server_config(tls, self.limits)?));
        Ok(())
    }

    /// Refuses new connections; those there are go on.
    pub fn refuse_new(&self) {
        self.endpoint.set_server_config(None);
    }

    /// Closes every connection at once and waits, for at most `grace`, until the peers know and the tasks
    /// that served them have ended.
    pub async fn close(&self, grace: Duration) {
        self.endpoint.close(codes::NO_ERROR, b"server stops");
        let leaving = async {
            self.endpoint.wait_idle().await;
            self.open.pop().await
        };
        let _ = within(grace, leaving).await;
    }
}

/// Who is let in.
struct Door {
    endpoint: Endpoint,
    connections_max: usize,
    handshakes: Rc<Cell<usize>>,
    guests: Rc<Guests>,
}

/// Held by the door and by every connection's task; the last to let go tells the server.
struct Guests(Rc<Queue<()>>);

impl Drop for Guests {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Counts a handshake for as long as it lasts.
struct Handshake(Rc<Cell<usize>>);

impl Handshake {
    fn begin(count: &Rc<Cell<usize>>) -> Self {
        count.set(count.get() + 1);
        Self(count.clone())
    }
}

impl Drop for Handshake {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Door {
    async fn stand_open<H: Handler>(self, handler: Rc<H>) {
        while let Some(incoming) = self.endpoint.accept().await {
            self.admit(incoming, &handler);
        }
    }

    fn admit<H: Handler>(&self, incoming: Incoming, handler: &Rc<H>) {
        let under_way = self.handshakes.get();
        if under_way >= HANDSHAKES_MAX || self.endpoint.open_connections() >= self.connections_max {
            return incoming.refuse();
        }
        if under_way >= HANDSHAKES_UNPROVEN_MAX && !incoming.remote_address_validated() && incoming.may_retry() {
            // It may retry, so asking for the proof cannot fail.
            return drop(incoming.retry());
        }
        rt::spawn(welcome(incoming, Handshake::begin(&self.handshakes), handler.clone(), self.guests.clone()));
    }
}

/// Sees a handshake through; the connection then has a task of its own, which need not be as large.
async fn welcome<H: Handler>(incoming: Incoming, handshake: Handshake, handler: Rc<H>, guest: Rc<Guests>) {
    let Ok(connecting) = incoming.accept() else { return };
    let Some(Ok(conn)) = within(HANDSHAKE_TIMEOUT, connecting).await else { return };
    drop(handshake);
    rt::spawn(stay(conn, handler, guest));
}

async fn stay<H: Handler>(conn: quinn::Connection, handler: Rc<H>, guest: Rc<Guests>) {
    connection::serve(conn, handler).await;
    drop(guest);
}
