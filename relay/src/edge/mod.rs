//! Between a transport and the core: who may connect, and from frames to commands.
//!
//! Promise: a token is checked before a session exists; a frame that does not parse is answered with an error and
//! the connection stays, until there were `MALFORMED_FRAMES_MAX` of them.

pub mod intake;
pub mod page;
pub mod webtransport;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chasqui_chat::Input;
use chasqui_proto::dialect::Scratch;
use chasqui_proto::ids::{ReqId, UserId};

use crate::auth::{AuthError, Verifier, origin};
use crate::shard::Shell;
use crate::shard::conn::Conn;
use page::Page;

/// What the operator decides about connections.
#[derive(Clone, Debug)]
pub struct EdgeLimits {
    pub frame_bytes_max: usize,
    pub outbox_bytes_max: usize,
    /// From the first byte to an authenticated session.
    pub authenticate_within: Duration,
    pub ping_every: Duration,
    pub pong_within: Duration,
    /// Connections of the whole node.
    pub connections_max: usize,
    /// Cookie that may carry the token.
    pub cookie: Option<String>,
    /// Origins browsers may come from, beside the server's own.
    pub origins: Vec<String>,
    /// In development any origin may connect.
    pub dev: bool,
}

/// One shard's edge.
pub struct Edge {
    pub shell: Rc<Shell>,
    pub verifier: Arc<Verifier>,
    pub limits: EdgeLimits,
    pub page: Arc<Page>,
    pub tls: Option<Arc<rustls::ServerConfig>>,
    pub draining: Cell<bool>,
    /// What a command cannot borrow from its frame, until it is carried out.
    pub scratch: RefCell<Scratch>,
    /// Connections of the whole node, counted by all shards.
    pub connections: Arc<AtomicUsize>,
}

/// A place among the node's connections, given back when dropped.
pub struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Edge {
    /// A place for a connection, unless the node is full.
    pub fn seat(&self) -> Option<Seat> {
        if self.draining.get() {
            return None;
        }
        let seat = Seat(self.connections.clone());
        let before = self.connections.fetch_add(1, Ordering::Relaxed);
        (before < self.limits.connections_max).then_some(seat)
    }

    pub fn allows_origin(&self, origin: Option<&str>, host: Option<&str>) -> bool {
        origin::allowed(origin, host, &self.limits.origins, self.limits.dev)
    }

    pub fn verify(&self, token: &str) -> Result<Entrant, AuthError> {
        let claims = self.verifier.verify(token, self.shell.now().wall_ms)?;
        let user = UserId::new(&claims.user).ok_or(AuthError::BadSubject)?;
        Ok(Entrant { user, expires_at: claims.expires_at_ms })
    }

    /// Begins the session of an authenticated connection.
    pub fn open(&self, conn: &Rc<Conn>, entrant: Entrant, id: &str, transport: &'static str) {
        tracing::info!(session = %conn.session, user = %entrant.user, transport, wire = ?conn.wire, "connect");
        self.shell.add(conn.clone());
        let Entrant { user, expires_at } = entrant;
        self.shell.input(Input::Open { session: conn.session, user, id: ReqId::new(id), expires_at });
    }

    pub fn log_refusal(&self, error: AuthError, transport: &'static str) {
        tracing::warn!(reason = error.name(), transport, "authorisation failure");
    }
}

/// Who a token says is connecting.
#[derive(Clone, Debug)]
pub struct Entrant {
    pub user: UserId,
    pub expires_at: u64,
}
