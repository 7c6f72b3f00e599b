//! Who is who on one connection: its sessions, its open requests, and what came too early or too late.
//!
//! Promises: a stream or datagram reaches the session it names. One for a request still undecided, or
//! not yet seen, is parked; one for a session that has ended, or that was refused, is sent back. The
//! registry also knows since when nothing is going on, so that a connection nobody uses can be closed.
//!
//! Invariants: a client's bidirectional streams are accepted in the order of their ids, so an id at or
//! below the highest accepted that is neither live nor undecided is gone for good.
//!
//! Limits: [`PARKED_STREAMS_MAX`], [`PARKED_DATAGRAMS_MAX`] per connection; a stream beyond is reset with
//! the code the standard gives, a datagram beyond is dropped. A datagram that waits has memory of its own.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::Context;
use std::time::Instant;

use bytes::Bytes;
use quinn::VarInt;

use super::codes;
use super::queue::Wakers;
use super::session::Shared;
use super::stream::{RecvStream, SendStream};
use super::wire::{is_session_id, read_varint};

pub const PARKED_STREAMS_MAX: usize = 16;
pub const PARKED_DATAGRAMS_MAX: usize = 32;
/// The number sent in the settings; a page that pools its sessions needs few.
pub const SESSIONS_PER_CONNECTION_MAX: usize = 8;
/// `h3` remembers the id of every request it could not read, so their number has an end.
const MALFORMED_REQUESTS_MAX: u32 = 64;

/// A stream that named its session, with the bytes that came in one piece with its head.
pub(super) enum Arrival {
    Bidi(quinn::SendStream, quinn::RecvStream, Bytes),
    Uni(quinn::RecvStream, Bytes),
}

impl Arrival {
    fn refuse(self, code: VarInt) {
        // A stream that has ended in the meantime needs no answer.
        match self {
            Self::Bidi(mut send, mut recv, _) => {
                let _ = send.reset(code);
                let _ = recv.stop(code);
            }
            Self::Uni(mut recv, _) => drop(recv.stop(code)),
        }
    }

    fn enter(self, session: &Shared) {
        match self {
            Self::Bidi(send, recv, first) => session.offer_bi(SendStream::new(send), RecvStream::new(recv, first)),
            Self::Uni(recv, first) => session.offer_uni(RecvStream::new(recv, first)),
        }
    }
}

enum Fate {
    Live(Rc<Shared>),
    Unknown,
    Gone,
}

pub(super) struct Registry {
    conn: quinn::Connection,
    tables: RefCell<Tables>,
    quiet: Wakers,
}

struct Tables {
    highest_accepted: Option<u64>,
    /// Streams whose head is still being read.
    heads: Vec<u64>,
    /// Requests without an answer.
    requests: Vec<u64>,
    live: Vec<Rc<Shared>>,
    parked: VecDeque<(u64, Arrival)>,
    datagrams: VecDeque<(u64, Bytes)>,
    quiet_since: Instant,
    malformed_requests: u32,
}

impl Tables {
    fn fate(&self, id: u64) -> Fate {
        if let Some(session) = self.live.iter().find(|session| session.id() == id) {
            return Fate::Live(session.clone());
        }
        let undecided = self.heads.contains(&id) || self.requests.contains(&id);
        if undecided || self.highest_accepted.is_none_or(|highest| id > highest) { Fate::Unknown } else { Fate::Gone }
    }

    fn is_busy(&self) -> bool {
        !self.requests.is_empty() || !self.live.is_empty()
    }

    fn take_parked(&mut self, id: u64) -> Vec<Arrival> {
        let (mine, others) = std::mem::take(&mut self.parked).into_iter().partition(|(of, _)| *of == id);
        self.parked = others;
        let mine: VecDeque<_> = mine;
        mine.into_iter().map(|(_, arrival)| arrival).collect()
    }

    fn take_datagrams(&mut self, id: u64) -> Vec<Bytes> {
        let (mine, others) = std::mem::take(&mut self.datagrams).into_iter().partition(|(of, _)| *of == id);
        self.datagrams = others;
        let mine: VecDeque<_> = mine;
        mine.into_iter().map(|(_, datagram)| datagram).collect()
    }
}

impl Registry {
    pub(super) fn new(conn: quinn::Connection) -> Rc<Self> {
        let tables = Tables {
            highest_accepted: None,
            heads: Vec::new(),
            requests: Vec::new(),
            live: Vec::new(),
            parked: VecDeque::new(),
            datagrams: VecDeque::new(),
            quiet_since: Instant::now(),
            malformed_requests: 0,
        };
        Rc::new(Self { conn, tables: tables.into(), quiet: Wakers::default() })
    }

    pub(super) fn close_connection(&self, code: VarInt, reason: &[u8]) {
        self.conn.close(code, reason);
    }

    /// Since when there has been neither a request nor a session; `None` while there is one.
    pub(super) fn quiet_since(&self, cx: &Context<'_>) -> Option<Instant> {
        self.quiet.register(cx);
        let tables = self.tables.borrow();
        (!tables.is_busy()).then_some(tables.quiet_since)
    }

    pub(super) fn head_begun(&self, id: u64) {
        let mut tables = self.tables.borrow_mut();
        tables.highest_accepted = tables.highest_accepted.max(Some(id));
        tables.heads.push(id);
    }

    pub(super) fn head_ended(&self, id: u64) {
        self.tables.borrow_mut().heads.retain(|head| *head != id);
    }

    pub(super) fn request_begun(&self, id: u64) {
        let mut tables = self.tables.borrow_mut();
        tables.heads.retain(|head| *head != id);
        tables.requests.push(id);
    }

    /// The request's stream is closed. Streams parked for it will never have a session.
    pub(super) fn request_over(&self, id: u64) {
        let refused = {
            let mut tables = self.tables.borrow_mut();
            let Some(place) = tables.requests.iter().position(|request| *request == id) else { return };
            tables.requests.swap_remove(place);
            tables.take_datagrams(id);
            tables.take_parked(id)
        };
        refused.into_iter().for_each(|arrival| arrival.refuse(codes::SESSION_GONE));
        self.note_quiet();
    }

    /// A request's head was late or could not be read.
    pub(super) fn request_malformed(&self) {
        let mut tables = self.tables.borrow_mut();
        tables.malformed_requests += 1;
        if tables.malformed_requests > MALFORMED_REQUESTS_MAX {
            self.close_connection(codes::EXCESSIVE_LOAD, b"too many malformed requests");
        }
    }

    /// Turns a request into a session, which receives what was parked for it. `None`: there are too many.
    pub(super) fn admit(&self, id: u64) -> Option<Rc<Shared>> {
        let (session, parked, datagrams) = {
            let mut tables = self.tables.borrow_mut();
            if tables.live.len() >= SESSIONS_PER_CONNECTION_MAX {
                return None;
            }
            let session = Rc::new(Shared::new(id, self.conn.clone()));
            tables.requests.retain(|request| *request != id);
            tables.live.push(session.clone());
            (session, tables.take_parked(id), tables.take_datagrams(id))
        };
        parked.into_iter().for_each(|arrival| arrival.enter(&session));
        datagrams.into_iter().for_each(|datagram| session.offer_datagram(datagram));
        Some(session)
    }

    pub(super) fn session_over(&self, id: u64) {
        self.tables.borrow_mut().live.retain(|session| session.id() != id);
        self.note_quiet();
    }

    fn note_quiet(&self) {
        let mut tables = self.tables.borrow_mut();
        if !tables.is_busy() {
            tables.quiet_since = Instant::now();
            self.quiet.wake();
        }
    }

    pub(super) fn route(&self, id: u64, arrival: Arrival) {
        if !is_session_id(id) {
            return self.close_connection(codes::ID_ERROR, b"not a session id");
        }
        let fate = self.tables.borrow().fate(id);
        match fate {
            Fate::Live(session) => arrival.enter(&session),
            Fate::Unknown => self.park(id, arrival),
            Fate::Gone => arrival.refuse(codes::SESSION_GONE),
        }
    }

    fn park(&self, id: u64, arrival: Arrival) {
        let mut tables = self.tables.borrow_mut();
        if tables.parked.len() < PARKED_STREAMS_MAX {
            tables.parked.push_back((id, arrival));
        } else {
            arrival.refuse(codes::BUFFERED_STREAM_REJECTED);
        }
    }

    /// A datagram begins with a quarter of its session's id.
    pub(super) fn route_datagram(&self, datagram: &[u8]) {
        const QUARTER_MAX: u64 = (1 << 60) - 1;
        let Some((quarter @ ..=QUARTER_MAX, used)) = read_varint(datagram) else {
            return self.close_connection(codes::DATAGRAM_ERROR, b"no session id");
        };
        let id = quarter * 4;
        // As it came it is a small part of the buffer that a whole batch of packets was received in.
        let payload = || Bytes::copy_from_slice(&datagram[used..]);
        let mut tables = self.tables.borrow_mut();
        match tables.fate(id) {
            Fate::Live(session) => session.offer_datagram(payload()),
            Fate::Unknown if tables.datagrams.len() < PARKED_DATAGRAMS_MAX => {
                tables.datagrams.push_back((id, payload()))
            }
            Fate::Unknown | Fate::Gone => {}
        }
    }
}
