//! From a connection's frames to commands of the core.

use std::rc::Rc;

use chasqui_chat::Input;
use chasqui_proto::codes::{CloseCode, ErrorCode};
use chasqui_proto::command::Command;
use chasqui_proto::dialect;
use chasqui_proto::event::Event;
use chasqui_proto::ids::ReqId;
use chasqui_proto::limits::{DATAGRAM_BYTES_MAX, MALFORMED_FRAMES_MAX};

use super::Edge;
use crate::shard::conn::Conn;

/// One connection's inbound state.
pub struct Intake {
    edge: Rc<Edge>,
    pub conn: Rc<Conn>,
    authenticated: bool,
    malformed: u32,
    transport: &'static str,
}

impl Intake {
    pub fn new(edge: Rc<Edge>, conn: Rc<Conn>, authenticated: bool, transport: &'static str) -> Self {
        Self { edge, conn, authenticated, malformed: 0, transport }
    }

    pub fn is_authenticated(&self) -> bool {
        self.authenticated
    }

    /// One frame's payload.
    pub fn payload(&mut self, payload: &[u8]) {
        if self.conn.closing().is_some() {
            return;
        }
        self.edge.shell.stats.frames_in.add(1);
        let mut scratch = self.edge.scratch.take();
        match dialect::decode_command(self.conn.wire.dialect(), payload, &mut scratch) {
            Ok(command) => self.command(&command),
            Err(error) => self.refuse(error.into_event()),
        }
        self.edge.scratch.replace(scratch);
    }

    /// A datagram's payload: typing, or it is refused on the stream and counts as malformed. What comes ahead of the
    /// authentication is lost.
    pub fn datagram(&mut self, payload: &[u8]) {
        if self.conn.closing().is_some() {
            return;
        }
        let stats = &self.edge.shell.stats;
        stats.frames_in.add(1);
        stats.datagrams_in.add(1);
        match payload.len() {
            _ if !self.authenticated => {}
            ..=DATAGRAM_BYTES_MAX => self.fleeting(payload),
            _ => self.oversize(),
        }
    }

    fn fleeting(&mut self, payload: &[u8]) {
        let mut scratch = self.edge.scratch.take();
        match dialect::decode_command(self.conn.wire.dialect(), payload, &mut scratch) {
            Ok(command @ Command::Typing { .. }) => self.command(&command),
            Ok(other) => self.refuse(not_for_datagrams(other.id())),
            Err(error) => self.refuse(error.into_event()),
        }
        self.edge.scratch.replace(scratch);
    }

    /// A frame larger than the limit was skipped.
    pub fn oversize(&mut self) {
        self.refuse(Event::error("", ErrorCode::TooLarge));
    }

    /// The stream's framing is lost: nothing more can be read from it.
    pub fn lost(&mut self) {
        self.close(CloseCode::Malformed);
    }

    fn refuse(&mut self, event: Event) {
        self.edge.shell.send_to(&self.conn, &event);
        self.malformed += 1;
        if self.malformed >= MALFORMED_FRAMES_MAX {
            self.close(CloseCode::Malformed);
        }
    }

    fn command(&mut self, command: &Command<'_>) {
        if self.authenticated {
            return self.edge.shell.input(Input::Command { session: self.conn.session, command });
        }
        let Command::Authenticate { id, token } = command else {
            self.edge.shell.send_to(&self.conn, &Event::error(command.id(), ErrorCode::Unauthenticated));
            return self.close(CloseCode::Unauthenticated);
        };
        match self.edge.verify(token) {
            Ok(entrant) => {
                self.authenticated = true;
                self.edge.open(&self.conn, entrant, id, self.transport);
            }
            Err(error) => {
                self.edge.log_refusal(error, self.transport);
                self.edge.shell.send_to(&self.conn, &Event::error(id, ErrorCode::Unauthenticated));
                self.close(CloseCode::Unauthenticated);
            }
        }
    }

    pub fn close(&self, code: CloseCode) {
        self.edge.shell.close_conn(&self.conn, code);
    }
}

fn not_for_datagrams(id: &str) -> Event {
    let message = "Only typing may come as a datagram; send this on the stream.".into();
    Event::Error { id: ReqId::new(id), code: ErrorCode::Malformed, message, retry_after_ms: 0 }
}
