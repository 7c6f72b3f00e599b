//! One connection: connect, write commands, read events, learn how it ended. Nothing happens by itself, save pongs.

use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use chasqui_proto::codes::CloseCode;
use chasqui_proto::command::Command;
use chasqui_proto::dialect::{DecodeError, Dialect, encode_command};
use chasqui_proto::event::Event;
use chasqui_proto::limits::DATAGRAM_BYTES_MAX;
use rustls::pki_types::ServerName;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use web_transport_quinn::quinn;

use crate::options::{ConnectOptions, TokenIn, Transport};
pub use crate::outgoing::Broken;
use crate::outgoing::{Feed, Outgoing};
use crate::{tls, ws, wt};

/// The largest event: a page of a SYNC in JSON, each byte of content escaped as six, and its envelopes.
pub const EVENT_BYTES_MAX: usize = 4 * 1024 * 1024;
const _: () = assert!(EVENT_BYTES_MAX > 6 * chasqui_proto::limits::SYNC_PAGE_BYTES_MAX);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The server answered and said no.
    #[error("refused with status {status}: {message}")]
    Refused { status: u16, message: String },
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Tls(#[from] rustls::Error),
    #[error("{0}")]
    Lost(String),
    #[error("handshake failed: {0}")]
    Handshake(&'static str),
    #[error("no answer in time")]
    TimedOut,
}

/// How a connection ended.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Closed {
    #[error("closed by the server with {code}: {reason}")]
    ByPeer { code: u16, reason: String },
    #[error("lost: {0}")]
    Lost(String),
    /// The server sent what is no event.
    #[error("malformed: {0}")]
    Malformed(String),
    #[error("silent for too long")]
    Silent,
}

impl Closed {
    pub(crate) fn malformed(error: DecodeError) -> Self {
        Self::Malformed(format!("{error:?}"))
    }
    pub fn code(&self) -> Option<CloseCode> {
        match self {
            Self::ByPeer { code, .. } => CloseCode::from_code(*code),
            _ => None,
        }
    }
}

/// Connects any number of times; keeps what connections can share.
#[derive(Clone)]
pub struct Connector {
    options: Arc<ConnectOptions>,
    tls: Option<TlsConnector>,
    quic: Option<quinn::ClientConfig>,
    endpoints: Arc<[OnceLock<quinn::Endpoint>; 2]>,
}

impl Connector {
    pub fn new(options: ConnectOptions) -> Result<Self, ConnectError> {
        let (mut secure, mut quic) = (None, None);
        match options.transport {
            Transport::WebTransport => quic = Some(wt::quic_config(tls::client_config(&options.trust, b"h3")?)?),
            Transport::WebSocket if options.is_secure() => {
                secure = Some(TlsConnector::from(Arc::new(tls::client_config(&options.trust, b"http/1.1")?)));
            }
            Transport::WebSocket => {}
        }
        Ok(Self { options: Arc::new(options), tls: secure, quic, endpoints: Arc::default() })
    }

    pub fn options(&self) -> &ConnectOptions {
        &self.options
    }

    /// With the token of the options.
    pub async fn connect(&self) -> Result<Connection, ConnectError> {
        self.connect_as(&(self.options.token)()).await
    }

    pub async fn connect_as(&self, token: &str) -> Result<Connection, ConnectError> {
        let connecting = async {
            match self.options.transport {
                Transport::WebSocket => self.web_socket(token).await,
                Transport::WebTransport => self.web_transport(token).await,
            }
        };
        let connected = tokio::time::timeout(self.options.connect_wait, connecting).await;
        let connection = connected.map_err(|_| ConnectError::TimedOut)??;
        if self.options.token_in == TokenIn::FirstFrame {
            let first = Command::Authenticate { id: "", token };
            connection.sender.send(&first).await.map_err(|_| ConnectError::Lost("closed at once".to_owned()))?;
        }
        Ok(connection)
    }

    async fn web_socket(&self, token: &str) -> Result<Connection, ConnectError> {
        let url = self.options.full_url(token);
        let addresses = url.socket_addrs(|| None)?;
        let stream = dial(&self.options, &addresses).await?;
        stream.set_nodelay(true)?;
        let ConnectOptions { dialect, token_in, .. } = *self.options;
        let upgrade = ws::Upgrade { url: &url, dialect, token, token_in };
        match &self.tls {
            None => self.upgraded(upgrade, stream, TcpStream::into_split).await,
            Some(tls) => {
                let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
                let name = ServerName::try_from(host).map_err(|_| ConnectError::Handshake("not a server's name"))?;
                self.upgraded(upgrade, tls.connect(name, stream).await?, tokio::io::split).await
            }
        }
    }

    async fn upgraded<S, R, W>(
        &self,
        upgrade: ws::Upgrade<'_>,
        mut stream: S,
        split: impl FnOnce(S) -> (R, W),
    ) -> Result<Connection, ConnectError>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
        R: tokio::io::AsyncRead + Send + Unpin + 'static,
        W: tokio::io::AsyncWrite + Send + Unpin + 'static,
    {
        let early = upgrade.perform(&mut stream).await?;
        let (read, write) = split(stream);
        let outgoing = Arc::new(Outgoing::default());
        tokio::spawn(outgoing.clone().drain_into(write));
        let dialect = self.options.dialect;
        let reader = ws::Reader::new(early, read, dialect, outgoing.clone(), self.options.silence_max);
        let sender = Sender { feed: Arc::new(Feed(outgoing)), dialect, wire: Wire::Messages };
        Ok(Connection { sender, receiver: Receiver(Reader::WebSocket(reader)) })
    }

    async fn web_transport(&self, token: &str) -> Result<Connection, ConnectError> {
        let config = self.quic.clone().ok_or(ConnectError::Handshake("no QUIC configuration"))?;
        let url = self.options.full_url(token);
        let to = wt::resolve(&url).await?;
        let endpoint = self.endpoint(to.0.is_ipv6())?;
        let bearer = (self.options.token_in == TokenIn::Header).then_some(token);
        let session = wt::open(&endpoint, config, to, wt::request(url, bearer)?).await?;
        let (write, read) = session.open_bi().await.map_err(|e| ConnectError::Lost(e.to_string()))?;
        let outgoing = Arc::new(Outgoing::default());
        tokio::spawn(outgoing.clone().drain_into(write));
        let dialect = self.options.dialect;
        let datagrams = self.options.uses_datagrams();
        let wire = Wire::Stream { session: session.clone(), datagrams };
        let sender = Sender { feed: Arc::new(Feed(outgoing)), dialect, wire };
        let reader = wt::Reader::new(session, read, dialect, datagrams);
        Ok(Connection { sender, receiver: Receiver(Reader::WebTransport(reader)) })
    }

    /// One socket per address family serves all of this connector's sessions.
    fn endpoint(&self, v6: bool) -> Result<quinn::Endpoint, ConnectError> {
        let slot = &self.endpoints[usize::from(v6)];
        if slot.get().is_none() {
            let _ = slot.set(wt::endpoint(v6, self.options.local_ip)?);
        }
        Ok(slot.get().expect("set above or by someone else").clone())
    }
}

/// The first of the addresses that answers, from a socket as the options want it.
async fn dial(options: &ConnectOptions, addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    if options.local_ip.is_none() && options.receive_buffer_bytes.is_none() {
        return TcpStream::connect(addresses).await;
    }
    let mut failure = io::ErrorKind::NotFound.into();
    for address in addresses {
        match dial_one(options, *address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

async fn dial_one(options: &ConnectOptions, address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv6() { TcpSocket::new_v6()? } else { TcpSocket::new_v4()? };
    if let Some(bytes) = options.receive_buffer_bytes {
        socket.set_recv_buffer_size(bytes)?;
    }
    if let Some(ip) = options.local_ip {
        socket.bind(SocketAddr::new(ip, 0))?;
    }
    socket.connect(address).await
}

/// A connection in its two halves. `receiver` belongs to one task that is never cancelled within `next`.
pub struct Connection {
    pub sender: Sender,
    pub receiver: Receiver,
}

/// How payloads become bytes.
#[derive(Clone)]
enum Wire {
    Messages,
    Stream { session: web_transport_quinn::Session, datagrams: bool },
}

/// The writing half; clones write to the same connection. When the last is dropped, the connection ends after what
/// was sent, without a goodbye.
#[derive(Clone)]
pub struct Sender {
    feed: Arc<Feed>,
    dialect: Dialect,
    wire: Wire,
}

impl Sender {
    /// Waits only while too much is unwritten. Done means buffered, not sent. Typing goes as a datagram if the options
    /// say so and the path carries it.
    pub async fn send(&self, command: &Command<'_>) -> Result<(), Broken> {
        if matches!(command, Command::Typing { .. }) && self.send_datagram(command) {
            return Ok(());
        }
        self.put(|payload| encode_command(self.dialect, command, payload)).await
    }

    /// False: it has to go another way.
    fn send_datagram(&self, command: &Command<'_>) -> bool {
        let Wire::Stream { session, datagrams: true } = &self.wire else { return false };
        let mut payload = Vec::with_capacity(DATAGRAM_BYTES_MAX);
        encode_command(self.dialect, command, &mut payload);
        payload.len() <= DATAGRAM_BYTES_MAX && session.send_datagram(payload.into()).is_ok()
    }

    /// Sends any bytes as one frame, well formed or not: for protocol tests.
    pub async fn send_payload(&self, bytes: &[u8]) -> Result<(), Broken> {
        self.put(|payload| payload.extend_from_slice(bytes)).await
    }

    async fn put(&self, encode: impl FnOnce(&mut Vec<u8>)) -> Result<(), Broken> {
        let Self { feed, dialect, wire } = self;
        feed.0
            .put(|out| match wire {
                Wire::Stream { .. } => {
                    encode(out);
                    out.extend_from_slice(dialect.stream_terminator());
                }
                Wire::Messages => {
                    let mut payload = Vec::with_capacity(256);
                    encode(&mut payload);
                    ws::append_message(out, *dialect, &mut payload);
                }
            })
            .await
    }

    /// Says goodbye; what was sent before still goes out on a WebSocket. The receiver tells when it is over.
    pub fn close(&self, code: u16, reason: &str) {
        match &self.wire {
            Wire::Messages => {
                self.feed.0.put_now(|out| ws::append_close(out, code, reason));
                self.feed.0.finish();
            }
            Wire::Stream { session, .. } => session.close(code.into(), reason.as_bytes()),
        }
    }
}

enum Reader {
    WebSocket(ws::Reader),
    WebTransport(wt::Reader),
}

/// The reading half.
pub struct Receiver(Reader);

impl Receiver {
    /// Not cancel safe: a future dropped here may lose part of a frame, and with it the connection.
    pub async fn next(&mut self) -> Result<Event, Closed> {
        match &mut self.0 {
            Reader::WebSocket(reader) => reader.next().await,
            Reader::WebTransport(reader) => reader.next().await,
        }
    }
    /// The next WebSocket message, an event or not: for protocol tests and measurements. Not cancel safe either.
    pub async fn next_payload(&mut self) -> Result<impl Deref<Target = [u8]> + use<>, Closed> {
        match &mut self.0 {
            Reader::WebSocket(reader) => reader.next_payload().await,
            Reader::WebTransport(_) => Err(Closed::Malformed("a stream has no messages".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_comes_from_the_address_that_was_asked_for() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap();
        let options = ConnectOptions::new("ws://h").unwrap().receive_buffer_bytes(16 * 1024);
        for ip in ["127.0.0.1", "127.0.0.3"] {
            let dialled = dial(&options.clone().local_ip(ip.parse().unwrap()), &[server]).await.unwrap();
            let (_, from) = listener.accept().await.unwrap();
            assert_eq!((from.ip().to_string().as_str(), from), (ip, dialled.local_addr().unwrap()));
        }
        assert!(dial(&options.local_ip("192.0.2.1".parse().unwrap()), &[server]).await.is_err());
    }
}
