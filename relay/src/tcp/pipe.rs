//! A TCP connection, plain or under TLS, as bytes in and outbox out.
//!
//! The first byte tells: 0x16 begins a TLS handshake (RFC 8446, section 5.1). rustls is driven directly, so an idle
//! TLS connection holds its session state and no buffers of ours.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection};

use crate::rt::tcp::TcpStream;
use crate::shard::outbox::Outbox;
use crate::shard::stats::Stats;

/// Plain bytes put into one round of TLS records.
const TLS_WRITE_BYTES_MAX: usize = 64 * 1024;
/// Plain bytes of one record (RFC 8446, section 5.1).
const TLS_RECORD_BYTES_MAX: usize = 16 * 1024;

pub struct Pipe {
    stream: TcpStream,
    /// Apart, for its thousand bytes are not a plain connection's to carry.
    tls: Option<Box<RefCell<Tls>>>,
    gone: Cell<bool>,
}

struct Tls {
    conn: ServerConnection,
    /// Records not yet sent.
    records: Vec<u8>,
    sent: usize,
}

/// What a read brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    Bytes,
    End,
}

impl Pipe {
    pub fn plain(stream: TcpStream) -> Self {
        Self { stream, tls: None, gone: Cell::new(false) }
    }

    pub fn tls(stream: TcpStream, config: Arc<ServerConfig>) -> io::Result<Self> {
        let mut conn = ServerConnection::new(config).map_err(io::Error::other)?;
        // The outbox is the bound; what it holds goes into records at once.
        conn.set_buffer_limit(None);
        let tls = RefCell::new(Tls { conn, records: Vec::new(), sent: 0 });
        Ok(Self { stream, tls: Some(Box::new(tls)), gone: Cell::new(false) })
    }

    /// Waits for bytes and hands them to `take`, in one or more pieces. Cancel-safe: bytes leave the socket only
    /// in the poll that also runs `take`.
    pub async fn receive(&self, mut take: impl FnMut(&mut [u8])) -> io::Result<Received> {
        let Some(tls) = &self.tls else {
            return self
                .stream
                .receive(|bytes| {
                    if bytes.is_empty() {
                        Received::End
                    } else {
                        take(bytes);
                        Received::Bytes
                    }
                })
                .await;
        };
        let result = self.stream.receive(|bytes| tls.borrow_mut().decrypt(bytes, &mut take)).await?;
        // A handshake message, a key update or an alert may be due.
        self.send_records(&mut tls.borrow_mut())?;
        result
    }

    /// Writes from the outbox. True: all that was tried went out; false: wait for `writable`.
    pub fn try_write(&self, outbox: &mut Outbox, stats: &Stats) -> io::Result<bool> {
        if self.gone.get() {
            return Err(ErrorKind::BrokenPipe.into());
        }
        match &self.tls {
            None => self.write_plain(outbox, stats),
            Some(tls) => self.write_tls(&mut tls.borrow_mut(), outbox, stats),
        }
    }

    fn write_plain(&self, outbox: &mut Outbox, stats: &Stats) -> io::Result<bool> {
        if outbox.is_empty() {
            return Ok(true);
        }
        stats.writes.add(1);
        let (wanted, result) = outbox.with_unwritten(|bytes| (bytes.len(), self.stream.try_send(bytes)));
        match result {
            Ok(sent) => {
                stats.bytes_out.add(sent as u64);
                outbox.advance(sent);
                Ok(sent == wanted)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn write_tls(&self, tls: &mut Tls, outbox: &mut Outbox, stats: &Stats) -> io::Result<bool> {
        if !self.send_records(tls)? {
            return Ok(false);
        }
        let plain = outbox.with_unwritten(|bytes| tls.encrypt(&bytes[..bytes.len().min(TLS_WRITE_BYTES_MAX)]))?;
        outbox.advance(plain);
        stats.writes.add(1);
        stats.bytes_out.add(plain as u64);
        self.send_records(tls)
    }

    /// True: every record is out.
    fn send_records(&self, tls: &mut Tls) -> io::Result<bool> {
        while tls.conn.wants_write() {
            tls.conn.write_tls(&mut tls.records)?;
        }
        while tls.sent < tls.records.len() {
            match self.stream.try_send(&tls.records[tls.sent..]) {
                Ok(sent) => tls.sent += sent,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        (tls.records, tls.sent) = (Vec::new(), 0);
        Ok(true)
    }

    pub async fn writable(&self) {
        if !self.gone.get() {
            self.stream.writable().await;
        }
    }

    /// Everything was written: says goodbye in the transport's way. The peer's end is read on.
    pub fn finish(&self) {
        if let Some(tls) = &self.tls {
            let mut tls = tls.borrow_mut();
            tls.conn.send_close_notify();
            let _ = self.send_records(&mut tls);
        }
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Ends both directions at once; a waiting reader wakes.
    pub fn shutdown(&self) {
        self.gone.set(true);
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    pub fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Sends a short answer, waiting for room. Only before the connection has an outbox.
    pub async fn send_all(&self, bytes: &[u8]) -> io::Result<()> {
        let mut outbox = Outbox::default();
        outbox.push(bytes);
        let stats = Stats::default();
        loop {
            if self.try_write(&mut outbox, &stats)? && outbox.is_empty() {
                return Ok(());
            }
            self.writable().await;
        }
    }

    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }
}

impl Tls {
    fn encrypt(&mut self, plain: &[u8]) -> io::Result<usize> {
        for piece in plain.chunks(TLS_RECORD_BYTES_MAX) {
            self.conn.writer().write_all(piece)?;
            self.conn.write_tls(&mut self.records)?;
        }
        Ok(plain.len())
    }

    fn decrypt(&mut self, mut records: &[u8], take: &mut impl FnMut(&mut [u8])) -> io::Result<Received> {
        if records.is_empty() {
            return Ok(Received::End);
        }
        while !records.is_empty() {
            self.conn.read_tls(&mut records)?;
            let state = self.conn.process_new_packets().map_err(io::Error::other)?;
            let mut left = state.plaintext_bytes_to_read();
            with_plain(|buffer| {
                while left > 0 {
                    let count = self.conn.reader().read(buffer)?;
                    left -= count;
                    take(&mut buffer[..count]);
                }
                io::Result::Ok(())
            })?;
            if state.peer_has_closed() {
                return Ok(Received::End);
            }
        }
        Ok(Received::Bytes)
    }
}

/// The shard's buffer for decrypted bytes: one TLS record.
fn with_plain<R>(work: impl FnOnce(&mut [u8]) -> R) -> R {
    thread_local! {
        static PLAIN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    let mut buffer = PLAIN.take();
    buffer.resize(16 * 1024, 0);
    let result = work(&mut buffer);
    PLAIN.replace(buffer);
    result
}
