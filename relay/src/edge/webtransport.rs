//! A WebTransport session of the relay: one bidirectional stream, opened by the client, carries all frames, save
//! typing, which with `?datagrams=1` goes and comes as datagrams of one frame each.
//!
//! The dialect is native, or JSON with `?dialect=json`. On WebTransport the close code 4102 stands for every broken
//! framing. The session ends when the stream does.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use chasqui_proto::codes::CloseCode;
use chasqui_proto::dialect::Dialect;
use chasqui_proto::dialect::stream::{Cut, FrameCutter};

use super::intake::Intake;
use super::{Edge, Entrant};
use crate::auth::carrier::{self, Carriers};
use crate::race::{until, within};
use crate::rt;
use crate::shard::conn::Conn;
use crate::shard::encode::Wire;
use crate::wt::http::{HttpRequest, HttpResponse};
use crate::wt::{Handler, RecvStream, Request, SendStream, Session};

const PATH: &str = "/wt";
/// Bytes taken from the stream at a time.
const CHUNK_BYTES_MAX: usize = 64 * 1024;
/// How long queued frames may take to leave before a session is closed.
const FLUSH_WITHIN: Duration = Duration::from_secs(2);

/// The shard's handler of HTTP/3 requests.
pub struct Door(pub Rc<Edge>);

impl Handler for Door {
    async fn session(self: Rc<Self>, request: Request) {
        let edge = self.0.clone();
        let Some(_seat) = edge.seat() else { return request.reject(503).await };
        match admit(&edge, &request) {
            Err(status) => request.reject(status).await,
            Ok(terms) => {
                let protocol = terms.dialect.subprotocol();
                let offered = request.available_protocols.iter().any(|p| p == protocol);
                if let Ok(session) = request.accept(offered.then_some(protocol)).await {
                    serve(edge, session, terms).await;
                }
            }
        }
    }

    async fn http(self: Rc<Self>, request: HttpRequest) -> HttpResponse {
        match self.0.page.get(&request.path) {
            Some((content_type, body)) => HttpResponse::ok(content_type, body),
            None => HttpResponse::not_found(),
        }
    }
}

/// What the client asked for and may have.
struct Terms {
    dialect: Dialect,
    datagrams: bool,
    entrant: Option<Entrant>,
}

fn admit(edge: &Edge, request: &Request) -> Result<Terms, u16> {
    if request.path != PATH {
        return Err(404);
    }
    if !edge.allows_origin(request.origin.as_deref(), request.authority.as_deref()) {
        return Err(403);
    }
    let query = request.query.as_deref().unwrap_or_default();
    let asked = |name| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let offered = request.available_protocols.iter().find_map(|name| Dialect::from_subprotocol(name));
    let dialect = match asked("dialect") {
        Some(name) => Dialect::from_name(name).ok_or(400u16)?,
        None => offered.unwrap_or(Dialect::Native),
    };
    let datagrams = match asked("datagrams") {
        None | Some("0") => false,
        Some("1") => true,
        Some(_) => return Err(400),
    };
    let carriers = Carriers {
        authorization: request.authorization.as_deref(),
        query: request.query.as_deref(),
        ..Carriers::default()
    };
    let Some(token) = carrier::find(&carriers) else { return Ok(Terms { dialect, datagrams, entrant: None }) };
    match edge.verify(&token) {
        Ok(entrant) => Ok(Terms { dialect, datagrams, entrant: Some(entrant) }),
        Err(error) => {
            edge.log_refusal(error, "webtransport");
            Err(401)
        }
    }
}

async fn serve(edge: Rc<Edge>, session: Session, terms: Terms) {
    let Some(Some((send, recv))) = within(edge.limits.authenticate_within, session.accept_bi()).await else {
        return session.close(u32::from(CloseCode::Unauthenticated.code()), CloseCode::Unauthenticated.name());
    };
    let id = edge.shell.session_id();
    let Terms { dialect, datagrams, entrant } = terms;
    let datagrams = datagrams.then(|| session.clone());
    let conn = Conn::stream(id, Wire::stream(dialect), edge.limits.outbox_bytes_max, datagrams.clone());
    let intake = Intake::new(edge.clone(), conn.clone(), entrant.is_some(), "wt");
    if let Some(entrant) = entrant {
        edge.open(&conn, entrant, "", "wt");
    }
    let writer = rt::spawn(write(edge.clone(), conn.clone(), send, session));
    let intake = read(&edge, intake, recv, datagrams).await;
    edge.shell.remove(id);
    if conn.closing().is_none() {
        conn.close(0, "");
    }
    edge.shell.mark_dirty(&conn);
    writer.await;
    if intake.is_authenticated() {
        let code = conn.closing().map_or(0, |(code, _)| code);
        tracing::info!(session = %id, transport = "wt", code, "disconnect");
    }
}

/// Reads frames until the stream or the connection ends.
async fn read(edge: &Edge, mut intake: Intake, mut recv: RecvStream, datagrams: Option<Session>) -> Intake {
    let mut cutter = FrameCutter::new(intake.conn.wire.dialect(), edge.limits.frame_bytes_max);
    let conn = intake.conn.clone();
    let begun = std::time::Instant::now();
    while conn.closing().is_none() {
        if conn.is_congested() {
            conn.drained.raised().await;
            continue;
        }
        let ended = async { conn.closed().await };
        let next = next(&mut recv, datagrams.as_ref());
        let came = if intake.is_authenticated() {
            until(next, ended).await
        } else {
            let left = edge.limits.authenticate_within.saturating_sub(begun.elapsed());
            match until(within(left, next), ended).await {
                Some(None) => {
                    intake.close(CloseCode::Unauthenticated);
                    None
                }
                other => other.flatten(),
            }
        };
        match came.flatten() {
            Some(Came::Bytes(bytes)) => take(&mut intake, &mut cutter, &bytes),
            Some(Came::Datagram(payload)) => intake.datagram(&payload),
            None => break,
        }
        cutter.release();
    }
    intake
}

enum Came {
    Bytes(Bytes),
    Datagram(Bytes),
}

/// What is on the stream, else what came as a datagram; `None` at the end. Cancel safe.
async fn next(recv: &mut RecvStream, datagrams: Option<&Session>) -> Option<Came> {
    poll_fn(|cx| match (recv.poll_read_chunk(cx, CHUNK_BYTES_MAX), datagrams) {
        (Poll::Ready(chunk), _) => Poll::Ready(chunk.ok().flatten().map(Came::Bytes)),
        (Poll::Pending, None) => Poll::Pending,
        (Poll::Pending, Some(session)) => session.poll_recv_datagram(cx).map(|came| came.map(Came::Datagram)),
    })
    .await
}

fn take(intake: &mut Intake, cutter: &mut FrameCutter, bytes: &[u8]) {
    let mut input = bytes;
    while intake.conn.closing().is_none()
        && let Some(cut) = cutter.cut(&mut input)
    {
        match cut {
            Cut::Frame(payload) => intake.payload(payload),
            Cut::Oversize => intake.oversize(),
            Cut::Fatal(_) => intake.lost(),
        }
    }
}

/// Writes what the outbox holds, then closes the session if the connection is closing.
async fn write(edge: Rc<Edge>, conn: Rc<Conn>, mut send: SendStream, session: Session) {
    loop {
        let bytes = conn.outbox.borrow_mut().take();
        if bytes.is_empty() {
            conn.drained.raise();
            if conn.closing().is_some() {
                break;
            }
            conn.wait_for_frames().await;
            continue;
        }
        let stats = &edge.shell.stats;
        stats.writes.add(1);
        stats.bytes_out.add(bytes.len() as u64);
        let mut chunks = [bytes];
        let written = send.write_all_chunks(&mut chunks);
        let sent = if conn.closing().is_some() {
            within(FLUSH_WITHIN, written).await
        } else {
            until(written, conn.closed_for(FLUSH_WITHIN)).await
        };
        if !matches!(sent, Some(Ok(()))) {
            break;
        }
    }
    // A close resets the session's streams at once: what was written must have arrived before.
    if send.finish().is_ok() {
        let _ = within(FLUSH_WITHIN, send.stopped()).await;
    }
    let (code, name) = conn.closing().unwrap_or((0, ""));
    session.close(u32::from(code), name);
    conn.abort();
}
