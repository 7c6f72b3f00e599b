//! The same relay as one plain epoll loop: read what is ready, copy it into the receivers' buffers, write each buffer
//! once when all that was ready is read.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::rc::Rc;

use anyhow::Context;
use bytes::BytesMut;
use chasqui_proto::dialect::Dialect;
use chasqui_proto::ws::handshake::{HeadReader, RequestHead, check_upgrade, write_switching};
use chasqui_proto::ws::{Decoder, Event, Input, Limits, encode};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use super::{OUTBOX_BYTES_MAX, ROOM};

const LISTENER: Token = Token(usize::MAX);
const EVENTS_PER_TURN_MAX: usize = 1024;
const RECEIVE_BYTES_MAX: usize = 64 * 1024;

/// All connections by token, each in two halves, so that one can be read from while others are written to.
struct Relay {
    poll: Poll,
    readers: Vec<Option<Reader>>,
    writers: Writers,
    rooms: HashMap<String, Room>,
}

/// The tokens of its members.
type Room = Rc<RefCell<Vec<usize>>>;

/// What the next bytes are.
enum Reader {
    Head(HeadReader, BytesMut),
    Frames { decoder: Decoder, name: String, room: Room },
}

#[derive(Default)]
struct Writers {
    all: Vec<Option<Writer>>,
    /// With something new to write.
    dirty: Vec<usize>,
}

struct Writer {
    stream: TcpStream,
    out: Vec<u8>,
    /// Of `out`, what is gone.
    written: usize,
    is_dirty: bool,
}

pub fn serve(listen: SocketAddr, announce: impl Fn(SocketAddr)) -> anyhow::Result<()> {
    let mut listener = TcpListener::bind(listen).with_context(|| listen.to_string())?;
    let poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    announce(listener.local_addr()?);
    let mut relay = Relay { poll, readers: Vec::new(), writers: Writers::default(), rooms: HashMap::new() };
    let mut events = Events::with_capacity(EVENTS_PER_TURN_MAX);
    let mut buffer = vec![0; RECEIVE_BYTES_MAX];
    loop {
        match relay.poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for event in &events {
            match event.token() {
                LISTENER => relay.accept(&listener)?,
                Token(at) => relay.ready(at, event.is_readable(), event.is_writable(), &mut buffer),
            }
        }
        relay.flush();
    }
}

impl Relay {
    fn accept(&mut self, listener: &TcpListener) -> io::Result<()> {
        loop {
            let mut stream = match listener.accept() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                accepted => accepted?.0,
            };
            stream.set_nodelay(true)?;
            // A place that was left is used again.
            let at = self.readers.iter().position(Option::is_none).unwrap_or(self.readers.len());
            self.poll.registry().register(&mut stream, Token(at), Interest::READABLE | Interest::WRITABLE)?;
            if at == self.readers.len() {
                self.readers.push(None);
                self.writers.all.push(None);
            }
            self.readers[at] = Some(Reader::Head(HeadReader::new(), BytesMut::new()));
            self.writers.all[at] = Some(Writer { stream, out: Vec::new(), written: 0, is_dirty: false });
        }
    }

    fn ready(&mut self, at: usize, readable: bool, writable: bool, buffer: &mut [u8]) {
        if writable {
            self.writers.mark(at);
        }
        if readable && self.read(at, buffer).is_err() {
            self.leave(at);
        }
    }

    /// Readiness comes once, so everything is read; a read that does not fill the buffer was the last.
    fn read(&mut self, at: usize, buffer: &mut [u8]) -> io::Result<()> {
        loop {
            let Some(writer) = &mut self.writers.all[at] else { return Ok(()) };
            let count = match writer.stream.read(buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.take(at, &mut buffer[..count])?;
            if count < buffer.len() {
                return Ok(());
            }
        }
    }

    fn take(&mut self, at: usize, bytes: &mut [u8]) -> io::Result<()> {
        match &mut self.readers[at] {
            None => Ok(()),
            Some(Reader::Frames { decoder, room, .. }) => {
                let taken = frames(at, decoder, room, &mut self.writers, bytes);
                decoder.release();
                taken
            }
            Some(Reader::Head(reader, received)) => {
                received.extend_from_slice(bytes);
                let head = reader.read(received).map_err(|error| io::Error::other(error.name()))?;
                let Some((head, used)) = head else { return Ok(()) };
                let mut rest = received.split_off(used);
                self.enter(at, &head)?;
                self.take(at, &mut rest)
            }
        }
    }

    fn enter(&mut self, at: usize, head: &RequestHead) -> io::Result<()> {
        let upgrade = check_upgrade(head).map_err(|error| io::Error::other(error.name()))?;
        let name = head.query_param(ROOM).unwrap_or_default().into_owned();
        let room = self.rooms.entry(name.clone()).or_default().clone();
        room.borrow_mut().push(at);
        self.readers[at] = Some(Reader::Frames { decoder: Decoder::new(Limits::default()), name, room });
        self.writers.write(at, |out| {
            write_switching(out, &upgrade, Some(Dialect::Native.subprotocol()));
            encode::binary(out, b"");
        });
        Ok(())
    }

    /// Dropping the stream closes it.
    fn leave(&mut self, at: usize) {
        self.writers.all[at] = None;
        if let Some(Reader::Frames { name, room, .. }) = self.readers[at].take() {
            room.borrow_mut().retain(|member| *member != at);
            if room.borrow().is_empty() {
                self.rooms.remove(&name);
            }
        }
    }

    fn flush(&mut self) {
        for at in std::mem::take(&mut self.writers.dirty) {
            let Some(writer) = &mut self.writers.all[at] else { continue };
            writer.is_dirty = false;
            if writer.flush().is_err() {
                self.leave(at);
            }
        }
    }
}

/// Hands the messages among `bytes` on.
fn frames(at: usize, decoder: &mut Decoder, room: &Room, writers: &mut Writers, bytes: &mut [u8]) -> io::Result<()> {
    let mut input = Input::new(bytes);
    loop {
        match decoder.next(&mut input).map_err(io::Error::other)? {
            None => return Ok(()),
            Some(Event::Binary(payload)) => {
                for other in room.borrow().iter().filter(|member| **member != at) {
                    writers.write(*other, |out| encode::binary(out, payload));
                }
            }
            Some(Event::Close(_)) => return Err(ErrorKind::ConnectionAborted.into()),
            Some(_) => {}
        }
    }
}

impl Writers {
    fn write(&mut self, at: usize, put: impl FnOnce(&mut Vec<u8>)) {
        if let Some(writer) = &mut self.all[at] {
            put(&mut writer.out);
            self.mark(at);
        }
    }

    fn mark(&mut self, at: usize) {
        if let Some(writer) = &mut self.all[at]
            && !writer.is_dirty
            && !writer.out.is_empty()
        {
            writer.is_dirty = true;
            self.dirty.push(at);
        }
    }
}

impl Writer {
    /// Writes what can be written now; the rest waits for readiness.
    fn flush(&mut self) -> io::Result<()> {
        while self.written < self.out.len() {
            match self.stream.write(&self.out[self.written..]) {
                Ok(count) => self.written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock && self.out.len() <= OUTBOX_BYTES_MAX => {
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        self.out.clear();
        self.written = 0;
        Ok(())
    }
}
