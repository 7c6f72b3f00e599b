//! Requests on the public TCP port: the upgrade, the demo page, and refusals with a code.

use std::io;
use std::rc::Rc;
use std::time::Instant;

use bytes::BytesMut;
use chasqui_proto::dialect::Dialect;
use chasqui_proto::ws::handshake::{RequestHead, Response, Status, check_upgrade, write_error, write_switching};

use super::pipe::Pipe;
use super::read_head;
use super::websocket::Upgraded;
use crate::auth::carrier::{self, Carriers};
use crate::edge::{Edge, Entrant};
use crate::race::within;

/// Paths on which a WebSocket is served.
const WEB_SOCKET_PATHS: [&str; 3] = ["/ws", "/api/chat/ws", "/chat"];
/// An ordinary HTTP connection may ask this often before it is closed.
const REQUESTS_MAX: usize = 100;

/// Serves requests until one upgrades, the peer leaves, or the deadline comes.
pub(super) async fn answer(
    edge: &Edge,
    pipe: Rc<Pipe>,
    mut head: RequestHead,
    mut rest: BytesMut,
    deadline: Instant,
) -> io::Result<Option<Upgraded>> {
    for _ in 0..REQUESTS_MAX {
        if head.wants_websocket() {
            return upgrade(edge, pipe, &head, rest, deadline).await;
        }
        let (response, keep) = plain(edge, &head);
        pipe.send_all(&response).await?;
        if !keep {
            break;
        }
        let next = within(edge.limits.authenticate_within, read_head(&pipe, &mut rest)).await;
        let Some(Ok(Some(next))) = next else { break };
        head = next;
    }
    pipe.finish();
    Ok(None)
}

fn plain(edge: &Edge, head: &RequestHead) -> (BytesMut, bool) {
    let mut out = BytesMut::new();
    let keep_alive = head.keep_alive() && !head.has_body;
    let head_only = head.method == "HEAD";
    if head.method != "GET" && !head_only {
        write_error(&mut out, Status::MethodNotAllowed, "method_not_allowed", "Only GET and HEAD are served here.");
        return (out, false);
    }
    let Some((content_type, body)) = edge.page.get(&head.path) else {
        let served = WEB_SOCKET_PATHS.contains(&head.path.as_str());
        let message =
            if served { "This path serves WebSocket: ask for an upgrade." } else { "Nothing is served at this path." };
        let status = if served { Status::UpgradeRequired } else { Status::NotFound };
        write_error(&mut out, status, if served { "upgrade_required" } else { "not_found" }, message);
        return (out, false);
    };
    let headers = [("cache-control", "no-store"), ("x-content-type-options", "nosniff")];
    Response { status: Status::Ok, content_type, headers: &headers, body, keep_alive, head_only }.write(&mut out);
    (out, keep_alive)
}

async fn upgrade(
    edge: &Edge,
    pipe: Rc<Pipe>,
    head: &RequestHead,
    rest: BytesMut,
    deadline: Instant,
) -> io::Result<Option<Upgraded>> {
    let mut out = BytesMut::new();
    match admit(edge, head) {
        Err((status, name, message)) => {
            write_error(&mut out, status, name, message);
            pipe.send_all(&out).await?;
            pipe.finish();
            Ok(None)
        }
        Ok(Admitted { upgrade, protocol, dialect, entrant }) => {
            write_switching(&mut out, &upgrade, protocol);
            pipe.send_all(&out).await?;
            Ok(Some(Upgraded { pipe, dialect, entrant, rest, deadline }))
        }
    }
}

struct Admitted {
    upgrade: chasqui_proto::ws::handshake::Upgrade,
    protocol: Option<&'static str>,
    dialect: Dialect,
    /// Who the handshake's token names; `None`: the first frame must authenticate.
    entrant: Option<Entrant>,
}

type Refusal = (Status, &'static str, &'static str);

fn admit(edge: &Edge, head: &RequestHead) -> Result<Admitted, Refusal> {
    let upgrade = check_upgrade(head).map_err(|e| (e.status(), e.name(), e.message()))?;
    if !WEB_SOCKET_PATHS.contains(&head.path.as_str()) {
        return Err((Status::NotFound, "not_found", "No WebSocket is served at this path."));
    }
    if !edge.allows_origin(head.origin.as_deref(), head.host.as_deref()) {
        return Err((Status::Forbidden, "origin_not_allowed", "This origin may not connect."));
    }
    let (protocol, dialect) = choose(head)?;
    let carriers = Carriers {
        authorization: head.authorization.as_deref(),
        query: head.query.as_deref(),
        subprotocols: head.websocket_protocol.as_deref(),
        cookie: head.cookie.as_deref(),
        cookie_name: edge.limits.cookie.as_deref(),
    };
    let entrant = match carrier::find(&carriers) {
        None => None,
        Some(token) => Some(edge.verify(&token).map_err(|error| {
            edge.log_refusal(error, "websocket");
            (Status::Unauthorized, error.name(), error.sentence())
        })?),
    };
    Ok(Admitted { upgrade, protocol, dialect, entrant })
}

/// The dialect by subprotocol; none offered (a bearer entry aside) means JSON.
fn choose(head: &RequestHead) -> Result<(Option<&'static str>, Dialect), Refusal> {
    let offered: Vec<&str> = head.offered_protocols().filter(|p| !p.starts_with("bearer.")).collect();
    if offered.is_empty() {
        return Ok((None, Dialect::Json));
    }
    let chosen = offered.iter().find_map(|name| Dialect::from_subprotocol(name));
    chosen.map(|dialect| (Some(dialect.subprotocol()), dialect)).ok_or((
        Status::BadRequest,
        "unsupported_subprotocol",
        "Offer chasqui.v1 or chasqui.v1.json.",
    ))
}
